"""Calendar files, read back by the parser of another library's own format."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from events.models import Event, Room
from tests.events.factories import make_event, make_session

pytestmark = pytest.mark.django_db


def entries(client: Client, *args: str) -> list[Any]:
    name = "events:session-calendar" if len(args) > 1 else "events:event-calendar"
    answer = client.get(reverse(name, args=args))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer["Content-Disposition"].startswith("attachment")
    return list(Calendar.from_ical(answer.content).walk())


def of_kind(found: list[Any], name: str) -> list[Any]:
    return [row for row in found if row.name == name]


def test_an_event_is_whole_days_and_its_sessions_have_hours(client: Client):
    event = make_event(venue="Town hall")
    room = Room.objects.create(event=event, name="Cellar")
    session = make_session(
        event, title="On wells", code="S1", room=room, zone="America/Mexico_City",
        wall_starts=dt.time(15), wall_ends=dt.time(16, 15),
    )  # fmt: skip
    make_session(event, title="Day only")
    make_session(event, title="No day", day=None)

    found = entries(client, event.slug)
    whole, day_only, on_wells = of_kind(found, "VEVENT")

    assert (whole.decoded("dtstart"), whole.decoded("dtend")) == (
        dt.date(2024, 5, 6), dt.date(2024, 5, 9),
    )  # fmt: skip
    assert str(whole["location"]) == "Town hall, Wellington upon Well"
    assert day_only.decoded("dtend") - day_only.decoded("dtstart") == dt.timedelta(days=1)
    assert str(on_wells["summary"]) == "S1: On wells"
    assert str(on_wells["location"]).startswith("Cellar")
    assert on_wells["dtstart"].params["TZID"] == "America/Mexico_City"
    assert on_wells.decoded("dtstart") == dt.datetime(
        2024, 5, 6, 15, tzinfo=ZoneInfo("America/Mexico_City")
    )
    assert on_wells.decoded("dtend") == session.ends_at
    assert [str(row["tzid"]) for row in of_kind(found, "VTIMEZONE")] == ["America/Mexico_City"]


@pytest.mark.parametrize(
    ("place", "day", "hour"),
    [
        (place, day, hour)
        for place in (
            "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe",
            "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Auckland", "America/Mexico_City",
        )
        for day in (dt.date(2024, 1, 15), dt.date(2024, 7, 15), dt.date(2014, 4, 15))
        for hour in (dt.time(0, 30), dt.time(23, 30))
    ],
)  # fmt: skip
def test_page_and_file_agree_on_the_instant_in_any_zone(
    client: Client, place: str, day: dt.date, hour: dt.time
):
    session = make_session(make_event(), day=day, zone=place, wall_starts=hour)

    found = entries(client, session.event.slug, session.slug)
    entry = of_kind(found, "VEVENT")[0]
    start = entry.decoded("dtstart")
    zone = of_kind(found, "VTIMEZONE")[0].to_tz()

    assert start == session.starts_at
    assert (start.hour, start.minute) == (hour.hour, hour.minute)
    by_the_files_own_rules = dt.datetime.combine(day, hour).replace(tzinfo=zone)
    assert by_the_files_own_rules.astimezone(dt.UTC) == session.starts_at
    page = client.get(session.get_absolute_url()).content.decode()
    assert session.starts_at.isoformat() in page


def test_the_second_of_two_hours_of_one_name_stays_the_second(client: Client):
    session = make_session(
        make_event(), day=dt.date(2024, 10, 27), zone="Europe/Berlin",
        wall_starts=dt.time(2, 30), wall_ends=dt.time(3, 30), second_hour=True,
    )  # fmt: skip

    entry = of_kind(entries(client, session.event.slug, session.slug), "VEVENT")[0]

    assert entry.decoded("dtend").astimezone(dt.UTC) == session.ends_at


def test_an_entry_keeps_its_name_when_address_and_hours_change(client: Client):
    session = make_session(make_event(), zone="Asia/Jakarta", wall_starts=dt.time(9))
    event = session.event
    before = of_kind(entries(client, event.slug), "VEVENT")

    session.slug, session.sequence, session.wall_starts = "moved", 1, dt.time(10)
    session.clean()
    session.save()
    Event.objects.filter(pk=event.pk).update(slug="renamed")
    after = of_kind(entries(client, "renamed"), "VEVENT")

    assert [row["uid"] for row in before] == [row["uid"] for row in after]
    assert [int(row.get("sequence", 0)) for row in after] == [0, 1]


@pytest.mark.parametrize(
    ("status", "shown"),
    [("planned", "TENTATIVE"), ("held", "CONFIRMED"), ("cancelled", "CANCELLED")],
)
def test_a_calendar_is_told_whether_it_takes_place(client: Client, status: str, shown: str):
    event = make_event(status=status)

    assert str(of_kind(entries(client, event.slug), "VEVENT")[0]["status"]) == shown


@pytest.mark.parametrize("starts", ["", "2024", "2024-05"])
def test_what_has_no_day_is_no_entry(client: Client, starts: str):
    event = make_event(starts=starts, ends="")

    assert client.get(reverse("events:event-calendar", args=[event.slug])).status_code == 404


def test_hostile_text_breaks_no_line(client: Client):
    evil = "Wells\r\nEND:VEVENT\r\nBEGIN:VEVENT;,\\ \u202e" + "é" * 200
    event = make_event(name=evil[:250], summary=evil)
    make_session(event, title=evil)

    found = of_kind(entries(client, event.slug), "VEVENT")

    assert len(found) == 2
    assert "END:VEVENT" in str(found[0]["summary"])
