"""A moment said in words: the same instant on every page, in every letter, in every file."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from icalendar import Calendar

from core import walltime
from events import calendars
from events.models import Event, Session
from participation.cities import CITIES
from participation.reading import Around, around
from participation.times import Clock, offset_of, times_in_words
from participation.timing import Span
from participation.views import webinars as views
from tests.participation.factories import make_webinar

if TYPE_CHECKING:
    from collections.abc import Iterator

UTC = dt.UTC


def span(starts: str, minutes: int | None = 75) -> Span:
    begins = dt.datetime.fromisoformat(starts).replace(tzinfo=UTC)
    return Span(begins, None if minutes is None else begins + dt.timedelta(minutes=minutes))


# --- In words -------------------------------------------------------------------------------------


def test_the_reader_and_the_host_each_have_their_own_clocks():
    times = times_in_words(span("2013-05-16T13:00"), "Asia/Jakarta", "America/Mexico_City", "en")

    assert times.lines == (
        "Your time: Thursday 16 May 2013, 20:00–21:15 (Jakarta, UTC+7)",
        "Time of the host: Thursday 16 May 2013, 08:00–09:15 (Mexico City, UTC−5)",
    )
    assert times.short == "16 May 2013, 20:00 (Jakarta)"
    assert not times.same


def test_clocks_that_show_the_same_are_said_once():
    times = times_in_words(span("2027-07-01T13:00"), "Europe/Berlin", "Europe/Oslo", "en")

    assert times.same
    assert times.lines == ("Thursday 1 July 2027, 15:00–16:15 (Oslo, UTC+2)",)


def test_clocks_that_part_while_it_lasts_are_not_the_same():
    # Beirut and Cairo stand alike until Cairo changes first, in the middle of it.
    moment = Span(
        dt.datetime(2025, 4, 24, 20, 0, tzinfo=UTC), dt.datetime(2025, 4, 24, 23, 0, tzinfo=UTC)
    )

    assert not times_in_words(moment, "Asia/Beirut", "Africa/Tripoli", "en").same


def test_an_end_on_another_day_says_which():
    times = times_in_words(span("2027-03-20T23:00"), "UTC", "UTC", "en")

    assert times.host == "Saturday 20 March 2027, 23:00 – Sunday 21 March 2027, 00:15 UTC"


def test_clocks_that_are_moved_meanwhile_say_so_at_both_ends():
    times = times_in_words(span("2026-11-01T05:30", 45), "America/New_York", "UTC", "en")

    assert times.reader == "Sunday 1 November 2026, 01:30 UTC−4 – 01:15 UTC−5 (New York)"


def test_an_end_nobody_stated_is_left_out():
    assert times_in_words(span("2027-03-20T13:00", None), "UTC", "UTC", "en").host == (
        "Saturday 20 March 2027, 13:00 UTC"
    )


def test_whole_days_have_no_hours_and_are_those_of_the_host():
    days = Span(
        dt.datetime(2027, 5, 3, 17, 0, tzinfo=UTC), dt.datetime(2027, 5, 6, 17, 0, tzinfo=UTC)
    )

    times = times_in_words(days, "America/Lima", "Asia/Jakarta", "en")

    assert times.lines == ("Tuesday 4 May 2027 – Thursday 6 May 2027",)
    assert (times.short, times.whole_days) == ("4 May 2027", True)


def test_what_has_no_hours_says_nothing():
    times = times_in_words(Span(None, None), "UTC", "UTC", "en")

    assert not times
    assert (times.lines, times.reader, times.host) == ((), "", "")


def test_a_zone_nobody_knows_is_read_as_utc():
    assert times_in_words(span("2027-03-20T13:00"), "Mars/Base", "", "en").reader.endswith(" UTC")


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "UTC"), ("Asia/Kathmandu", "UTC+5:45"), ("America/St_Johns", "UTC−3:30"),
        ("Pacific/Kiritimati", "UTC+14"), ("Pacific/Marquesas", "UTC−9:30"),
        ("Europe/Dublin", "UTC"), ("Africa/Monrovia", "UTC"),
    ],
)  # fmt: skip
def test_offsets_are_said_as_short_as_they_are(zone: str, said: str):
    assert offset_of(dt.datetime(2027, 1, 15, 12, 0, tzinfo=ZoneInfo(zone))) == said


def test_offsets_of_old_times_go_to_the_second():
    assert offset_of(dt.datetime(1900, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata"))).startswith("UTC+5:2")


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_language_says_the_same_hours_and_offsets(language: str):
    times = times_in_words(span("2027-03-20T13:00"), "Asia/Kathmandu", "America/St_Johns", language)

    assert "18:45–20:00" in times.reader
    assert "UTC+5:45" in times.reader
    assert "10:30–11:45" in times.host
    assert "UTC−2:30" in times.host
    assert len(times.lines) == 2
    with translation.override(language):
        assert (
            times.lines
            == times_in_words(
                span("2027-03-20T13:00"), "Asia/Kathmandu", "America/St_Johns", language
            ).lines
        )


def test_the_eight_cities_are_of_eight_known_zones():
    assert len(CITIES) == 8
    assert {city.zone for city in CITIES} <= walltime.zones()
    january = dt.datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
    offsets = [Clock.of(city.zone, january, None).begins.utcoffset() for city in CITIES]
    assert offsets == sorted(offsets)


# --- 400 webinars, 12 zones, every kind of change of clocks ---------------------------------------

#: Where webinars are held: rules that changed, half hours, a day left out, winter time below.
HOSTS = (
    "America/Mexico_City", "America/Sao_Paulo", "America/New_York", "Europe/Paris",
    "Europe/Dublin", "Asia/Tehran", "Asia/Amman", "Africa/Casablanca", "Africa/Cairo",
    "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Apia", "Pacific/Auckland",
    "America/Caracas", "Asia/Pyongyang", "Africa/Juba", "America/Santiago", "Europe/Istanbul",
    "Asia/Kathmandu", "America/St_Johns",
)  # fmt: skip
#: Whose clocks are read.
READERS = (
    "UTC", "America/Mexico_City", "America/Sao_Paulo", "America/St_Johns", "Europe/Dublin",
    "Africa/Casablanca", "Asia/Tehran", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
    "Pacific/Chatham", "Pacific/Honolulu",
)  # fmt: skip
AROUND = (-600, -95, -50, -20, 0, 5, 40, 100, 700)
FROM, UNTIL = dt.datetime(2010, 1, 1, tzinfo=UTC), dt.datetime(2030, 1, 1, tzinfo=UTC)
WANTED = 400


def changes(zone: str) -> Iterator[dt.datetime]:
    """The instants at which the clocks of a place were or will be moved, to the minute."""
    place, day = ZoneInfo(zone), dt.timedelta(days=1)
    at = FROM
    while at < UNTIL:
        if at.astimezone(place).utcoffset() != (at + day).astimezone(place).utcoffset():
            low, high = at, at + day
            before = low.astimezone(place).utcoffset()
            while high - low > dt.timedelta(minutes=1):
                middle = low + (high - low) / 2
                if middle.astimezone(place).utcoffset() == before:
                    low = middle
                else:
                    high = middle
            yield (high + dt.timedelta(seconds=30)).replace(second=0, microsecond=0)
        at += day


def made(zone: str, begins: dt.datetime) -> Session | None:
    """The session as editors would write it for that instant; None where a session cannot be so."""
    place = ZoneInfo(zone)
    first = begins.astimezone(place)
    last = (begins + dt.timedelta(minutes=45)).astimezone(place)
    if first.date() != last.date():
        return None
    twice = first.replace(fold=0).utcoffset() != first.replace(fold=1).utcoffset()
    ends_twice = last.replace(fold=0).utcoffset() != last.replace(fold=1).utcoffset()
    row = Session(
        slug="webinar", kind="session", day=first.date(), zone=zone,
        wall_starts=first.time().replace(fold=0), wall_ends=last.time().replace(fold=0),
        second_hour=bool(first.fold or last.fold) if twice or ends_twice else None,
    )  # fmt: skip
    try:
        row.clean()
    except ValidationError:
        return None
    return row if row.starts_at == begins else None


def webinars() -> list[tuple[dt.datetime, Session]]:
    """400 sessions just before, at and just after changes of clocks, each with its instant."""
    found: list[tuple[dt.datetime, Session]] = []
    more: list[tuple[dt.datetime, Session]] = []
    each = WANTED // len(HOSTS)
    for zone in HOSTS:
        moments = [
            change + dt.timedelta(minutes=minutes) for change in changes(zone) for minutes in AROUND
        ] or [FROM + dt.timedelta(days=97 * n, minutes=331 * n) for n in range(each)]
        rows = [(moment, row) for moment in moments if (row := made(zone, moment)) is not None]
        taken = rows[:: max(len(rows) // each, 1)][:each]
        found += taken
        more += [row for row in rows if row not in taken]
    return found + more[: WANTED - len(found)]


SAID = re.compile(
    r"(?P<weekday>\w+day) (?P<day>\d+ \w+ \d{4}), (?P<from>\d\d:\d\d)(?: UTC\S*)?"
    r"(?: ?– ?(?:\w+day (?P<last>\d+ \w+ \d{4}), )?(?P<to>\d\d:\d\d)(?: (?P<moved>UTC\S*))?)?"
    r"(?: (?P<utc>UTC)| \((?P<place>[^,()]+)(?:, (?P<offset>UTC[^)]*))?\))"
)


def minutes_of(offset: str) -> dt.timedelta:
    """An offset as a person reads it."""
    found = re.fullmatch(r"UTC(?:([+−])(\d+)(?::(\d\d))?)?", offset)
    assert found, offset
    size = dt.timedelta(hours=int(found[2] or 0), minutes=int(found[3] or 0))
    return -size if found[1] == "−" else size


def read(words: str) -> tuple[dt.datetime, dt.datetime]:
    """The instants that a person with nothing but these words would work out."""
    found = SAID.fullmatch(words)
    assert found, words
    first = dt.datetime.strptime(f"{found['day']} {found['from']}", "%d %B %Y %H:%M")  # noqa: DTZ007
    assert f"{first:%A}" == found["weekday"]
    last = dt.datetime.strptime(f"{found['last'] or found['day']} {found['to']}", "%d %B %Y %H:%M")  # noqa: DTZ007
    if found["moved"]:
        opening = re.search(r"\d\d:\d\d (UTC\S*) – ", words)
        assert opening
        offsets = (opening[1], found["moved"])
    else:
        offsets = (found["utc"] or found["offset"],) * 2
    begins, ends = (
        moment.replace(tzinfo=UTC) - minutes_of(offset)
        for moment, offset in zip((first, last), offsets, strict=True)
    )
    return begins, ends


def read_file(content: str) -> tuple[dt.datetime, dt.datetime]:
    """The instants of the lines of a file, by the rules of RFC 5545 and the zone's own."""
    moments = []
    for name in ("DTSTART", "DTEND"):
        entry = content[content.index("BEGIN:VEVENT") :]
        line = re.search(
            rf"^{name}(?:;TZID=([^:;]+))?:(\d{{8}}T\d{{6}})(Z?)\r?$", entry, re.MULTILINE
        )
        assert line, entry
        wall = dt.datetime.strptime(line[2], "%Y%m%dT%H%M%S")  # noqa: DTZ007
        place = UTC if line[3] else ZoneInfo(line[1])
        # Of an hour that comes twice, a file means the first (RFC 5545, 3.3.5).
        moments.append(wall.replace(tzinfo=place, fold=0).astimezone(UTC))
    return moments[0], moments[1]


