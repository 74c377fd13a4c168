"""A member's own calendar: what is in it, who reads it, and that its address leaks nowhere."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.operations import close_account
from events import operations as record
from events.models import Event, Person
from hubportal.observability import public_address
from participation.models import PersonalCalendar
from participation.operations import registering
from participation.operations.calendars import make_address
from tests.events.factories import (
    contribute,
    make_commitment,
    make_event,
    make_person,
    make_session,
)
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser
from tests.rfc5545 import Component, read

pytestmark = pytest.mark.django_db
PAGE = "/events/mine/calendar/"
SECRET = "https://meet.test.example/secret-room"


def address(user: Any) -> str:
    """The address of a member's calendar, made anew."""
    return reverse("participation:personal-feed", args=[make_address(by=user)])


def calendar_of(user: Any) -> Component:
    answer = Client().get(address(user))
    assert answer.status_code == 200
    return read(answer.content)


def entries(user: Any) -> dict[str, Component]:
    return {row["SUMMARY"]: row for row in calendar_of(user).all("VEVENT")}


# --- What is in it --------------------------------------------------------------------------


def test_a_place_is_certain_and_leads_to_the_page_to_join_from() -> None:
    event = make_webinar(name="On wells", zone="Asia/Jakarta")
    open_registration(event, join_url=SECRET, join_note="Passcode 4711")
    member = make_user()
    come(event, member)

    calendar = calendar_of(member)

    (entry,) = calendar.all("VEVENT")
    join = reverse("participation:join", args=[event.slug])
    assert (entry["SUMMARY"], entry["STATUS"], entry["CLASS"]) == (
        "On wells", "CONFIRMED", "PRIVATE",
    )  # fmt: skip
    assert entry.params("DTSTART") == {"TZID": "Asia/Jakarta"}
    assert entry["URL"].endswith(join)
    assert entry["DESCRIPTION"].startswith("You have a place. Join from this page: http")
    text = Client().get(address(member)).content.decode()
    assert SECRET not in text.replace("\r\n ", "")
    assert "4711" not in text


@pytest.mark.parametrize(
    ("admission", "words"),
    [
        ({"places": 0}, "You are on the waiting list"),
        ({"needs_approval": True}, "Your registration waits for approval"),
    ],
)
def test_who_waits_has_it_as_tentative_and_no_way_in(admission: Any, words: str) -> None:
    event = make_webinar(name="On wells")
    open_registration(event, join_url=SECRET, **admission)
    member = make_user()
    come(event, member)

    entry = entries(member)["On wells"]

    assert entry["STATUS"] == "TENTATIVE"
    assert words in entry["DESCRIPTION"]
    assert "/join/" not in entry["DESCRIPTION"] + entry["URL"]


def test_a_meeting_stands_with_its_days_and_its_registration() -> None:
    event = make_event(name="Well week", starts="2031-05-06", ends="2031-05-08", status="confirmed")
    open_registration(event)
    member = make_user()
    come(event, member)

    entry = entries(member)["Well week"]

    assert (entry["DTSTART"], entry["DTEND"]) == ("20310506", "20310509")
    assert entry["URL"].endswith(reverse("participation:registration", args=[event.slug]))


def test_what_is_cancelled_stays_and_says_so_and_what_was_left_goes() -> None:
    off, left = make_webinar(name="Off"), make_webinar(name="Left")
    member = make_user()
    for event in (off, left):
        open_registration(event)
        come(event, member)
    Event.objects.filter(pk=off.pk).update(status="cancelled")
    registering.withdraw(member.registrations.get(event=left), by=member)

    assert {name: row["STATUS"] for name, row in entries(member).items()} == {"Off": "CANCELLED"}


def test_where_one_speaks_and_what_one_follows_are_in_it_once() -> None:
    member = make_user()
    person = make_person()
    Person.objects.filter(pk=person.pk).update(user=member)
    event = make_webinar(name="On wells")
    open_registration(event)
    come(event, member)
    contribute(person, event, session=event.sessions.get())
    talks = make_event(name="Talks")
    contribute(person, talks, session=make_session(talks, title="My talk"))
    contribute(make_person(), talks, session=make_session(talks, title="Not mine"))
    due = make_commitment(talks, due="2031-05-06", text="Dig a well.")
    for commitment in (
        due,
        make_commitment(talks, due="2031"),
        make_commitment(talks, due="2024-05-06", progress="complete"),
    ):
        record.follow(commitment, by=member)

    found = entries(member)

    assert set(found) == {"On wells", "My talk", f"{due.number}: Dig a well."}
    assert "You have a place" in found["On wells"]["DESCRIPTION"]


def test_entries_have_the_names_they_have_everywhere(client: Client) -> None:
    event, member = make_webinar(name="On wells"), make_user()
    open_registration(event)
    come(event, member)

    public = read(client.get("/events/calendar.ics").content).all("VEVENT")

    assert [row["UID"] for row in public] == [entries(member)["On wells"]["UID"]]


def test_what_is_hidden_meanwhile_is_gone() -> None:
    event, member = make_webinar(hub=make_hub()), make_user()
    open_registration(event)
    come(event, member)
    record.follow(make_commitment(event, due="2031-05-06"), by=member)
    Event.objects.filter(pk=event.pk).update(is_public=False)

    assert entries(member) == {}


