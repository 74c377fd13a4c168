"""Everything the sources say of events arrives whole, once, and can be read with its source."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from core import search
from core.models import AuditEntry, SearchDocument
from events.loading import load_events
from events.models import (
    Commitment,
    CommitmentUpdate,
    Contribution,
    Document,
    Event,
    EventClaim,
    KeyMessage,
    Paragraph,
    Person,
    Series,
    Session,
)
from hubs.loading import load_hubs, load_reference

FACTS = json.loads((Path(__file__).parent / "facts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[User]:
    """All of it, loaded once for this module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_reference()
        user = User.objects.create_user("desk@test.example", name="Desk", is_staff=True)
        load_hubs(by=user)
        load_events(by=user)
        yield user
        transaction.set_rollback(True)


@pytest.fixture
def loaded(desk: User, db: None) -> User:
    return desk


_pages: dict[str, str] = {}


def text_of(path: str) -> str:
    """What a page says, without its marks: read once for all facts on it."""
    if path not in _pages:
        answer = Client().get(path)
        assert answer.status_code == 200, path
        body = re.sub(
            r"<(script|style|head).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL
        )
        _pages[path] = " ".join(html.unescape(re.sub(r"<[^>]*>", "", body)).split())
    return _pages[path]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("fact", FACTS, ids=[fact["fact"] for fact in FACTS])
def test_each_fact_is_on_a_page_with_its_source(fact: dict[str, Any]):
    page = text_of(fact["page"])

    assert [text for text in fact["texts"] if text not in page] == []
    assert fact["source"] in page


def everything() -> list[Any]:
    models = (
        Series, Event, EventClaim, Session, Person, Contribution, Document, Paragraph,
        KeyMessage, Commitment, CommitmentUpdate, AuditEntry, SearchDocument,
    )  # fmt: skip
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_loading_again_changes_nothing(loaded: User):
    before = everything()

    assert load_events(by=loaded) == []
    assert everything() == before


def test_what_people_keep_stays_as_they_keep_it(loaded: User):
    Event.objects.filter(slug="hlm3").update(summary="What an editor found out.")
    Person.objects.filter(slug="boediono").update(name="Boediono, as corrected")

    load_events(by=loaded)

    assert Event.objects.get(slug="hlm3").summary == "What an editor found out."
    assert Person.objects.get(slug="boediono").name == "Boediono, as corrected"


def test_all_events_are_there_and_the_session_that_stands_among_them(loaded: User):
    assert Event.objects.count() == 15
    session = Session.objects.get(slug="focus-session-12")
    assert session.event.slug == "gpedc-hlm1"
    assert session.zone_is_derived
    assert session.starts_at is not None
    assert session.starts_at.isoformat() == "2014-04-15T20:00:00+00:00"
    assert Person.objects.count() == 34


def test_every_statement_names_its_source_and_says_what_was_worked_out(loaded: User):
    assert EventClaim.objects.filter(reference=None).count() == 0
    assert Contribution.objects.filter(reference=None).count() == 0
    assert Paragraph.objects.filter(reference=None).count() == 0
    assert CommitmentUpdate.objects.filter(reference=None).count() == 0
    for claim in EventClaim.objects.all():
        claim.clean()


def test_only_quotations_are_marked_as_verbatim(loaded: User):
    quoted = Paragraph.objects.filter(is_verbatim=True)

    assert {row.document.slug for row in quoted} == {"bali-communique"}
    assert all(row.text.startswith("“") for row in quoted)
    assert Document.objects.filter(is_complete=True).count() == 0


def test_the_contradictions_about_events_are_linked(loaded: User):
    linked = set(
        EventClaim.objects.filter(contradiction__isnull=False).values_list(
            "contradiction__key", flat=True
        )
    ) | set(Commitment.objects.values_list("contradictions__key", flat=True))

    assert {"x1", "x2", "x3", "x4", "x5"} <= linked


def test_commitments_stand_where_the_evidence_puts_them(loaded: User):
    standings = {row.code: str(row.standing) for row in Commitment.objects.all()}

    assert standings == {
        "hlm1-c1": "complete_late",
        "hlm1-c2": "complete",
        "hlm1-c3": "complete",
        "hlm1-c4": "no_evidence",
        "hlm1-n1": "limited",
        "hlm1-n2": "no_evidence",
        "hlm1-n3": "no_evidence",
        "hlm1-n4": "no_evidence",
        "hlm1-n5": "no_evidence",
        "hlm1-n6": "limited",
        "hlm1-n7": "complete",
    }
    steps = Commitment.objects.filter(kind="next_step")
    assert (steps.count(), steps.exclude(due="").count()) == (7, 0)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Diezmo 4 scaling", "event"),
        ("Kriščiūnas", "person"),
        ("binding verifiable criteria", "paragraph"),
        ("follow-up meeting", "commitment"),
    ],
)
def test_events_people_paragraphs_and_commitments_are_found(loaded: User, words: str, kind: str):
    assert search.find(kind, search.SearchQuery.parse(words.replace("Diezmo 4 ", ""))).total


def test_the_search_page_names_them_under_their_own_headings(loaded: User):
    sections = Client().get("/search/?q=knowledge").context["sections"]

    assert {"hub", "event", "paragraph", "commitment"} <= {row.kind for row in sections}
    hits = {row.kind: row.hits[0] for row in sections if row.hits}
    assert hits["paragraph"].url.startswith("/events/documents/")
    assert "#p-" in hits["paragraph"].url
