"""Counting in the process over a snapshot says what the database says, also after changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from unittest import mock

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import search
from core.models import SearchChange, SearchDocument
from core.search import SearchQuery, building, keeping, looking
from core.search.building import build
from core.search.counting import View
from core.search.snapshot import MAGIC, Snapshot, Unusable
from core.search.statements import ORDERS, InDatabase
from core.search.terms import Answerer
from core.search.vocabulary import understand
from tests.core.search_data import DAY_ONE, KIND, put

pytestmark = pytest.mark.django_db

GROUPS = ("a", "b", "c")
WORDS = ("water", "fire", "earth", "wind")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any) -> Path:
    settings.SEARCH_SNAPSHOT = tmp_path / "search" / "snapshot"
    return tmp_path / "search" / "snapshot"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    yield
    looking._shared.clear()
    looking._opened.clear()
    looking._request.own = None


class Writing(NamedTuple):
    """One document as it is written, or ``None`` for all but its key: taken away."""

    key: int
    words: list[str] | None
    facets: dict[str, set[str]]
    rank: int
    day: int
    uptake: int


class Asking(NamedTuple):
    words: set[str]
    phrase: list[str]
    excluded: set[str]
    selected: dict[str, set[str]]
    page: int


some_values = st.dictionaries(st.sampled_from(GROUPS), st.sets(st.sampled_from("xyz"), max_size=3))
writings = st.builds(
    Writing,
    st.integers(0, 9),
    st.none() | st.lists(st.sampled_from(WORDS), max_size=6),
    some_values,
    st.integers(-1, 2),
    st.integers(0, 2),
    st.integers(0, 2),
)
askings = st.builds(
    Asking,
    st.sets(st.sampled_from(WORDS)),
    st.just([]) | st.lists(st.sampled_from(WORDS), min_size=2, max_size=2),
    st.sets(st.sampled_from(WORDS), max_size=1),
    some_values,
    st.integers(0, 4),
)


def write(one: Writing) -> None:
    if one.words is None:
        search.remove(KIND, one.key)
        return
    half = len(one.words) // 2
    search.index(
        KIND,
        one.key,
        title=" ".join(["plain", *one.words[:half]]),
        body=" ".join(one.words[half:]),
        facets=one.facets,
        rank=one.rank,
        uptake=one.uptake,
        published_at=DAY_ONE.replace(day=1 + one.day),
    )


def answers(one: Answerer, asking: Asking) -> list[object]:
    """Everything an answerer can be asked, as plain values."""
    typed = " ".join(
        [
            *sorted(asking.words),
            *([f'"{" ".join(asking.phrase)}"'] if asking.phrase else []),
            *(f"-{word}" for word in sorted(asking.excluded)),
        ]
    )
    meaning = understand(SearchQuery.parse(typed))
    chosen = {group: sorted(values) for group, values in asking.selected.items()}
    said: list[object] = [one.counts(KIND, meaning, chosen, GROUPS)]
    for sort in ORDERS:
        ranked = sort == "relevance" and meaning.pieces
        answer = one.page(
            KIND, meaning, chosen, sort=sort, offset=0 if ranked else asking.page, limit=3
        )
        # Scores are each engine's own; which documents answer, and how many, is not.
        said.append(answer.total if ranked else answer)
    every = one.page(KIND, meaning, chosen, sort="relevance", offset=0, limit=99)
    last = set(SearchDocument.objects.filter(rank__lt=0).values_list("object_id", flat=True))
    said += [every.total, set(every.ids), [key in last for key in every.ids]]
    # A list that nothing narrows, from its beginning and further on.
    plain = understand(SearchQuery())
    said.append(one.counts(KIND, plain, {}, GROUPS))
    for sort in ORDERS:
        for offset in range(asking.page, asking.page + 6, 2):
            said.append(one.page(KIND, plain, {}, sort=sort, offset=offset, limit=2))
    totals = one.everywhere(meaning, 2) if meaning.pieces else {}
    said.append({kind: total for kind, (total, _ids) in totals.items()})
    return said


@pytest.mark.parametrize("rarest", [1, 3, building.RAREST])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(writings, min_size=3, max_size=14),
    st.lists(st.lists(writings, min_size=1, max_size=4), min_size=1, max_size=3),
    askings,
)
def test_all_answers_agree(
    place: Path,
    rarest: int,
    before: list[Writing],
    since: list[list[Writing]],
    asking: Asking,
) -> None:
    """Whether words are read from the snapshot or, being rare, from the database."""
    with transaction.atomic(), mock.patch.object(building, "RAREST", rarest):
        put("other", "water fire earth wind", kind="hub", facets=dict.fromkeys(GROUPS, ["x", "y"]))
        for one in before:
            write(one)
        build(place)
        for some in [[], *since]:
            for one in some:
                write(one)
            view = looking.view()
            assert view is not None
            assert answers(view, asking) == answers(InDatabase(), asking)
        transaction.set_rollback(True)


WORDY = """The plan names water first. Water, then wells, pumps and pipes; who pays for water is
left to the villages. A second part tells of schools and of teachers who came by water. Wind drives
pumps where the sun does not. Nobody asked the villages before; now they plan their wells."""


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL scores otherwise")
@pytest.mark.parametrize("rarest", [1, building.RAREST])
@pytest.mark.parametrize(
    "typed",
    ["water", "pumps wells", "villages -schools", '"then wells"', "who pays", "watr pumps"],
)
def test_the_order_is_that_of_bm25(place: Path, rarest: int, typed: str) -> None:
    words = WORDY.split()
    for number in range(30):
        start, length = number * 5 % 40, 3 + number * 7 % 20
        some = words[start : start + length]
        put(number, " ".join(some[:3]), " ".join(some[3:8]), " ".join(some[8:] * (number % 3)))
    with mock.patch.object(building, "RAREST", rarest):
        build(place)
    view = looking.view()
    assert view is not None
    meaning = understand(SearchQuery.parse(typed))
    asked = {"sort": "relevance", "offset": 0, "limit": 20}
    mine = view.page(KIND, meaning, {}, **asked)  # type: ignore[arg-type]
    assert mine.total > 1
    assert mine == InDatabase().page(KIND, meaning, {}, **asked)  # type: ignore[arg-type]
    alike = [view.best(KIND, meaning, 5, "3"), InDatabase().best(KIND, meaning, 5, "3")]
    assert {row.object_id for row in alike[0]} == {row.object_id for row in alike[1]}


def everything() -> list[str]:
    return sorted(search.find(KIND, SearchQuery(), per_page=99).ids)


class TestFreshness:
    def test_without_a_snapshot_the_database_answers(self) -> None:
        put("a")
        assert looking.view() is None
        assert everything() == ["a"]

    def test_as_long_as_nothing_changes_it_is_one_view_that_remembers(
        self, place: Path, django_assert_num_queries: Any
    ) -> None:
        put("a", "Wells", facets={"sector": ["water"]})
        with mock.patch.object(building, "RAREST", 1):
            build(place)
        first = looking.view()
        assert looking.view() is first
        assert search.find(KIND, SearchQuery.parse("wellz")).ids == ("a",)
        with django_assert_num_queries(1):  # what changed; no word is looked up again
            assert search.find(KIND, SearchQuery.parse("wellz")).ids == ("a",)
        whole = search.facet_counts(KIND, SearchQuery(), {}, ["sector"])
        again = search.facet_counts(KIND, SearchQuery(), {}, ["sector"])
        assert again["sector"] is whole["sector"]

    def test_what_was_written_since_is_seen_at_once(self, place: Path) -> None:
        put("a", "Wells", facets={"sector": ["water"]})
        build(place)
        assert isinstance(looking.view(), View)
        put("b", "Pumps", facets={"sector": ["water", "energy"]})
        counts = search.facet_counts(KIND, SearchQuery(), {}, ["sector"])
        assert counts == {"sector": {"water": 2, "energy": 1}}
        search.remove(KIND, "a")
        assert everything() == ["b"]

    def test_what_is_rolled_back_is_not_seen(self, place: Path) -> None:
        put("a")
        build(place)
        with transaction.atomic():
            put("b")
            assert everything() == ["a", "b"]
            transaction.set_rollback(True)
        assert everything() == ["a"]
        put("c")
        assert everything() == ["a", "c"]

    def test_a_change_outside_the_search_is_noted_too(self, place: Path) -> None:
        put("a", rank=1)
        put("b", rank=0)
        build(place)
        assert search.find(KIND, SearchQuery()).ids == ("a", "b")
        SearchDocument.objects.filter(object_id="b").update(rank=2)
        assert search.find(KIND, SearchQuery()).ids == ("b", "a")
        SearchDocument.objects.filter(object_id="b").delete()
        assert everything() == ["a"]

    def test_what_is_gone_or_changed_is_counted_no_more(self, place: Path) -> None:
        for key in "abc":
            put(key, "Wells", facets={"sector": ["water"]})
        build(place)
        search.remove(KIND, "a")
        put("b", "Wells", facets={"sector": ["energy"]})
        view = looking.view()
        assert isinstance(view, View)
        for typed in ("", "wells"):  # the whole list has counts of its own
            meaning = understand(SearchQuery.parse(typed))
            said = view.counts(KIND, meaning, {}, ["sector"])
            assert {**said["sector"]} == {"water": 1, "energy": 1}
        put("b", "Wells", facets={"sector": ["digital"]})  # dead in a segment, too
        search.remove(KIND, "c")
        counts = search.facet_counts(KIND, SearchQuery(), {}, ["sector"])
        assert counts == {"sector": {"digital": 1}}

    def test_a_rank_below_nought_comes_last_however_well_it_answers(self, place: Path) -> None:
        put("invented", "Wells wells pumps", "Wells and pumps.", rank=-1)
        put("real", "Schools", body="Far from here are some wells, it was said.")
        with mock.patch.object(building, "RAREST", 1):
            build(place)
        assert isinstance(looking.view(), View)
        asked = SearchQuery.parse("wells pumps")
        assert search.find(KIND, asked).ids == ("real", "invented")
        put("new", "Wells wells pumps", "Wells and pumps.", rank=-1)
        assert set(search.find(KIND, asked).ids[1:]) == {"invented", "new"}
        assert search.find(KIND, asked).ids[0] == "real"

    def test_how_often_a_record_was_adopted_follows_at_once(self, place: Path) -> None:
        put("a", uptake=1)
        put("b")
        put("c", rank=-1)
        build(place)
        adopted = lambda: search.find(KIND, SearchQuery(), sort="adopted").ids  # noqa: E731
        assert adopted() == ("a", "b", "c")
        search.note_uptake(KIND, "b", 2)
        search.note_uptake(KIND, "c", 3)  # what stands behind everything is used nowhere
        assert adopted() == ("b", "a", "c")
        search.note_uptake(KIND, "b", 0)
        assert adopted() == ("a", "b", "c")

    def test_a_snapshot_of_another_database_is_not_used(self, place: Path) -> None:
        put("a")
        build(place)
        SearchChange.objects.all().delete()  # as after a flush, or a backup of before
        assert looking.view() is None
        assert everything() == ["a"]

    def test_many_changes_are_gathered(self, place: Path) -> None:
        put("a")
        build(place)
        for number in range(2 * looking.MOST_SEGMENTS):
            put(number, facets={"n": ["x"]})
            view = looking.view()
            assert view is not None
            assert len(view.segments) <= looking.MOST_SEGMENTS
        assert search.find(KIND, SearchQuery()).total == 1 + 2 * looking.MOST_SEGMENTS
        counts = search.facet_counts(KIND, SearchQuery(), {}, ["n"])
        assert counts == {"n": {"x": 2 * looking.MOST_SEGMENTS}}

    def test_after_too_many_changes_the_database_answers(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(looking, "MOST_CHANGES", 3)
        put("a")
        build(place)
        search.index_many(search.Document(KIND, str(n), f"Well {n}", DAY_ONE) for n in range(4))
        known = looking.view()
        if connection.vendor == "sqlite":
            assert known is None
        assert everything() == ["0", "1", "2", "3", "a"]
        build(place)
        if connection.vendor == "sqlite":  # elsewhere our own transaction is open all the while
            assert looking.view() is not None
        assert everything() == ["0", "1", "2", "3", "a"]

    def test_a_request_looks_once_and_again_after_it_wrote(
        self, place: Path, django_assert_num_queries: Any
    ) -> None:
        put("a")
        build(place)
        looking._begin()
        try:
            everything()
            with django_assert_num_queries(0):
                assert everything() == ["a"]
            put("b")
            assert everything() == ["a", "b"]
        finally:
            looking._end()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_a_change_that_was_open_while_the_snapshot_was_made_is_not_lost(place: Path) -> None:
    """Its number is below the anchor, its transaction is not."""
    put("a")
    made = []

    def make() -> None:
        made.append(build(place))
        connection.close()

    with transaction.atomic():
        put("late")
        thread = Thread(target=make)
        thread.start()
        thread.join(60)
    assert made
    assert everything() == ["a", "late"]
    put("later")
    assert everything() == ["a", "late", "later"]


class TestFile:
    @pytest.mark.parametrize(
        "content", [b"", MAGIC, b"x" * 500, MAGIC + bytes(500) + MAGIC, b"HUBFIND3" + bytes(500)]
    )
    def test_a_broken_file_is_left_alone(self, place: Path, content: bytes) -> None:
        put("a")
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        with pytest.raises((Unusable, ValueError)):
            Snapshot(place)
        assert looking.view() is None
        assert everything() == ["a"]

    def test_one_that_was_cut_is_left_alone(self, place: Path) -> None:
        put("a")
        build(place)
        content = place.read_bytes()
        place.write_bytes(content[: len(content) // 2] + content[-24:])
        assert looking.view() is None

    def test_a_new_one_takes_the_place_of_the_old(self, place: Path) -> None:
        put("a")
        build(place)
        first = looking.view()
        put("b")
        build(place)
        second = looking.view()
        assert first is not None
        assert second is not None
        assert (first.base.size, second.base.size) == (1, 2)
        assert everything() == ["a", "b"]
        assert [path.name for path in place.parent.iterdir()] == ["snapshot"]

    def test_nothing_to_find_makes_one_too(self, place: Path) -> None:
        build(place)
        assert looking.view() is not None
        assert everything() == []
        assert search.facet_counts(KIND, SearchQuery(), {}, ["a"]) == {"a": {}}
        put("a", "Wells")
        assert search.find(KIND, SearchQuery.parse("wells")).ids == ("a",)


# Not within one transaction: on PostgreSQL, what it changed itself never counts as settled.
@pytest.mark.django_db(transaction=True)
class TestKeeping:
    def test_it_is_made_when_there_is_enough_to_find(self, place: Path, settings: Any) -> None:
        settings.SEARCH_SNAPSHOT_FROM = 2
        put("a")
        assert not keeping.keep()
        put("b")
        assert keeping.keep()
        assert not keeping.keep()

    def test_and_again_when_enough_has_changed(self, place: Path, settings: Any) -> None:
        settings.SEARCH_SNAPSHOT_FROM, settings.SEARCH_SNAPSHOT_CHANGES = 1, 5
        put("a")
        assert keeping.keep()
        put("b")
        put("c")
        # While others of the server are at work, the change before it may count once more.
        assert not keeping.keep()
        for key in "defg":
            put(key)
        assert keeping.keep()

    def test_and_when_the_database_is_another(self, settings: Any) -> None:
        settings.SEARCH_SNAPSHOT_FROM = 1
        put("a")
        assert keeping.keep()
        SearchChange.objects.all().delete()
        assert keeping.keep()

    def test_two_processes_do_not_make_it_at_once(self) -> None:
        with keeping._alone() as first, keeping._alone() as second:
            assert (first, second) == (True, False)
        with keeping._alone() as third:
            assert third
