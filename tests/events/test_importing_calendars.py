"""Calendar files as programmes: from this portal, from other programs, and from people who mean
harm."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from core import walltime
from events import calendars
from events.importing import reading, taking_over
from events.importing.comparing import Comparison
from events.importing.rows import Unreadable
from events.models import Event, ProgrammeImport, Room, Session
from events.programme import in_order
from hubs.models import Hub
from tests.events.factories import make_event, make_session
from tests.events.imports import read, take_over, upload, verdicts
from tests.factories import make_hub, make_member
from tests.people import browser

pytestmark = pytest.mark.django_db

ZONES = (
    "Asia/Jakarta", "Europe/Berlin", "America/New_York", "America/Mexico_City", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tehran", "Africa/Casablanca",
    "Pacific/Chatham", "UTC",
)  # fmt: skip


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def event(hub: Hub) -> Event:
    return make_event(slug="wells", hub=hub, zone="Asia/Jakarta", venue="Town hall")


@pytest.fixture
def editor(hub: Hub) -> User:
    return make_member(hub, "editor")


@pytest.fixture
def client(editor: User) -> Client:
    return browser(editor)


def ics(*entries: str, head: str = "", end: str = "\r\n") -> bytes:
    """A calendar file with these entries, each lines of its own."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Wells//EN", *head.splitlines()]
    for entry in entries:
        lines += ["BEGIN:VEVENT", *entry.strip().splitlines(), "END:VEVENT"]
    return end.join([*lines, "END:VCALENDAR", ""]).encode()


def rows(page: Any) -> list[tuple[Any, ...]]:
    return [(row.title, row.day, row.hours, row.zone, row.verdict) for row in page.context["page"]]


ENTRY = "UID:a@wells\nDTSTART;TZID=Asia/Jakarta:20240506T090000\nSUMMARY:A"


# --- What is read --------------------------------------------------------------------------------


def test_entries_become_sessions_once_they_are_taken_over(client: Client, event: Event) -> None:
    page = read(
        client,
        ics(
            "UID:a@wells\nDTSTART;TZID=Asia/Jakarta:20240506T090000\nDURATION:PT1H30M\n"
            "SUMMARY:S1: Deep\\, wells\nLOCATION:Cellar\\, Town hall\\, Wellington upon Well\n"
            "DESCRIPTION:About wells.\\nAnd <b>water</b>.\nCATEGORIES:Travel,PANEL",
            "UID:b@wells\nDTSTART:20240506T040000Z\nDTEND:20240506T050000Z\nSUMMARY:2030: and then",
            "UID:c@wells\nDTSTART;VALUE=DATE:20240507\nSUMMARY:Lunch\nLOCATION:Garden",
            "UID:d@wells\nDTSTART:20240507T140000\nSUMMARY:Floating\n"
            "LOCATION:Town hall\\, Wellington upon Well",
        ),
    )

    assert rows(page) == [
        ("Deep, wells", "2024-05-06", "09:00–10:30", "Asia/Jakarta", "add"),
        ("2030: and then", "2024-05-06", "11:00–12:00", "Asia/Jakarta", "add"),
        ("Lunch", "2024-05-07", "", "", "add"),
        ("Floating", "2024-05-07", "14:00", "Asia/Jakarta", "add"),
    ]
    assert page.context["found"].notes == [
        "Some hours have no time zone. They are taken as those of Asia/Jakarta."
    ]
    take_over(client, page)
    found = Session.objects.order_by("position").select_related("room")
    assert [
        (row.code, row.kind, str(row.room or ""), row.external_id, row.summary) for row in found
    ] == [
        ("S1", "panel", "Cellar", "a@wells", "About wells.\nAnd water."),
        ("", "session", "", "b@wells", ""),
        ("", "break", "Garden", "c@wells", ""),
        ("", "session", "", "d@wells", ""),
    ]
    assert ProgrammeImport.objects.get().source == "icalendar"


def test_reading_a_calendar_again_updates_by_its_ids(client: Client, event: Event) -> None:
    take_over(client, read(client, ics(ENTRY)))

    assert verdicts(read(client, ics(ENTRY))) == ["same"]
    moved = read(client, ics(ENTRY.replace("T09", "T10").replace(":A", ":B")))

    (row,) = moved.context["page"]
    assert [(change.label, change.old, change.new) for change in row.changes] == [
        ("Begins", "09:00", "10:00"), ("Title", "A", "B"),
    ]  # fmt: skip
    take_over(client, moved)
    assert event.sessions.get().sequence == 1


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\r\n\r\n"])
def test_lines_may_end_and_files_may_begin_as_programs_like(
    client: Client, event: Event, start: str, end: str
) -> None:
    page = read(client, start.encode() + ics(ENTRY, end=end))

    assert verdicts(page) == ["add"]


