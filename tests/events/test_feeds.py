"""Feeds of events, series and people, read back without the library that wrote them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events import calendars, subscribing
from events.models import Event, Room, Series, Session
from events.signals import programme_changed
from tests.desk import desk_client
from tests.events.factories import (
    contribute,
    make_commitment,
    make_event,
    make_person,
    make_session,
)
from tests.events.test_desk import address as desk_address
from tests.events.test_desk import form_of
from tests.factories import make_hub, make_member, make_user
from tests.people import browser
from tests.rfc5545 import Component, read

pytestmark = pytest.mark.django_db
FEED = "/events/calendar.ics"


def feed(client: Client, address: str = FEED, **chosen: str) -> Component:
    answer = client.get(address, chosen)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    return read(answer.content)


def titles(calendar: Component) -> list[str]:
    return [entry["SUMMARY"] for entry in calendar.all("VEVENT")]


def hours(event: Event, **values: Any) -> Session:
    """A session with hours."""
    return make_session(
        event,
        **{"zone": "Asia/Jakarta", "wall_starts": dt.time(9), "wall_ends": dt.time(10)} | values,
    )


# --- What is in a feed ----------------------------------------------------------------------


def test_a_feed_has_every_public_event_of_which_the_day_is_known(client: Client) -> None:
    make_event(name="Next", starts="2031-02-03", ends="", status="planned")
    make_event(name="Held")
    make_event(name="Some time in May", starts="2024-05", ends="")
    make_event(name="Closed talks", is_public=False)

    calendar = feed(client)

    assert titles(calendar) == ["Next", "Held"]
    assert calendar["X-WR-CALNAME"] == calendar["NAME"] == "Knowledge Hubs: Events"
    assert (calendar["REFRESH-INTERVAL"], calendar["X-PUBLISHED-TTL"]) == ("PT6H", "PT6H")
    assert calendar.params("REFRESH-INTERVAL") == {"VALUE": "DURATION"}
    assert calendar["SOURCE"].endswith(FEED)
    first = calendar.all("VEVENT")[0]
    assert (first["DTSTART"], first["DTEND"], first["STATUS"]) == (
        "20310203", "20310204", "TENTATIVE",
    )  # fmt: skip


def test_a_webinar_stands_with_its_hours_and_a_meeting_with_its_days(client: Client) -> None:
    webinar = make_event(kind="webinar", name="On cisterns", status="confirmed")
    hours(webinar, title="On cisterns", slug="webinar")
    meeting = make_event(name="Well week")
    hours(meeting, title="One of many")

    calendar = feed(client)

    assert sorted(titles(calendar)) == ["On cisterns", "Well week"]
    entry = next(row for row in calendar.all("VEVENT") if row["SUMMARY"] == "On cisterns")
    assert (entry["DTSTART"], entry.params("DTSTART")) == (
        "20240506T090000", {"TZID": "Asia/Jakarta"},
    )  # fmt: skip


def test_an_entry_has_one_name_in_every_file(client: Client) -> None:
    series = Series.objects.create(slug="wells", name="Well weeks")
    webinar = make_event(kind="webinar", series=series)
    session = hours(webinar)
    meeting = make_event(series=series)
    contribute(person := make_person(), webinar, session=session)
    contribute(person, meeting)

    def names(address: str) -> set[str]:
        return {row["UID"] for row in feed(client, address).all("VEVENT")}

    of_webinar = names(reverse("events:event-calendar", args=[webinar.slug]))
    of_meeting = names(reverse("events:event-calendar", args=[meeting.slug]))
    of_session = names(reverse("events:session-calendar", args=[webinar.slug, session.slug]))
    assert of_webinar == of_session
    assert len(of_webinar | of_meeting) == 2
    everything = of_webinar | of_meeting
    assert names(FEED) == everything
    assert names(reverse("events:series-calendar", args=[series.slug])) == everything
    assert names(reverse("events:person-calendar", args=[person.slug])) == everything


def test_filters_choose_the_events(client: Client) -> None:
    series = Series.objects.create(slug="wells", name="Well weeks")
    hub = make_hub(slug="wells", name="Hub for Wells")
    make_event(name="A", kind="webinar", series=series, country_id=None)
    make_event(name="B", hub=hub, city="Bandung", country_id="ID")
    make_event(name="C", theme="Deep cisterns", country_id="BR")

    assert titles(feed(client, kind="webinar")) == ["A"]
    assert titles(feed(client, series="wells")) == ["A"]
    assert titles(feed(client, hub="wells")) == ["B"]
    assert titles(feed(client, country="ID")) == ["B"]
    assert titles(feed(client, q="CISTERNS deep")) == ["C"]
    assert titles(feed(client, q="bandung cisterns")) == []
    assert titles(feed(client, kind="", q=" ", other="x")) == ["A", "B", "C"]
    assert feed(client, country="ID", q="well")["NAME"] == "Knowledge Hubs: Indonesia, “well”"


@pytest.mark.parametrize(
    "chosen",
    [
        {"kind": "party"}, {"series": "none"}, {"hub": "none"}, {"country": "XX"},
        {"country": "ID"}, {"q": "x" * 101}, {"series": "' OR 1=1 --"}, {"kind": "<script>"},
    ],
)  # fmt: skip
def test_a_filter_nobody_knows_is_no_feed(client: Client, chosen: dict[str, str]) -> None:
    make_event()

    assert client.get(FEED, chosen).status_code == 404
    page = client.get(reverse("events:subscribe"), chosen)
    assert page.status_code == 200
    assert "webcal:" not in page.content.decode()
    assert page.context["form"].errors


def test_text_that_is_no_text_is_refused(client: Client) -> None:
    assert client.get(FEED + "?q=%00").status_code == 400
    assert client.get(FEED + "?kind=%ED%A0%80").status_code in (400, 404)
    assert client.post(FEED).status_code == 405


def test_a_hidden_event_names_no_filter(client: Client) -> None:
    hub = make_hub(slug="wells")
    make_event(name="Closed talks", is_public=False, hub=hub)
    editor = browser(make_member(hub, "editor"))

    assert client.get(FEED, {"hub": "wells"}).status_code == 404
    assert titles(feed(editor, hub="wells")) == ["Closed talks"]
    assert browser(make_member(make_hub(), "editor")).get(FEED, {"hub": "wells"}).status_code == 404


def test_a_feed_ends_with_what_was_held_long_ago(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing, "MOST", 2)
    for year in (2011, 2031, 2012):
        make_event(name=str(year), starts=f"{year}-02-03", ends="")

    assert titles(feed(client)) == ["2031", "2012"]
    page = client.get(reverse("events:subscribe")).content.decode()
    assert "3 events of which the day is known." in page
    assert "at most 2" in page


def test_series_and_people_without_a_day_have_no_file(client: Client) -> None:
    series = Series.objects.create(slug="wells", name="Well weeks")
    event = make_event(series=series, starts="2024-05", ends="")
    contribute(person := make_person(), event, session=make_session(event, day=None))
    addresses = [
        reverse("events:series-calendar", args=[series.slug]),
        reverse("events:person-calendar", args=[person.slug]),
    ]

    assert [client.get(address).status_code for address in addresses] == [404, 404]
    assert addresses[1] not in client.get(person.get_absolute_url()).content.decode()
    assert addresses[0] not in client.get(series.get_absolute_url()).content.decode()


def test_a_persons_file_has_each_session_once_and_none_of_a_hidden_event(client: Client) -> None:
    event = make_event(name="Open talks")
    session = hours(event, title="On wells")
    person = make_person(name="Ada Keeper")
    contribute(person, event, session=session)
    contribute(person, event, session=session, role="chair")
    contribute(person, make_event(name="Closed talks", is_public=False))
    contribute(person, None, topic="A chapter")
    address = reverse("events:person-calendar", args=[person.slug])

    calendar = feed(client, address)

    assert titles(calendar) == ["On wells"]
    assert calendar["NAME"] == "Knowledge Hubs: Ada Keeper"
    assert sorted(titles(feed(browser(make_user(is_staff=True)), address))) == [
        "Closed talks", "On wells",
    ]  # fmt: skip
    assert address in client.get(person.get_absolute_url()).content.decode()


# --- Changes --------------------------------------------------------------------------------


def test_what_is_cancelled_stays_and_says_so(client: Client) -> None:
    webinar = make_event(kind="webinar", status="cancelled", name="Off")
    hours(webinar, title="Off")
    make_event(name="Moved", status="postponed", starts="2023-01-02", ends="")

    assert [(row["SUMMARY"], row["STATUS"]) for row in feed(client).all("VEVENT")] == [
        ("Off", "CANCELLED"), ("Moved", "TENTATIVE"),
    ]  # fmt: skip


def test_a_change_of_the_event_is_one_of_its_sessions(client: Client) -> None:
    event = make_event()
    session = hours(event)
    address = reverse("events:event-calendar", args=[event.slug])
    assert [row["SEQUENCE"] for row in feed(client, address).all("VEVENT")] == ["0", "0"]

    Event.objects.filter(pk=event.pk).update(sequence=2)
    Session.objects.filter(pk=session.pk).update(sequence=3)

    assert [row["SEQUENCE"] for row in feed(client, address).all("VEVENT")] == ["2", "5"]


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({"city": "Upper Well"}, 1),
        ({"status": "cancelled"}, 1),
        ({"website": "https://wells.example/"}, 0),
    ],
)
def test_at_the_desk_what_calendars_show_is_counted(changes: dict[str, str], counted: int) -> None:
    event = make_event()
    desk = desk_client(make_user(is_staff=True))

    there = desk_address(event)
    answer = desk.post(there, form_of(desk, there) | changes)

    assert answer.status_code == 302
    event.refresh_from_db()
    assert event.sequence == counted


def test_a_changed_programme_has_a_new_stamp(client: Client) -> None:
    event = make_event()
    long_ago = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    Event.objects.filter(pk=event.pk).update(updated_at=long_ago)
    assert feed(client).all("VEVENT")[0]["LAST-MODIFIED"] == "20240101T000000Z"

    programme_changed.send(Event, event=event, by=make_user())

    assert feed(client).all("VEVENT")[0]["LAST-MODIFIED"] > "20260101T000000Z"


def test_what_did_not_change_is_not_sent_again(client: Client) -> None:
    event = make_event()
    first = client.get(FEED)
    tag = first["ETag"]

    same = client.get(FEED, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    other = client.get(FEED + "?kind=conference", headers={"If-None-Match": tag})
    assert other.status_code == 200

    Event.objects.filter(pk=event.pk).update(sequence=1, status="cancelled")
    assert client.get(FEED, headers={"If-None-Match": tag}).status_code == 200


# --- Cost -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 40])
def test_a_feed_costs_the_same_whatever_is_in_it(client: Client, n: int) -> None:
    person = make_person()
    series = Series.objects.create(slug="wells", name="Well weeks")
    for _n in range(n):
        event = make_event(series=series)
        room = Room.objects.create(event=event, name="Cellar")
        contribute(person, event, session=hours(event, room=room))
        hours(make_event(kind="webinar", series=series))

    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    assert queries(FEED) == 2
    assert queries(FEED + "?kind=webinar&series=wells") == 3
    assert queries(reverse("events:series-calendar", args=["wells"])) == 3
    assert queries(reverse("events:person-calendar", args=[person.slug])) == 2
    assert queries(reverse("events:subscribe")) == 4


# --- The page -------------------------------------------------------------------------------


def test_the_page_gives_the_address_of_what_was_chosen(client: Client) -> None:
    hub = make_hub(slug="wells", name="Wells & Co")
    make_event(hub=hub, name="On wells")

    page = client.get(
        reverse("events:subscribe"), {"hub": "wells", "q": "wells & more", "kind": ""}
    )

    address = page.context["address"]
    parts = urlsplit(address)
    assert (parts.path, parse_qs(parts.query)) == (FEED, {"hub": ["wells"], "q": ["wells & more"]})
    assert page.context["webcal"] == "webcal" + address.removeprefix(parts.scheme)
    html = page.content.decode()
    assert "0 events of which the day is known." in html
    assert page.context["webcal"].replace("&", "&amp;") in html


def test_hostile_words_stay_words(client: Client) -> None:
    make_event()
    evil = '"><script>alert(1)</script>\r\nX-EVIL:1;,\\'

    page = client.get(reverse("events:subscribe"), {"q": evil})
    calendar = feed(client, q=evil)

    assert "<script>alert(1)" not in page.content.decode()
    assert not calendar.has("X-EVIL")
    assert "alert(1)" in calendar["NAME"]


def test_a_feed_speaks_the_language_of_its_address(client: Client) -> None:
    event = make_event(name="On wells")

    entry = feed(client, "/fr/events/calendar.ics").all("VEVENT")[0]

    assert entry["URL"].endswith(f"/fr/events/{event.slug}/")
    assert entry["UID"] == feed(client).all("VEVENT")[0]["UID"]


# --- What is written into it ------------------------------------------------------------


@pytest.mark.parametrize(
    "evil",
    [
        "a\r\nEND:VEVENT\r\nBEGIN:VALARM", "x" * 3000, "é" * 400, "👩‍🌾" * 90, "back\\slash\\n;,:",
        "\u2028line\u2029\x85", '"quoted";TZID="x"', "tab\tbell\x07\x1b[31m", "\u202egnp\u200f",
    ],
)  # fmt: skip
def test_hostile_text_is_one_text_of_one_entry(client: Client, evil: str) -> None:
    event = make_event(name=evil[:200], summary=evil[:400], venue=evil[:150], city="")
    hours(event, title=evil[:250], summary=evil)

    found = feed(client, reverse("events:event-calendar", args=[event.slug])).all("VEVENT")

    assert len(found) == 2
    assert all(not row.inside for row in found)


def test_others_can_make_feeds_of_what_they_have() -> None:
    """Chapters and themes: events, sessions and what is due, under a name of theirs."""
    event = make_event(name="On wells")
    due, no_day = make_commitment(event, due="2031-05-06"), make_commitment(event, due="2031")

    calendar = read(
        calendars.feed([event, hours(event), due, no_day], "Chapter,\r\nof wells; and more")
    )

    assert calendar["NAME"] == "Chapter, of wells; and more"
    assert [row["DTSTART"] for row in calendar.all("VEVENT")] == [
        "20240506", "20240506T090000", "20310506",
    ]  # fmt: skip
    assert read(calendars.feed([], "Nothing yet")).all("VEVENT") == []