def times_of(page: str) -> list[str]:
    """What stands in a page's elements of time, as a person reads it."""
    return [html.unescape(text) for text in re.findall(r"<time[^>]*>([^<]*)</time>", page)]


@pytest.fixture(scope="module")
def chosen() -> list[tuple[dt.datetime, Session]]:
    return webinars()


def test_there_are_400_webinars_of_which_many_are_at_a_change_of_clocks(chosen: Any):
    assert len(chosen) == WANTED
    assert {row.zone for _moment, row in chosen} == set(HOSTS)
    twice = [row for _moment, row in chosen if row.second_hour is not None]
    assert len(twice) > 20
    assert any(row.second_hour for row in twice)


def test_letters_say_the_instant_of_every_webinar_to_every_reader(chosen: Any):
    wrong = 0
    for moment, row in chosen:
        until = moment + dt.timedelta(minutes=45)
        for zone in READERS:
            times = times_in_words(row, zone, row.zone, "en")
            wrong += read(times.reader) != (moment, until)
            wrong += read(times.host) != (moment, until)
            place = moment.astimezone(ZoneInfo(zone))
            wrong += f", {place:%H:%M}" not in times.reader
            wrong += f"{place.day} {place:%B} {place.year}" not in times.reader
    assert wrong == 0


@pytest.mark.django_db
def test_files_pages_and_letters_give_one_instant(chosen: Any, monkeypatch: pytest.MonkeyPatch):
    """Every webinar's file; every webinar's place in the list for each of twelve readers."""
    event = make_webinar()
    event.sessions.all().delete()
    for number, (_moment, row) in enumerate(chosen):
        row.event = Event(
            pk=event.pk + number + 1, slug=f"w-{number}", name=f"Webinar {number}", kind="webinar",
            starts=row.day.isoformat(), ends=row.day.isoformat(), zone=row.zone, status="held",
        )  # fmt: skip
        row.title = row.event.name
    Event.objects.bulk_create([row.event for _moment, row in chosen])
    Session.objects.bulk_create([row for _moment, row in chosen])
    instants = {
        row.event.name: (moment, moment + dt.timedelta(minutes=45)) for moment, row in chosen
    }

    wrong = []
    for session in Session.objects.select_related("event", "room"):
        content = calendars.calendar_of_session(session)
        entry = Calendar.from_ical(content).walk("VEVENT")[0]
        parsed = tuple(entry.decoded(name).astimezone(UTC) for name in ("dtstart", "dtend"))
        found = {parsed, read_file(content.decode().replace("\r\n ", ""))}
        if found != {instants[session.event.name]}:
            wrong.append((session.event.name, session.zone, session.starts_at))
    assert wrong == []

    monkeypatch.setattr(views, "PER_PAGE", WANTED)  # the same rows in one answer: in less time
    client = Client()
    for zone in READERS:
        seen = {}
        page = client.get("/events/webinars/", {"view": "held", "zone": zone}).content.decode()
        for item in re.findall(r'<li><h3 class="plain">.*?</li>', page, re.DOTALL):
            if name := re.search(r"<bdi[^>]*>(Webinar \d+)</bdi>", item):
                seen[name[1]] = {read(words) for words in times_of(item)}
        assert {name: times for name, times in seen.items() if times != {instants[name]}} == {}
        assert len(seen) == WANTED