@pytest.mark.parametrize(
    ("zone", "starts", "hours", "kept"),
    [
        ("W. Europe Standard Time", "20240506T090000", "09:00", "Europe/Berlin"),
        ("/mozilla.org/20050126_1/Asia/Tokyo", "20240506T090000", "09:00", "Asia/Tokyo"),
        ("america/mexico_city", "20240506T090000", "09:00", "America/Mexico_City"),
        ('"Europe/Berlin"', "20240506T090000", "09:00", "Europe/Berlin"),
    ],
)
def test_zones_are_known_by_other_names(
    client: Client, event: Event, zone: str, starts: str, hours: str, kept: str
) -> None:
    page = read(client, ics(f"UID:a\nSUMMARY:A\nDTSTART;TZID={zone}:{starts}"))

    assert rows(page) == [("A", "2024-05-06", hours, kept, "add")]


OWN_ZONE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


@pytest.mark.parametrize(
    ("starts", "jakarta"),
    [
        ("20240115T100000", "2024-01-15 16:00"),
        ("20240715T100000", "2024-07-15 15:00"),
        ("20240331T015959", "2024-03-31 07:59"),
        ("20240331T030000", "2024-03-31 08:00"),
        ("20241027T013000", "2024-10-27 06:30"),
        ("20241027T033000", "2024-10-27 09:30"),
        ("19950715T100000", "1995-07-15 15:00"),
    ],
)
def test_a_zone_that_only_the_file_knows_is_worked_out_by_its_rules(
    client: Client, event: Event, starts: str, jakarta: str
) -> None:
    page = read(
        client,
        ics(
            f"UID:a\nSUMMARY:A\nDTSTART;TZID=Customized Time Zone:{starts}",
            head=OWN_ZONE.format(name="Customized Time Zone"),
        ),
    )

    (row,) = page.context["page"]
    assert (f"{row.day} {row.hours}", row.zone, row.verdict) == (jakarta, "Asia/Jakarta", "add")


@pytest.mark.parametrize("zone", ZONES)
def test_the_rules_of_a_file_agree_with_the_zone_they_describe(
    client: Client, event: Event, zone: str
) -> None:
    """The portal's own rules under a name nobody knows give the instants of the zone itself."""
    days = [dt.date(2024, month, day) for month in range(1, 13) for day in (3, 17)]
    for day in days:
        make_session(event, day=day, zone=zone, wall_starts=dt.time(12), title=str(day))
    whole = calendars.calendar_of(event, in_order(event.sessions.all()))
    strange = whole.replace(f"TZID={zone}:".encode(), b"TZID=Strange:")
    strange = strange.replace(f"TZID:{zone}\r\n".encode(), b"TZID:Strange\r\n")
    strange = strange.replace(f"X-LIC-LOCATION:{zone}".encode(), b"X-LIC-LOCATION:Strange")
    instants = dict(event.sessions.values_list("title", "starts_at"))
    event.sessions.all().delete()

    take_over(client, read(client, strange))

    assert dict(event.sessions.values_list("title", "starts_at")) == instants


def test_an_hour_is_the_same_in_whatever_zone_a_file_tells_it(client: Client, event: Event) -> None:
    session = make_session(
        event, zone="Europe/Berlin", wall_starts=dt.time(9), wall_ends=dt.time(10), title="A",
        external_id="a@wells",
    )  # fmt: skip

    page = read(
        client,
        ics("UID:a@wells\nSUMMARY:A\nDTSTART:20240506T070000Z\nDTEND:20240506T080000Z"),
    )

    assert verdicts(page) == ["same"]
    page = read(client, ics("UID:a@wells\nSUMMARY:A\nDTSTART:20240506T080000Z"))
    assert verdicts(page) == ["refused"]  # it would end when it begins
    session.refresh_from_db()
    assert session.zone == "Europe/Berlin"


def test_who_is_invited_is_not_read(client: Client, event: Event) -> None:
    page = read(
        client,
        ics(f"{ENTRY}\nATTENDEE;CN=Ada Brook:mailto:ada@private.example\nORGANIZER:mailto:b@x.y"),
    )

    kept = ProgrammeImport.objects.get()
    assert "private.example" not in str(kept.rows)
    assert kept.notes == ["Who is invited, and their addresses, were not read."]
    assert page.context["page"][0].people == []


