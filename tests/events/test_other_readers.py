"""Calendar files as other programs read them: another library, and a mail program."""

from __future__ import annotations

import datetime as dt
import io
import random
from email import message_from_bytes
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from core import walltime
from events import calendars, zones
from events.models import Event, Session
from tests.events.factories import make_event, make_session
from tests.rfc5545 import read

pytestmark = pytest.mark.django_db
FEED = "/events/calendar.ics"


@pytest.fixture(autouse=True)
def no_rules_of_earlier_files() -> None:
    """The other library keeps the rules it once read of a zone for good."""
    getattr(vobject.icalendar, "__tzidMap").clear()


def hours(event: Event, **values: Any) -> Session:
    """A session with hours."""
    return make_session(
        event,
        **{"zone": "Asia/Jakarta", "wall_starts": dt.time(9), "wall_ends": dt.time(10)} | values,
    )


@pytest.mark.parametrize(
    ("place", "day"),
    [
        (place, day)
        for place in (
            "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
            "Asia/Tehran", "Africa/Casablanca", "Pacific/Apia", "America/Mexico_City", "Asia/Gaza",
        )
        for day in (
            dt.date(1955, 4, 18), dt.date(1969, 7, 20), dt.date(2011, 12, 29),
            dt.date(2025, 3, 9), dt.date(2026, 10, 25), dt.date(2044, 7, 1),
        )
    ],
)  # fmt: skip
def test_another_library_reads_the_same_instant_by_the_rules_in_the_file(
    client: Client, place: str, day: dt.date
) -> None:
    """Past and future: the rules of a zone reach from before the entry to after it."""
    session = hours(
        make_event(), day=day, zone=place, wall_starts=dt.time(12, 30), wall_ends=dt.time(13)
    )
    address = reverse("events:session-calendar", args=[session.event.slug, session.slug])

    entry = vobject.readOne(client.get(address).content.decode()).vevent

    assert entry.dtstart.value.astimezone(dt.UTC) == session.starts_at
    assert entry.dtend.value.astimezone(dt.UTC) == session.ends_at
    written = read(client.get(address).content).all("VEVENT")[0]
    by_hand = dt.datetime.strptime(written["DTSTART"], "%Y%m%dT%H%M%S").replace(
        tzinfo=ZoneInfo(written.params("DTSTART")["TZID"])
    )
    assert by_hand == session.starts_at


def test_a_feed_over_ninety_years_is_read_by_another_library(client: Client) -> None:
    wanted = {}
    for n, (place, year) in enumerate(
        [("Asia/Jakarta", 1955), ("Europe/London", 1968), ("America/New_York", 2044)]
    ):
        session = hours(
            make_event(kind="webinar", starts=f"{year}-06-01"),
            day=dt.date(year, 6, 1 + n), zone=place, title=str(year),
        )  # fmt: skip
        wanted[str(year)] = session.starts_at

    found = vobject.readOne(client.get(FEED).content.decode()).vevent_list

    assert {row.summary.value: row.dtstart.value.astimezone(dt.UTC) for row in found} == wanted


def test_a_mail_program_takes_the_file_as_a_calendar() -> None:
    event = make_event(name="Über Brunnen, 井戸; العيون", summary="Line\nline")
    content = calendars.calendar_of(event, [hours(event)])
    mail = EmailMessage("Wells", "See inside.", to=["ada@test.example"])
    mail.attach("event.ics", content, calendars.CONTENT_TYPE)

    (part,) = [
        part
        for part in message_from_bytes(mail.message().as_bytes(linesep="\r\n")).walk()
        if part.get_content_type() == "text/calendar"
    ]

    assert (part.get_param("method"), part.get_content_charset()) == ("PUBLISH", "utf-8")
    calendar = read(part.get_payload(decode=True))
    assert calendar["METHOD"] == part.get_param("method")
    assert calendar.all("VEVENT")[0]["SUMMARY"] == event.name
    assert calendar.all("VEVENT")[0]["DESCRIPTION"] == event.summary


def test_the_rules_of_every_zone_are_those_of_its_clocks() -> None:
    """Every seventh zone of the world at hours of ninety years, read by another library."""
    chance, wrong = random.Random(5), []
    places = sorted(walltime.zones() - {"Factory", "localtime"})
    for place in places[::7]:
        rules = zones.rules_of(place, 1950, 2045).to_ical().decode()
        read_back = tzical(io.StringIO(f"BEGIN:VCALENDAR\r\n{rules}END:VCALENDAR\r\n")).get()
        for _n in range(50):
            hour = dt.timedelta(hours=chance.randrange(93 * 365 * 24), minutes=30)
            wall = dt.datetime.combine(dt.date(1951, 1, 1), dt.time()) + hour
            real = wall.replace(tzinfo=ZoneInfo(place))
            if (
                real.utcoffset()
                == real.replace(fold=1).utcoffset()
                != wall.replace(tzinfo=read_back).utcoffset()
            ):
                wrong.append((place, wall))
    assert wrong == []


@pytest.mark.parametrize(
    ("place", "day", "hour"),
    [
        ("America/New_York", dt.date(2026, 3, 8), 3), ("America/New_York", dt.date(2026, 3, 8), 1),
        ("Europe/Berlin", dt.date(2027, 3, 28), 3), ("Europe/Berlin", dt.date(2027, 10, 31), 3),
        ("Australia/Lord_Howe", dt.date(2026, 10, 4), 2),
        ("Africa/Casablanca", dt.date(2026, 3, 22), 3),
    ],
)  # fmt: skip
def test_the_clocks_change_at_their_moment_and_not_an_hour_later(
    place: str, day: dt.date, hour: int
) -> None:
    """By the letter of the standard: a change begins at its time before the change."""
    at = dt.datetime.combine(day, dt.time(hour, 30), tzinfo=ZoneInfo(place))
    rules: Any = zones.rules_of(place, 2010, 2040)
    begun = [
        (moment, part["TZOFFSETTO"].td)
        for part in rules.subcomponents
        for moment in _moments(part, day.year)
        if moment.replace(tzinfo=None) - part["TZOFFSETFROM"].td
        <= at.astimezone(dt.UTC).replace(tzinfo=None)
    ]
    assert max(begun)[1] == at.utcoffset()


def _moments(part: Any, year: int) -> list[dt.datetime]:
    """The changes of an observance up to that year, counted by hand."""
    first = part.decoded("dtstart")
    if "RRULE" not in part:
        return [first]
    rule, found = part["RRULE"], []
    for each in range(first.year, year + 1):
        days = [
            dt.datetime.combine(dt.date(each, rule["BYMONTH"][0], n), first.time())
            for n in range(1, 32)
            if n <= (dt.date(each + rule["BYMONTH"][0] // 12, rule["BYMONTH"][0] % 12 + 1, 1)
                     - dt.timedelta(days=1)).day
        ]  # fmt: skip
        fitting = [day for day in days if day.weekday() == first.weekday()]
        nth = str(rule["BYDAY"][0])
        if "BYMONTHDAY" in rule:
            fitting = [day for day in fitting if day.day in rule["BYMONTHDAY"]]
        elif nth.startswith("-1"):
            fitting = fitting[-1:]
        else:
            fitting = [fitting[int(nth[0]) - 1]]
        if "UNTIL" not in rule or fitting[0].year <= rule["UNTIL"][0].year:
            found.extend(fitting)
    return found
