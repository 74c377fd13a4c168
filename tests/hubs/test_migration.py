"""The way from columns of text to claims with references, and back, on rows."""

from __future__ import annotations

import importlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hubs import loading, operations, revisions
from hubs.models import Hub, HubClaim
from tests import factories
from tests.elsewhere import empty_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

migration = importlib.import_module("hubs.migrations.0003_statements_become_claims")


def migrates(test: Any) -> Any:
    """A test of real migrations; reading one statement needs no database."""
    return pytest.mark.slow(pytest.mark.django_db(transaction=True)(test))


CHAPTER = "A. Author, A chapter on hubs, 2015"


def to(*targets: tuple[str, str]) -> Any:
    """Migrate, and the models as they were there."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets))
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


@pytest.fixture
def before(transactional_db: None, tmp_path: Path) -> Iterator[Any]:
    """The models before texts became claims, in a database that ends with the test."""
    with empty_database(tmp_path):
        yield to(("hubs", "0002_claims"))


def latest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


FACTS: list[Any] = [
    {
        "topic": "staff",
        "text": "Staff: around 200.",
        "source": f"{CHAPTER}, footnote 7",
        "source_keys": ["ch:footnote 7"],
        "value": 200,
        "unit": "people",
        "qualifier": "around",
        "as_of": "2013",
    },
    {
        "topic": "coordinated_institutions",
        "text": "At least 39 institutions, together with others.",
        "source": f"{CHAPTER}, section 2 and footnote 6",
        "source_keys": ["ch:section 2", "ch:footnote 6"],
        "value_min": 39,
        "unit": "institutions",
        "conflict": "The page gives 35.",
        "contradiction": "x7",
        "derived": True,
        "derived_note": "The sum was worked out here.",
    },
    {
        "topic": "founded",
        "text": "Launched in 2004.",
        "source": "A page",
        "source_keys": ["page:a"],
        "value": 2004,
        "unit": "year",
        "preferred": True,
    },
    {"topic": "founded", "text": "Started.", "source": "Another page", "as_of": "2003-05-14"},
    {"topic": "founded", "text": "Again.", "source": "A page", "value": 2007, "preferred": True},
    {
        "topic": "portfolio",
        "text": "Over 400 projects.",
        "source": CHAPTER,
        "value_min": 400,
        "period": "2000/2010",
    },
    {
        "topic": "partner_countries",
        "text": "3 in 2007, 48 in 2012.",
        "source": "A page",
        "series": {"2007": 3, "2012": 48},
        "unit": "countries",
    },
    {"topic": "membership_fees", "text": "Fees pay 40%.", "value": 40, "unit": "percent of it"},
    {"topic": "weather", "text": "It rains.", "source": "A page", "how": ["often", "long"]},
    {"topic": "budget", "text": "About a lot.", "value": "a lot", "as_of": "some day"},
    "Only a sentence.",
]


def old_hub(apps: Any, **more: Any) -> Any:
    return apps.get_model("hubs", "Hub").objects.create(
        **{
            "slug": "fund",
            "name": "Fund for Wells",
            "acronym": "FW",
            "kind": "national",
            "other_names": ["Well Fund"],
            "host": "Ministry of Water",
            "founded": 2004,
            "staffing": "A small team.",
            "note": "Closed on Fridays.",
            "facts": FACTS,
            "sources": {
                "*": f"{CHAPTER}, section 2",
                "host": "A page",
                "acronym": "Short form added by the editors.",
                "hymn": "A song book",
            },
            **more,
        }
    )


def said(hub: Hub) -> dict[str, HubClaim]:
    return {claim.text: claim for claim in hub.claims.select_related("reference", "contradiction")}


def read(fact: Any) -> list[dict[str, Any]]:
    return list(migration.Statement(fact).read())


@migrates
def test_every_text_becomes_a_claim_with_its_source_and_is_in_the_first_revision(before):
    sector = before.get_model("hubs", "Sector").objects.create(code="water", names={"en": "Water"})
    old_hub(before).sectors.set([sector])
    begun = [{"topic": "founded", "text": "Begun.", "source": "A page", "value": 1999}]
    old_hub(before, slug="shown", founded=2001, facts=begun)
    old_hub(before, slug="same", founded=1999, facts=begun, sources={"founded": "A page"})
    old_hub(before, slug="bare", facts=[], founded=None, sources={}, other_names=[])
    entry, source = loading.hub_entries()[0], loading.source_entries()[0]
    ours = {"topic": "role", "text": "Ours.", "source": source["citation"]}
    old_hub(before, slug=entry["slug"], facts=[ours], sources={})
    latest()

    texts_stand_with_their_sources(Hub.objects.get(slug="fund"))
    values_are_where_machines_compare_them(said(Hub.objects.get(slug="fund")))
    shown, same = Hub.objects.get(slug="shown"), Hub.objects.get(slug="same")
    assert shown.founded == 2001, "the year that was shown stays"
    assert shown.claims.get(is_preferred=True).text == "Founded in 2001."
    assert same.founded == 1999
    assert [claim.text for claim in same.claims.filter(topic="founded")] == ["Begun."]
    assert Hub.objects.get(slug="bare").founded is None
    for hub in Hub.objects.all():
        revision = hub.revisions.get()
        assert (hub.revision, revision.number) == (1, 1)
        assert revision.document == revisions.document_of(hub)
        assert sorted(revision.changed) == sorted(revisions.changes({}, revision.document))
    loading_adds_no_hub_twice_and_keeps_the_sources_of_revisions(entry["slug"], source["citation"])


def texts_stand_with_their_sources(hub: Hub) -> None:
    claims = said(hub)

    def stands(text: str) -> tuple[str, str, str]:
        claim = claims[text]
        return claim.topic, claim.reference.citation, claim.place

    assert stands("Fund for Wells") == ("name", CHAPTER, "section 2")
    assert stands("FW") == ("acronym", CHAPTER, "section 2")
    assert claims["FW"].derived == "Short form added by the editors."
    assert stands("Well Fund") == ("other_name", CHAPTER, "section 2")
    assert stands("National hub") == ("kind", CHAPTER, "section 2")
    assert stands("Water") == ("sector", CHAPTER, "section 2")
    assert stands("Ministry of Water") == ("host", "A page", "")
    assert stands("A small team.") == ("staffing", CHAPTER, "section 2")
    assert stands("Closed on Fridays.") == ("focus", CHAPTER, "section 2")
    assert stands("Staff: around 200.") == ("staff", CHAPTER, "footnote 7")
    assert stands("At least 39 institutions, together with others.") == (
        "coordinated_institutions", CHAPTER, "section 2 and footnote 6",
    )  # fmt: skip
    assert stands("Fees pay 40%.") == ("share_fees", "Source not stated", "")
    assert stands("Only a sentence.") == ("focus", "Source not stated", "")
    page = claims["It rains."].reference
    assert (page.key[:6], len(page.key)) == ("cited-", 18)
    assert page.hubclaims.filter(hub=hub).count() > 3, "one row however often it is cited"
    assert type(page).objects.filter(citation="A song book").exists()


def values_are_where_machines_compare_them(claims: dict[str, HubClaim]) -> None:
    staff = claims["Staff: around 200."]
    assert (staff.low, staff.high, staff.unit, staff.qualifier, staff.as_of) == (
        Decimal(200), Decimal(200), "people", "around", "2013",
    )  # fmt: skip
    institutions = claims["At least 39 institutions, together with others."]
    assert (institutions.low, institutions.high) == (Decimal(39), None)
    assert institutions.conflict == "The page gives 35."
    assert institutions.contradiction.key == "x7"
    assert institutions.derived == "The sum was worked out here."
    founded = claims["Launched in 2004."]
    assert (founded.starts, founded.low, founded.unit, founded.is_preferred) == (
        "2004", None, "", True,
    )  # fmt: skip
    assert claims["Started."].starts == "2003-05-14"
    assert not claims["Again."].is_preferred, "one is preferred, not two"
    portfolio = claims["Over 400 projects."]
    assert (portfolio.low, portfolio.high, portfolio.starts, portfolio.ends) == (
        Decimal(400), None, "2000", "2010",
    )  # fmt: skip
    assert (claims["2012: 48 countries"].low, claims["2012: 48 countries"].as_of) == (48, "2012")
    fees = claims["Fees pay 40%."]
    assert (fees.low, fees.high, fees.unit) == (Decimal(40), Decimal(40), "")
    assert (claims["It rains."].topic, claims["It rains."].note) == (
        "focus", 'how: ["often", "long"]; topic: weather',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "text", "note"),
    [
        ({"topic": "budget", "text": "Much.", "value": "a lot"}, "Much.", "value: a lot"),
        ({"topic": "budget", "text": "Much.", "as_of": "May"}, "Much.", "as_of: May"),
        ({"topic": "budget", "text": "Much.", "value": 10**16}, "Much.", f"value: {10**16}"),
        ({"topic": "budget", "text": "Much.", "value": "1.00001"}, "Much.", "value: 1.00001"),
        ({"topic": "budget", "text": "Much.", "period": "old"}, "Much.", "period: old"),
        ({"topic": "budget", "text": "Much.", "unit": "x" * 61}, "Much.", "unit: " + "x" * 61),
        ({"topic": "budget", "text": "Much.", "series": {"a": 1}}, "Much.", 'series: {"a": 1}'),
        ({"topic": "role", "text": "Much.", "more": "x" * 700}, "Much.\n\nmore: " + "x" * 700, ""),
        ({"topic": "role", "text": "", "more": "x"}, "more: x", ""),
        ({"topic": "role"}, "–", ""),
        (
            {"topic": "membership_fees", "text": "Much.", "value": 140},
            "Much.",
            "topic: membership_fees",
        ),
    ],
)
def test_what_fits_nowhere_is_kept_in_words(fact: Any, text: str, note: str):
    (values,) = read(fact)

    assert (values["text"], values["note"]) == (text, note)


def test_bounds_are_never_the_wrong_way_round():
    (values,) = read({"topic": "staff", "text": "Some.", "value": 3, "value_min": 5})

    assert (values["low"], values["high"]) == (3, 5)


def loading_adds_no_hub_twice_and_keeps_the_sources_of_revisions(slug: str, citation: str) -> None:
    hub = Hub.objects.get(slug=slug)
    stated = hub.claims.count()
    loading.load_reference()
    admin = factories.make_user(is_staff=True)

    loading.load_hubs(by=admin)

    assert Hub.objects.filter(slug=slug).count() == 1
    assert hub.claims.count() == stated
    assert revisions.document_of(hub) == hub.revisions.get().document
    claim = hub.claims.get(text="Ours.")
    assert claim.reference.citation == citation
    operations.remove_claim(claim, by=admin, note="Not any more.")
    operations.restore(hub.revisions.get(number=1), by=admin, note="It was right.")
    assert hub.claims.get(text="Ours.").reference_id == claim.reference_id


@migrates
def test_the_way_back_restores_texts_and_forward_again_loses_nothing(before):
    old_hub(before)
    then = to(("hubs", "0003_statements_become_claims"))
    first = {
        (row.topic, row.text, row.low, row.high, row.starts, row.as_of, row.reference.citation)
        for row in then.get_model("hubs", "HubClaim").objects.select_related("reference")
    }
    apps = to(("hubs", "0002_claims"))
    back = apps.get_model("hubs", "Hub").objects.get(slug="fund")

    assert back.host == "Ministry of Water"
    assert back.sources["host"] == "A page"
    assert back.other_names == ["Well Fund"]
    assert back.staffing == "A small team."
    texts = [fact["text"] for fact in back.facts]
    assert "Staff: around 200." in texts
    assert "It rains." in texts

    again = {
        (row.topic, row.text, row.low, row.high, row.starts, row.as_of)
        for row in to(("hubs", "0003_statements_become_claims"))
        .get_model("hubs", "HubClaim")
        .objects.filter(hub__slug="fund")
    }
    assert {row[:6] for row in first} <= again
