"""What is kept of an event's pages is as new as its record, and for those who may read it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from core.templatetags import kept
from events.models import (
    Contribution,
    Event,
    EventClaim,
    KeyMessage,
    Party,
    Person,
    Session,
    StatusNote,
)
from hubs import reference
from hubs.models import Country
from tests import factories
from tests.events.factories import make_document, make_event, make_session, make_source
from tests.people import browser

pytestmark = pytest.mark.django_db


def read(address: str, who: Any = None) -> str:
    """The main part of a page as one reader has it, asked for twice."""
    client = browser(who)
    found = []
    for _time in range(2):
        answer = client.get(address)
        assert answer.status_code == 200
        html = answer.content.decode()
        main = html[html.index("<main") : html.index("</main>")]
        found.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", main))
    assert found[0] == found[1]
    return found[1]


def pages(event: Event) -> tuple[str, str]:
    return f"/events/{event.slug}/", f"/events/{event.slug}/programme/"


@pytest.fixture
def event() -> Event:
    event, source = make_event(), make_source(citation="Report of the meeting, 2024")
    session = make_session(event, title="Who pays for pumps", reference=source)
    person = Person.objects.create(slug="ana", name="Ana Silva")
    Contribution.objects.create(
        event=event, session=session, person=person, role="speaker", country_id="BR",
        organisation="Institute of Wells", reference=source,
    )  # fmt: skip
    Party.objects.create(event=event, role="host", name="Ministry of Water", reference=source)
    StatusNote.objects.create(event=event, status="held", text="It was held", reference=source)
    EventClaim.objects.create(
        event=event, topic="participants", text="People came", low=120, reference=source
    )
    make_document(event)
    return event


def test_a_second_reader_has_both_pages_without_drawing_them(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [read(page) for page in pages(event)]
    monkeypatch.setattr("events.templatetags.programme_days._Drawing", None)
    monkeypatch.setattr("events.record.parts_of", None)
    assert [read(page) for page in pages(event)] == first


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: Event.objects.update(name="Another name", short=""), "Another name"),
        (lambda: Event.objects.update(city="Elsewhere"), "Elsewhere"),
        (lambda: Session.objects.update(title="Who digs"), "Who digs"),
        (lambda: Person.objects.update(name="Ana da Silva"), "Ana da Silva"),
        (lambda: Contribution.objects.update(organisation="Wells"), "<bdi>Wells</bdi>"),
        (lambda: Party.objects.update(name="Ministry of Wells"), "Ministry of Wells"),
        (lambda: StatusNote.objects.update(text="They met"), "They met"),
        (lambda: EventClaim.objects.update(low=99), "99+"),
        (lambda: EventClaim.objects.get().reference.__class__.objects.update(
            citation="A second report"), "A second report"),
    ],
)  # fmt: skip
def test_a_change_shows_at_once(event: Event, change: Any, words: str) -> None:
    before = [read(page) for page in pages(event)]
    assert not any(words in html for html in before)
    change()
    assert any(words in read(page) for page in pages(event))


def test_the_name_of_a_country_read_anew_is_printed(event: Event) -> None:
    assert "Brazil" in read(pages(event)[0])
    Country.objects.filter(pk="BR").update(names={"en": "Federation of Brazil"})
    reference.forget()
    assert "Federation of Brazil" in read(pages(event)[0])


def test_each_language_has_its_own(event: Event) -> None:
    english = [read(page) for page in pages(event)]
    arabic = [read(f"/ar{page}") for page in pages(event)]
    assert all('<bdi lang="en">' in html for html in arabic)
    assert not any('<bdi lang="en">' in html for html in english)
    assert [read(page) for page in pages(event)] == english


def test_key_messages_are_read_apart_and_never_old(event: Event) -> None:
    KeyMessage.objects.create(event=event, text="Tell us", reference=make_source(citation="Notes"))
    assert "Tell us" in read(pages(event)[0])
    KeyMessage.objects.update(text="Ask us")
    KeyMessage.objects.get().reference.__class__.objects.filter(citation="Notes").update(
        citation="Minutes"
    )
    html = read(pages(event)[0])
    assert "Ask us" in html
    assert "Tell us" not in html
    assert "Minutes</bdi>" in html
    assert "Notes</bdi>" not in html


def test_a_page_of_editors_is_not_kept_and_the_button_is_nobody_else_s(event: Event) -> None:
    staff = factories.make_user(is_staff=True, is_superuser=True)
    weight = kept.of_records.weight
    for who, sees in ((staff, True), (None, False), (staff, True), (None, False)):
        for page in pages(event)[1:]:
            assert ("Edit the programme" in read(page, who)) == sees
    assert kept.of_records.weight >= weight


def test_an_event_that_is_not_public_any_more_is_gone_at_once(event: Event) -> None:
    for page in pages(event):
        read(page)
    Event.objects.update(is_public=False)
    for page in pages(event):
        assert Client().get(page).status_code == 404