@pytest.mark.django_db
def test_the_page_of_a_webinar_shows_its_instant_on_all_its_clocks(chosen: Any):
    event = make_webinar()
    for number, (moment, row) in enumerate(chosen):
        zone = READERS[number % len(READERS)]
        event.zone = row.zone
        request = RequestFactory().get("/", {"zone": zone})
        request.user = AnonymousUser()
        until = moment + dt.timedelta(minutes=45)
        part = Around(**_known(event) | {"span": Span(moment, until), "now": moment})
        page = render_to_string(
            "participation/_when.html", {"part": part, "event": event, "request": request}
        )

        attributes = re.findall(r'<time datetime="([^"]*)"', page)
        assert {dt.datetime.fromisoformat(one).astimezone(UTC) for one in attributes} == {moment}
        local = moment.astimezone(ZoneInfo(zone))
        kicker = html.unescape(
            re.sub(r"<[^>]*>", "", page.split('class="kicker">')[1].split("</p>")[0])
        )
        assert kicker.endswith(offset_of(local))
        assert times_of(page)[0].startswith(f"{local:%H:%M}")
        for city in CITIES:
            shown = re.search(rf"<dt>{city.name}.*?<dd class=\"tm\">(\d\d:\d\d)", page)
            assert shown, city
            assert shown[1] == f"{moment.astimezone(ZoneInfo(city.zone)):%H:%M}"
        assert "UTC." in page


def _known(event: Event) -> dict[str, Any]:
    """What else is around an event, read once."""
    if not hasattr(event, "_around"):
        found = around(event, AnonymousUser())
        event._around = {name: getattr(found, name) for name in Around.__slots__}  # type: ignore[attr-defined]
    known: dict[str, Any] = event._around  # type: ignore[attr-defined]
    return known


def test_the_zone_in_force_changes_nothing_of_what_is_said():
    with timezone.override("Pacific/Apia"):
        one = times_in_words(span("2027-03-20T13:00"), "Asia/Tokyo", "UTC", "en")
    assert one == times_in_words(span("2027-03-20T13:00"), "Asia/Tokyo", "UTC", "en")