@pytest.mark.parametrize("n", [1, 30])
def test_the_calendar_costs_the_same_however_much_is_in_it(n: int) -> None:
    member, person = make_user(), make_person()
    Person.objects.filter(pk=person.pk).update(user=member)
    for k in range(n):
        event = make_webinar()
        open_registration(event)
        come(event, member)
        talks = make_event()
        contribute(person, talks, session=make_session(talks))
        record.follow(make_commitment(talks, due=f"2031-05-{k % 28 + 1:02d}"), by=member)
    there = address(member)

    with CaptureQueriesContext(connection) as asked:
        answer = Client().get(there)
    assert len(asked) == 5  # whose it is, then four
    assert len(read(answer.content).all("VEVENT")) == 3 * n


# --- Its address ----------------------------------------------------------------------------


def test_the_page_makes_replaces_and_takes_back_the_address() -> None:
    member = make_user()
    client = browser(member)
    assert "You have no address yet." in client.get(PAGE).content.decode()

    made = client.post(PAGE, {"do": "make"})
    first = made.context["address"]
    assert made.status_code == 200
    assert first in made.content.decode()
    assert "webcal://" in made.content.decode()
    again = client.get(PAGE).content.decode()
    assert first not in again
    assert "Replace the address" in again
    assert Client().get(urlsplit(first).path).status_code == 200

    second = client.post(PAGE, {"do": "make"}).context["address"]
    assert [Client().get(urlsplit(url).path).status_code for url in (first, second)] == [404, 200]

    for _n in range(2):
        assert client.post(PAGE, {"do": "drop"}).status_code == 302
    assert Client().get(urlsplit(second).path).status_code == 404
    assert not PersonalCalendar.objects.exists()


def test_the_page_asks_to_sign_in_and_takes_no_other_word(client: Client) -> None:
    assert client.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    assert client.post(PAGE, {"do": "make"}).status_code == 302
    member = browser(make_user())
    for do in ("", "else", "make\x00"):
        assert member.post(PAGE, {"do": do}).status_code == 400
    assert not PersonalCalendar.objects.exists()


@pytest.mark.parametrize(
    "token", ["x", "a" * 32, "é", "%2e%2e", "' OR 1=1", "x" * 5000, "calendar"]
)
def test_an_address_nobody_was_given_leads_nowhere(client: Client, token: str) -> None:
    make_address(by=make_user())

    assert client.get(f"/events/mine/{token}.ics").status_code == 404


def test_text_that_is_no_text_is_refused(client: Client) -> None:
    assert client.get("/events/mine/%00.ics").status_code == 400
    assert client.get("/events/mine/%ED%A0%80.ics").status_code in (400, 404)


def test_only_reading_is_possible(client: Client) -> None:
    there = address(make_user())

    assert client.post(there).status_code == 405
    assert client.head(there).status_code == 200


def test_who_is_locked_or_gone_has_no_calendar() -> None:
    locked, gone = make_user(), make_user()
    addresses = [address(locked), address(gone)]
    locked.is_active = False
    locked.save()
    close_account(by=gone, user=gone)

    assert [Client().get(there).status_code for there in addresses] == [404, 404]
    assert not PersonalCalendar.objects.filter(user=gone).exists()


def test_only_a_fingerprint_is_kept() -> None:
    member = make_user()
    token = make_address(by=member)

    kept = PersonalCalendar.objects.get(user=member)

    assert token not in str(vars(kept))
    assert len(token) >= 32


def test_no_cache_no_other_site_no_index_and_no_log_has_the_address(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    member = make_user()
    there = address(member)
    caplog.set_level("DEBUG")

    answer = client.get(there)

    assert answer["Referrer-Policy"] == "no-referrer"
    assert "private" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    page = browser(member).post(PAGE, {"do": "make"})
    assert "no-store" in page["Cache-Control"]
    token = there.rsplit("/", 1)[1].removesuffix(".ics")
    assert token not in caplog.text
    for prefix in ("", "GET ", "https://portal.test.example", "GET /fr"):
        assert token not in public_address(f"{prefix}/events/mine/{token}.ics?x=1")
    assert public_address(PAGE) == PAGE
    assert public_address("/events/mine/") == "/events/mine/"


def test_what_did_not_change_is_not_sent_again(client: Client) -> None:
    event, member = make_webinar(), make_user()
    open_registration(event)
    come(event, member)
    there = address(member)
    tag = client.get(there)["ETag"]

    assert client.get(there, headers={"If-None-Match": tag}).status_code == 304

    registering.withdraw(member.registrations.get(), by=member)
    assert client.get(there, headers={"If-None-Match": tag}).status_code == 200


def test_a_speaker_of_a_hidden_event_reads_it_only_as_its_editor() -> None:
    hub = make_hub()
    editor, other = make_member(hub, "editor"), make_user()
    event = make_event(name="Closed talks", is_public=False, hub=hub)
    for user in (editor, other):
        person = make_person()
        Person.objects.filter(pk=person.pk).update(user=user)
        contribute(person, event)

    assert (set(entries(editor)), set(entries(other))) == ({"Closed talks"}, set())


@pytest.mark.parametrize("n", [1, 12])
def test_the_page_costs_the_same_however_much_is_followed(n: int) -> None:
    member = make_user()
    for _n in range(n):
        record.follow(make_commitment(make_event()), by=member)
    client = browser(member)
    client.get(PAGE)

    with CaptureQueriesContext(connection) as asked:
        client.get(PAGE)
    assert len(asked) == 6


def test_days_of_webinars_are_those_of_their_zone() -> None:
    moment = dt.datetime(2031, 3, 9, 23, 30, tzinfo=dt.UTC)
    event = make_webinar(moment, minutes=20, zone="Pacific/Apia", name="Late")
    open_registration(event)
    member = make_user()
    come(event, member)

    entry = entries(member)["Late"]

    assert (entry["DTSTART"], entry.params("DTSTART")) == (
        "20310309T233000", {"TZID": "Pacific/Apia"},
    )  # fmt: skip