def test_links_to_join_are_not_made_public(client: Client, event: Event) -> None:
    page = read(
        client,
        ics(
            f"{ENTRY}\nLOCATION:https://meet.example/123\n"
            "DESCRIPTION:Join at https://meet.example/123?pwd=1"
        ),
    )

    (row,) = page.context["page"]
    assert row.room == ""
    assert row.warnings == [
        ("Summary", "There is a link in it, and readers will see it."),
        ("Room", "The place is a link. It is not taken over: programmes are public."),
    ]


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "column", "words"),
    [
        ("UID:a\nSUMMARY:A", "Begins", "It has no beginning (DTSTART)."),
        ("UID:a\nDTSTART:20240506T090000Z", "Title", "The title is missing."),
        ("UID:a\nSUMMARY: \\n \nDTSTART:20240506T090000Z", "Title", "The title is missing."),
        (f"{ENTRY}\nRRULE:FREQ=WEEKLY;COUNT=3", "",
         "This entry repeats. Make an entry of its own for each time."),
        (f"{ENTRY}\nRRULE:FREQ=SECONDLY", "",
         "This entry repeats. Make an entry of its own for each time."),
        (f"{ENTRY}\nRDATE:20240507T090000Z", "",
         "This entry repeats. Make an entry of its own for each time."),
        (f"{ENTRY}\nRECURRENCE-ID:20240507T090000Z", "",
         "This entry repeats. Make an entry of its own for each time."),
        (f"{ENTRY}\nSTATUS:CANCELLED", "",
         "This entry is cancelled. If its session is in the programme, take it out."),
        ("UID:a\nSUMMARY:A\nDTSTART;TZID=Nowhere/Land:20240506T090000", "Begins",
         "Nobody knows the time zone “Nowhere/Land”, and the file does not explain it."),
        ("UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/Berlin:20240331T023000", "Begins",
         "This time does not exist there: the clocks are put forward. Choose another."),
        ("UID:a\nSUMMARY:A\nDTSTART:20240532T090000Z", "Begins", "Its time cannot be read."),
        ("UID:a\nSUMMARY:A\nDTSTART:soon", "Begins", "Its time cannot be read."),
        ("UID:a\nSUMMARY:A\nDTSTART;VALUE=DATE:20240506\nDTEND;VALUE=DATE:20240508", "Begins",
         "It goes on for several days. Make an entry of its own for each day."),
        ("UID:a\nSUMMARY:A\nDTSTART;VALUE=DATE:20240506\nDURATION:P2D", "Begins",
         "It goes on for several days. Make an entry of its own for each day."),
        ("UID:a\nSUMMARY:A\nDTSTART:20240506T160000Z\nDTEND:20240506T180000Z", "Begins",
         "It goes on past midnight. Make an entry of its own for each day."),
        (f"{ENTRY}\nDURATION:P9999999D", "Begins", "Its length cannot be read."),
        (f"{ENTRY}\nDURATION:-PT1H", "Begins", "Its length cannot be read."),
        (f"{ENTRY}\nDURATION:long", "Begins", "Its length cannot be read."),
        (f"{ENTRY}\nDTEND;TZID=Asia/Jakarta:20240506T080000", "Ends", "It ends before it begins."),
        (f"{ENTRY}\nDTSTART:20240506T090000Z", "Begins", "It has several beginnings or ends."),
        ("UID:a\nSUMMARY:A\nDTSTART:00010101T000000Z", "Day",
         "Choose a day between 1900 and 2100."),
        (f"UID:{'u' * 251}\nSUMMARY:A\nDTSTART:20240506T090000Z", "ID",
         "This has 251 characters. The limit is 250."),
        (f"UID:a\nSUMMARY:{'A' * 301}\nDTSTART:20240506T090000Z", "Title",
         "This has 301 characters. The limit is 300."),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_left_out_with_the_reason(
    client: Client, event: Event, entry: str, column: str, words: str
) -> None:
    page = read(client, ics(entry, "UID:good\nSUMMARY:Good\nDTSTART:20240507T090000Z"))

    bad, good = page.context["page"]
    assert (bad.verdict, bad.problems) == ("refused", [(column, words)])
    assert good.verdict == "add"


def test_an_entry_that_stands_twice_is_taken_once(client: Client, event: Event) -> None:
    page = read(client, ics(ENTRY, ENTRY.replace("T09", "T11")))

    assert [row.problems for row in page.context["page"]] == [
        [], [("", "This entry stands in the file twice: see row 1.")],
    ]  # fmt: skip


DAMAGED = "This calendar file is damaged. Export it again and choose it anew."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"BEGIN:VCALENDAR", DAMAGED),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "There is no session in this file."),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", DAMAGED),
        (b"BEGIN:VCALENDAR\r\nnothing\r\nEND:VCALENDAR\r\n", DAMAGED),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "There is no session in this file."),
        (ics(ENTRY) + ics(ENTRY), DAMAGED),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\n" + ics(ENTRY), DAMAGED),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 3000, DAMAGED),
        (ics(ENTRY, head="METHOD:CANCEL"),
         "This file takes entries back. Take those sessions out yourself."),
        (ics(*["SUMMARY:A"] * 1001), "The file has more than 1000 entries. Make two files of it."),
        (ics(*["SUMMARY:A"] * 20_000), "This calendar file is too long to be a programme."),
        (ics(head="X:" + "x" * (2 * 1024 * 1024)),
         "This file is far too large. The limit is 2 MB."),
    ],
)  # fmt: skip
def test_a_damaged_calendar_is_refused_at_its_field(
    client: Client, event: Event, content: bytes, words: str
) -> None:
    answer = upload(client, content)

    assert answer.context["form"].errors == {"file": [words]}


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=SECONDLY;INTERVAL=0", "FREQ=YEARLY;BYSECOND=0,1,2,3;BYMINUTE=0,1",
        "FREQ=YEARLY;INTERVAL=0", "FREQ=YEARLY;COUNT=99999999", "FREQ=YEARLY;BYDAY=SU", "",
        "FREQ=YEARLY;BYMONTH=99;BYDAY=1SU", "FREQ=YEARLY;BYDAY=9SU", "FREQ=YEARLY;UNTIL=x",
    ],
)  # fmt: skip
def test_rules_that_would_never_end_are_not_followed(
    client: Client, event: Event, rule: str
) -> None:
    zone = OWN_ZONE.format(name="Evil").replace("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", rule)
    began = time.process_time()

    page = read(client, ics("UID:a\nSUMMARY:A\nDTSTART;TZID=Evil:20240506T090000", head=zone))

    assert len(verdicts(page)) == 1
    assert time.process_time() - began < 5


