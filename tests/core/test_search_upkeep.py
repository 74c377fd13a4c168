"""Drift between the documents and the engine is seen and repaired."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import findable, search
from core.models import SearchDocument, SearchFacet, SearchWord
from core.search import Drift, structure
from tests.core.search_data import DAY_ONE, KIND, counts, found, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def three() -> None:
    put(1, "Irrigation schemes", "Farmers", facets={"sector": ["water"]})
    put(2, "Capacitación", language="es", facets={"sector": ["education"]})
    put(3, "农村供水", language="zh")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def lose_the_engine() -> None:
    structure.drop(run, structure.CURRENT[connection.vendor])


def forget_engine_rows() -> None:
    """As when a table was restored without its triggers."""
    if connection.vendor == "sqlite":
        run("INSERT INTO core_searchindex (core_searchindex) VALUES ('delete-all')")
    else:
        run("ALTER TABLE core_searchdocument DROP COLUMN vector")


def analyse_otherwise() -> None:
    SearchDocument.objects.filter(object_id="1").update(title_words="irigashun", title_stems="")


def miscount_words() -> None:
    SearchWord.objects.filter(word="irrigation").update(uses=7)
    SearchWord.objects.filter(word="farmers").delete()
    SearchWord.objects.create(language="en", word="ghost", folded="ghost", stem="~en~ghost", uses=1)


def stem_otherwise() -> None:
    SearchWord.objects.filter(word="schemes").update(stem="~en~schemes")


def misfile_facets() -> None:
    SearchFacet.objects.filter(value="water").update(kind="hub")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    "spoil",
    [
        lose_the_engine,
        forget_engine_rows,
        analyse_otherwise,
        miscount_words,
        stem_otherwise,
        misfile_facets,
    ],
)
def test_what_is_spoilt_is_seen_and_mended(spoil: Callable[[], None]) -> None:
    words = set(SearchWord.objects.values_list("language", "word", "folded", "stem", "uses"))
    assert not search.check()
    spoil()
    assert search.check()
    assert search.mend()
    assert not search.check()
    assert not search.mend()
    assert (
        set(SearchWord.objects.values_list("language", "word", "folded", "stem", "uses")) == words
    )
    assert found("irrigation") == found("irigation") == ["1"]
    assert (found("capacitaciones"), found("供水")) == (["2"], ["3"])
    assert counts("", {}, "sector") == {"sector": {"water": 1, "education": 1}}
    put(1, "Vaccination")
    assert (found("irrigation"), found("vaccination")) == ([], ["1"])


@pytest.mark.usefixtures("three")
def test_each_difference_is_counted() -> None:
    miscount_words()
    misfile_facets()
    analyse_otherwise()
    assert search.check() == Drift(documents=1, words=3, facets=1)


def test_the_migration_made_the_present_structure() -> None:
    assert structure.missing() == []


def test_the_structure_can_be_dropped_and_made_again() -> None:
    lose_the_engine()
    assert structure.missing() == sorted(structure.CURRENT[connection.vendor].parts)
    structure.restore()
    structure.restore()
    assert structure.missing() == []


@pytest.mark.usefixtures("three")
def test_the_command_reports_and_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    # These documents are of no record: tests/hubportal/test_search_sources.py looks at those.
    for name in ("check", "mend"):
        monkeypatch.setattr(findable, name, dict)
    output = io.StringIO()
    call_command("check_index", stdout=output)
    assert output.getvalue().startswith("The search agrees with its documents (")
    miscount_words()
    with pytest.raises(CommandError, match="check_index --mend"):
        call_command("check_index", stdout=output)
    assert "       3 words of the vocabulary miscounted" in output.getvalue().splitlines()
    call_command("check_index", mend=True, stdout=output)
    assert output.getvalue().splitlines()[-1].startswith("Repaired in ")
    call_command("check_index", stdout=output)


@pytest.mark.usefixtures("three")
def test_rebuilding_a_kind_leaves_exactly_the_given_documents() -> None:
    put(1, "Water hub", kind="hub")
    given = [
        search.Document(KIND, "1", "Irrigation of rice", DAY_ONE),
        search.Document(KIND, "9", "Vaccination", DAY_ONE),
    ]
    assert search.rebuild(KIND, iter(given)) == (2, 2)
    assert found("", sort="title") == ["1", "9"]
    assert (found("rice"), found("schemes"), found("water", "hub")) == (["1"], [], ["1"])
    assert not search.check()
