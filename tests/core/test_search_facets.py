"""Facets combine, and their counts are exact."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import search
from core.search import SearchQuery
from tests.core.search_data import DAY_ONE, KIND, counts, found, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue() -> None:
    put("well", "Wells and water", facets={"sector": ["water"], "country": ["KE", "UG"]})
    put("dam", "Dams and water", facets={"sector": ["water", "energy"], "country": ["KE"]})
    put("sun", "Solar power", facets={"sector": ["energy"], "country": ["MA"]})
    put("hub", "Water hub", kind="hub", facets={"sector": ["water"], "country": ["KE"]})


@pytest.mark.usefixtures("catalogue")
class TestCatalogue:
    def test_values_of_a_group_are_alternatives_and_groups_narrow_each_other(self) -> None:
        assert found("", selected={"sector": ["water"]}, sort="title") == ["dam", "well"]
        assert found("", selected={"sector": ["water", "energy"]}, sort="title") == [
            "dam",
            "sun",
            "well",
        ]
        assert found("", selected={"sector": ["energy"], "country": ["KE"]}) == ["dam"]
        assert found("water", selected={"country": ["UG", "MA"]}) == ["well"]
        assert found("water", selected={"country": ["MA"]}) == []

    def test_a_group_is_counted_as_if_nothing_were_selected_in_it(self) -> None:
        assert counts("", {"sector": ["energy"]}, "sector", "country") == {
            "sector": {"water": 2, "energy": 2},
            "country": {"KE": 1, "MA": 1},
        }
        assert counts("", {"sector": ["energy"], "country": ["KE"]}, "sector", "country") == {
            "sector": {"water": 2, "energy": 1},
            "country": {"KE": 1, "MA": 1},
        }

    def test_words_narrow_the_counts(self) -> None:
        assert counts("water", {}, "sector") == {"sector": {"water": 2, "energy": 1}}
        assert counts("water -dams", {}, "sector") == {"sector": {"water": 1}}
        assert counts("-water", {}, "sector") == {"sector": {"energy": 1}}
        assert counts("?!", {}, "sector") == {"sector": {}}

    def test_a_selected_group_that_is_not_counted_still_narrows(self) -> None:
        assert counts("", {"country": ["MA"]}, "sector") == {"sector": {"energy": 1}}

    def test_unknown_groups_and_values_find_nothing(self) -> None:
        assert found("", selected={"planet": ["earth"]}) == []
        assert counts("", {"planet": ["earth"]}, "sector", "planet") == {"sector": {}, "planet": {}}
        assert counts("", {"sector": ["x' OR 1=1 --"]}, "country") == {"country": {}}
        assert counts("", {}) == {}

    @pytest.mark.parametrize("value", ["\x00", "water\x00", "\ud800", "", "w" * 100_000])
    def test_values_no_database_can_hold_find_nothing(self, value: str) -> None:
        assert found("water", selected={"sector": [value]}) == []
        assert counts("", {"sector": [value], value: ["x"]}, "country") == {"country": {}}

    def test_an_empty_selection_is_none(self) -> None:
        assert counts("", {"sector": []}, "sector") == counts("", {}, "sector")
        assert len(found("", selected={"sector": []})) == 3

    def test_two_thousand_values_are_answered(self) -> None:
        many = [*(f"v{n}" for n in range(2_000)), "water"]
        assert found("water", selected={"sector": many}, sort="title") == ["dam", "well"]
        assert counts("", {"sector": many, "country": many}, "sector") == {"sector": {}}

    def test_forty_groups_are_answered(self) -> None:
        selected = {f"group{n}": ["x"] for n in range(40)}
        assert found("", selected=selected) == []
        assert counts("water", selected, "sector", *selected) == dict.fromkeys(
            ["sector", *selected], {}
        )


GROUPS = ("a", "b", "c")


class Case(NamedTuple):
    """Some documents, each with words and values, and a question."""

    documents: list[tuple[set[str], dict[str, set[str]]]]
    words: set[str]
    excluded: set[str]
    selected: dict[str, set[str]]


WORDS = ("water", "fire", "earth", "wind")
some_words = st.sets(st.sampled_from(WORDS))
some_values = st.dictionaries(st.sampled_from(GROUPS), st.sets(st.sampled_from("xyz"), max_size=3))
cases = st.builds(
    Case,
    st.lists(st.tuples(some_words, some_values), max_size=12),
    some_words,
    some_words,
    some_values,
)


def counted_naively(case: Case) -> tuple[set[str], dict[str, dict[str, int]]]:
    """The answer by looking at every document in turn."""
    hits: set[str] = set()
    numbers: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    for number, (words, values) in enumerate(case.documents):
        if (case.words and not words & case.words) or words & case.excluded:
            continue
        failing = {
            group
            for group, wanted in case.selected.items()
            if wanted and not wanted & values.get(group, set())
        }
        if not failing:
            hits.add(str(number))
        for group in GROUPS:
            if failing <= {group}:
                numbers[group].update(values.get(group, set()))
    return hits, {group: dict(counter) for group, counter in numbers.items()}


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cases)
def test_the_answer_equals_counting_by_hand(case: Case) -> None:
    typed = " ".join([*sorted(case.words), *(f"-{word}" for word in sorted(case.excluded))])
    selected = {group: sorted(values) for group, values in case.selected.items()}
    with transaction.atomic():
        search.index_many(
            search.Document(
                KIND, str(n), " ".join(["plain", *sorted(words)]), DAY_ONE, facets=values
            )
            for n, (words, values) in enumerate(case.documents)
        )
        put("other", "water fire earth wind", kind="hub", facets=dict.fromkeys(GROUPS, ["x", "y"]))
        query = SearchQuery.parse(typed)
        answer = search.find(KIND, query, selected, per_page=100)
        numbers = search.facet_counts(KIND, query, selected, GROUPS)
        transaction.set_rollback(True)
    hits, expected = counted_naively(case)
    assert (set(answer.ids), answer.total, numbers) == (hits, len(hits), expected)