@pytest.mark.parametrize("mark", ["BEGIN:VTIMEZONE", "begin:vtimezone", "BEGIN:VTIME\r\n ZONE",
                                  "BEGIN:VTIME\r\n\r\n\tZONE", "BEGIN;X=1:VTIMEZONE"])  # fmt: skip
def test_what_one_file_calls_a_zone_is_nothing_to_the_next(
    client: Client, event: Event, mark: str
) -> None:
    zone = OWN_ZONE.format(name="Shared").replace("BEGIN:VTIMEZONE", mark)
    entry = "UID:a\nSUMMARY:A\nDTSTART;TZID=Shared:20240506T090000"
    upload(client, ics(entry, head=zone))

    page = read(client, ics(entry))

    assert page.context["page"][0].problems == [
        ("Begins", "Nobody knows the time zone “Shared”, and the file does not explain it.")
    ]


def test_a_file_does_not_say_what_a_known_zone_is(client: Client, event: Event) -> None:
    page = read(
        client,
        ics("UID:a\nSUMMARY:A\nDTSTART;TZID=Asia/Tokyo:20240506T090000",
            head=OWN_ZONE.format(name="Asia/Tokyo")),
    )  # fmt: skip

    take_over(client, page)

    assert event.sessions.get().starts_at == dt.datetime(2024, 5, 6, 0, tzinfo=dt.UTC)


def test_hostile_text_is_text(client: Client, event: Event) -> None:
    page = read(
        client,
        ics(
            "UID:<script>alert(1)</script>\nSUMMARY:<img src=x onerror=alert(1)>\u202eevil\n"
            "DTSTART:20240506T090000Z\nDESCRIPTION:<script>alert(1)</script>\n"
            "LOCATION:=cmd()\nCATEGORIES:<b>",
            "UID:nul\nSUMMARY:A\x00B\nDTSTART:20240506T090000Z",
        ),
    )

    body = page.content.decode()
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert verdicts(page) == ["add", "refused"]
    take_over(client, page)
    assert event.sessions.get().title == "<img src=x onerror=alert(1)>evil"


