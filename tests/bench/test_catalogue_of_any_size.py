"""The made-up catalogue of the benchmarks is what publishing record by record would leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.urls import reverse

from bench import filling, finding_at_scale, records
from bench.driving import Case, Measured, Served
from catalogue.content import document_of
from catalogue.finding import entry_of
from catalogue.models import Solution, Version
from core import search
from core.models import SearchDocument, SearchFacet, SearchWord
from core.search import upkeep
from hubs import loading
from tests.factories import make_solution

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Asked for in vain among so few records.
SELDOM = {"sector, country, mark", "word, two filters", "typing error"}
NOBODY = Served.__new__(Served)  # asked nothing
ANALYSED = [field.attname for field in SearchDocument._meta.concrete_fields if field.name != "id"]


def test_a_block_is_the_same_each_time_it_is_made():
    assert records.block(1) == records.block(1)
    assert records.block(1) != records.block(0)


def test_texts_are_as_long_as_they_should_be():
    made = records.block(0)

    def mean(lengths: list[int]) -> float:
        return sum(lengths) / len(lengths)

    assert 50 < mean([len(record.title) for record in made]) < 70
    assert 250 < mean([len(record.summary) for record in made]) < 300
    assert 1_150 < mean([len(" ".join(record.paragraphs)) for record in made]) < 1_450
    assert max(len(record.title) for record in made) <= 150
    assert max(len(record.summary) for record in made) <= 300


def test_words_have_the_frequency_they_are_meant_to_have():
    made = [record for number in range(5) for record in records.block(number)]

    def share(found: list[bool]) -> float:
        return round(100 * sum(found) / len(made), 1)

    assert abs(share(["education" in record.sectors for record in made]) - 5.0) < 0.5
    assert abs(share(["water-sanitation" in record.sectors for record in made]) - 9.3) < 0.6
    assert abs(share(["teacher" in record.paragraphs[1] for record in made]) - 3.6) < 0.4


def test_addresses_differ():
    assert len({filling.uid_of(number) for number in range(1, 20_000)}) == 19_999


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    """A small catalogue for all tests of this file; each takes back what it changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        loading.load_reference()
        filling.fill(100)
        yield 100
        transaction.set_rollback(True)


@pytest.fixture
def catalogue(made: int, db: None) -> int:
    return made


def as_found() -> tuple[set[Any], set[Any], set[Any]]:
    """Documents with facets and vocabulary, without the keys of their rows."""
    return (
        set(SearchDocument.objects.values_list(*ANALYSED)),
        set(SearchFacet.objects.values_list("document__object_id", "kind", "group", "value")),
        set(SearchWord.objects.values_list("language", "word", "folded", "stem", "uses")),
    )


def test_the_search_holds_what_publishing_would_have_written(catalogue: int):
    in_bulk = as_found()
    search.rebuild("solution", [])
    assert not SearchWord.objects.exists()

    for solution in Solution.objects.for_cards():
        entry = entry_of(solution)
        search.index(entry.pop("kind"), entry.pop("object_id"), **entry)

    one_by_one = as_found()
    assert len(one_by_one[0]) == catalogue
    for part in range(3):
        assert in_bulk[part] == one_by_one[part]


def test_nothing_is_astray(catalogue: int):
    assert not upkeep.check()


def test_frozen_versions_have_the_shape_of_real_ones(catalogue: int):
    made = Version.objects.order_by("pk")[0].content
    real = document_of(make_solution()).content
    assert made.keys() == real.keys()
    assert made["title"] == Solution.objects.get(number=1).title


def test_lists_and_pages_show_them(catalogue: int, client: Any):
    page = client.get(reverse("catalogue:solutions"), {"q": "water"})
    assert page.status_code == 200
    first = Solution.objects.get(number=1)
    assert first.title in client.get(first.get_absolute_url()).content.decode()


def test_a_catalogue_that_holds_records_is_left_alone(catalogue: int):
    with pytest.raises(ValueError, match="not empty"):
        filling.fill(10)


# --- What is asked of it --------------------------------------------------------------------------


def test_every_question_finds_something_and_the_list_says_how_much(catalogue: int, client: Any):
    asked = finding_at_scale.questions(catalogue)
    totals = {name: finding_at_scale.right_total(question) for name, question in asked.items()}

    assert totals["no filter"] == totals["newest"] == totals["deep page"] == catalogue
    assert totals["sector, country, mark"] < totals["one sector"] < catalogue
    for name, question in asked.items():
        assert totals[name] > 0 or name in SELDOM, name
        page = client.get(reverse("catalogue:solutions"), question).content.decode()
        assert f"Show {totals[name]} solution" in page, name


def test_totals_of_filters_are_those_of_the_search(catalogue: int):
    for question in ({"sector": "health"}, {"sector": "health", "label": "validated"}):
        selected = {name: [value] for name, value in question.items()}
        found = search.find("solution", search.SearchQuery(), selected)
        assert finding_at_scale.right_total(question) == found.total


def test_the_dearest_question_decides_about_a_goal(catalogue: int):
    def measured(name: str, cpu: float, anchor: Measured | None = None) -> Measured:
        return Measured(Case(name, NOBODY, "/"), cpu=[cpu], anchor=anchor)

    bare, ready = measured("L2_cat", 4.0), measured("L1", 0.5)
    results = {
        "no filter": measured("no filter", 6.0, bare),
        "one sector": measured("one sector", 8.0, bare),
        "word of 5 %": measured("word of 5 %", 10.0, bare),
        "sentence": measured("sentence", 9.0, bare),
        "suggestion": measured("suggestion", 400.0, bare),
        "repeat visit": measured("repeat visit", 1.0, ready),
    }

    goals = finding_at_scale.page_goals("100k", results)

    assert [(goal.name, goal.value, goal.must) for goal in goals] == [
        ("W1 100k no text", 2.0, 2),
        ("W1 100k text", 2.5, 5),
        ("W2 repeat visit 304", 2.0, 2),
    ]