@given(data=st.binary(max_size=300), at=st.integers(0, 400), length=st.integers(0, 60))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_break_the_reader(event: Event, data: bytes, at: int, length: int) -> None:
    whole = ics(
        ENTRY + "\nDTEND;TZID=Own:20240506T100000\nCATEGORIES:A,B\nDURATION:PT1H",
        head=OWN_ZONE.format(name="Own"),
    )
    broken = whole[:at] + data + whole[at + length :]
    try:
        found = reading.read(SimpleUploadedFile("x.ics", broken), event)
    except Unreadable:
        return
    Comparison(event, [row.kept() for row in found.rows])


# --- What goes out comes in again ----------------------------------------------------------------

LINE = st.text("aZ éЯعم水😀,;:\\\"'&()-–/.0", min_size=1, max_size=60).filter(str.strip)


@st.composite
def planned(draw: Any) -> dict[str, Any]:
    """A session as a programme can have it."""
    zone = draw(st.sampled_from(ZONES))
    values: dict[str, Any] = {
        "title": " ".join(draw(LINE).split()),
        "code": draw(st.sampled_from(["", "", "1", "S2", "12a", "F 3", "4.1"])),
        "summary": "\n".join(draw(st.lists(LINE, max_size=2))).strip(),
        "day": draw(st.dates(dt.date(2000, 1, 1), dt.date(2035, 12, 31))),
        "zone": zone,
    }
    if draw(st.booleans()):
        begins = draw(st.integers(0, 1380))
        values["wall_starts"] = dt.time(begins // 60, begins % 60)
        if draw(st.booleans()):
            ends = draw(st.integers(begins + 1, 1439))
            values["wall_ends"] = dt.time(ends // 60, ends % 60)
        for name in ("wall_starts", "wall_ends"):
            if name in values:
                wall = dt.datetime.combine(values["day"], values[name])
                try:
                    first, second = walltime.both(wall, zone)
                except Exception:  # noqa: BLE001 (no clock shows it)
                    assume(False)
                assume(first == second)
    else:
        values["zone"] = ""
    return values


FIELDS = ("title", "code", "day", "wall_starts", "wall_ends", "starts_at", "ends_at", "summary")


def told_of(event: Event) -> list[tuple[Any, ...]]:
    rows = event.sessions.select_related("room").order_by("position", "pk")
    return sorted(
        (
            (*(getattr(row, name) for name in FIELDS),
             row.zone if row.starts_at else "", str(row.room or ""))
            for row in rows
        ),
        key=str,
    )  # fmt: skip


@given(
    sessions=st.lists(planned(), min_size=1, max_size=6),
    rooms=st.lists(st.sampled_from(["", "Cellar", "Hall, left wing"]), min_size=6, max_size=6),
)
@example(  # past midnight at the event's place, not on the session's own clocks
    sessions=[
        {
            "title": "0", "code": "", "summary": "", "day": dt.date(2000, 1, 1), "zone": "UTC",
            "wall_starts": dt.time(0), "wall_ends": dt.time(17),
        }
    ],
    rooms=[""] * 6,
)  # fmt: skip
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_programme_that_goes_out_as_a_calendar_comes_back_the_same(
    event: Event, editor: User, sessions: list[dict[str, Any]], rooms: list[str]
) -> None:
    event.sessions.all().delete()
    event.rooms.all().delete()
    for number, (values, name) in enumerate(zip(sessions, rooms, strict=False)):
        # Each in a room of its own, so that none is in the way of another.
        room = Room.objects.create(event=event, name=f"{name} {number}") if name else None
        make_session(event, room=room, position=number, **values)
    before = list(event.sessions.order_by("pk").values())
    whole = calendars.calendar_of(event, in_order(event.sessions.select_related("room", "track")))

    found = reading.read(SimpleUploadedFile("x.ics", whole), event)
    same = Comparison(event, [row.kept() for row in found.rows])

    assert [(one.verdict, one.changes) for one in same.planned] == [("same", [])] * len(sessions)
    assert list(event.sessions.order_by("pk").values()) == before

    if any(values["zone"] == "UTC" for values in sessions):
        return  # hours in UTC become those of the event, which may be of the day before
    other = make_event(hub=event.hub, zone=event.zone, venue=event.venue, city=event.city)
    found = reading.read(SimpleUploadedFile("x.ics", whole), other)
    kept = taking_over.keep(other, found, name="x.ics", by=editor)
    compared = Comparison(other, kept.rows)
    taking_over.take_over(kept, by=editor, seen=compared.digest)
    assert told_of(other) == told_of(event)
