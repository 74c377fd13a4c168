"""Programmes from files: read, compared, shown, taken over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from core.models import AuditEntry, SearchDocument
from events.importing.rows import COLUMNS
from events.importing.words import DayOrder, heading_of, read_day, read_time
from events.models import Event, Person, ProgrammeImport, Room, Session
from events.signals import programme_changed
from hubs.models import Hub
from tests.events.factories import contribute, make_event, make_person, make_session
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db

TABLE = """Number,Day,Begins,Ends,Title,Kind,Room,Speakers
1,2024-05-06,09:00,10:00,Opening of the wells,Opening,Great hall,
2,2024-05-06,10:00,11:30,Deep water,Panel,Great hall,"Ada Brook; Keeper; House of Wells; Brazil
Ben Ford; ; Guild of Springs; ; Moderator"
3,,10:00,11:30,Shallow water,Panel,Cellar,
"""


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def event(hub: Hub) -> Event:
    return make_event(slug="wells", hub=hub, zone="Asia/Jakarta")


@pytest.fixture
def editor(hub: Hub) -> User:
    return make_member(hub, "editor")


@pytest.fixture
def client(editor: User) -> Client:
    return browser(editor)


def upload(client: Client, content: str | bytes, under: str = "", **more: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    address = f"/{under}/events/wells/edit/import/".replace("//", "/")
    return client.post(address, {"file": SimpleUploadedFile("programme.csv", data), **more})


def read(client: Client, content: str | bytes, **more: Any) -> Any:
    """The page that shows what a file would change."""
    answer = upload(client, content, **more)
    if answer.status_code != 302:
        raise AssertionError(answer.context["form"].errors)
    return client.get(answer["Location"])


def verdicts(page: Any) -> list[str]:
    return [row.verdict for row in page.context["page"]]


def take_over(client: Client, page: Any) -> Any:
    return client.post(
        page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"],
        {"seen": page.context["compared"].digest},
    )


def told(answer: Any, client: Client) -> list[str]:
    """What the page a person is sent to says at its top."""
    return [str(message) for message in client.get(answer["Location"]).context["messages"]]


def programme(event: Event) -> list[tuple[Any, ...]]:
    rows = Session.objects.filter(event=event).select_related("room").order_by("position", "pk")
    return [
        (row.code, str(row.day), f"{row.wall_starts:%H:%M}", row.title, str(row.room or ""))
        for row in rows
    ]


def test_a_table_becomes_a_programme_once_it_is_taken_over(client: Client, event: Event) -> None:
    page = read(client, TABLE)

    assert verdicts(page) == ["add", "add", "add"]
    assert Session.objects.count() == 0

    answer = take_over(client, page)

    assert answer["Location"] == "/events/wells/programme/"
    assert programme(event) == [
        ("1", "2024-05-06", "09:00", "Opening of the wells", "Great hall"),
        ("2", "2024-05-06", "10:00", "Deep water", "Great hall"),
        ("3", "2024-05-06", "10:00", "Shallow water", "Cellar"),
    ]
    deep = Session.objects.get(code="2")
    assert (deep.kind, deep.zone, deep.slug) == ("panel", "Asia/Jakarta", "deep-water")
    assert deep.starts_at == dt.datetime(2024, 5, 6, 3, tzinfo=dt.UTC)
    assert [
        (row.person.name, row.title, row.organisation, row.country_id, row.role)
        for row in deep.contributions.select_related("person")
    ] == [
        ("Ada Brook", "Keeper", "House of Wells", "BR", "speaker"),
        ("Ben Ford", "", "Guild of Springs", None, "moderator"),
    ]
    assert ProgrammeImport.objects.get().applied_at is not None


def test_nothing_is_taken_over_twice(client: Client, event: Event) -> None:
    page = read(client, TABLE)

    take_over(client, page)
    take_over(client, page)

    assert event.sessions.count() == 3
    assert AuditEntry.objects.filter(verb="import_programme").count() == 1


def test_reading_the_same_file_again_changes_nothing(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    before = list(Session.objects.order_by("pk").values())

    page = read(client, TABLE)

    assert verdicts(page) == ["same"] * 3
    assert page.context["writes"] == 0
    answer = take_over(client, page)
    assert told(answer, client) == ["There is nothing to take over."]
    assert list(Session.objects.order_by("pk").values()) == before


def test_a_row_changes_what_it_says_and_nothing_else(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    Session.objects.filter(code="2").update(summary="Kept.")

    page = read(client, "Number;Title;Begins;Ends\n2;Deep water;10.15;\n")

    (row,) = page.context["page"]
    assert [(change.label, change.old, change.new) for change in row.changes] == [
        ("Begins", "10:00", "10:15")
    ]
    take_over(client, page)
    deep = Session.objects.get(code="2")
    assert (deep.summary, str(deep.wall_starts), str(deep.wall_ends), deep.sequence) == (
        "Kept.", "10:15:00", "11:30:00", 1,
    )  # fmt: skip
    assert deep.starts_at == dt.datetime(2024, 5, 6, 3, 15, tzinfo=dt.UTC)
    assert deep.contributions.count() == 2


def test_whoever_saw_another_programme_looks_again(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    page = read(client, "Number,Title,Begins\n2,Deep water,10:15\n")
    Session.objects.filter(code="2").update(title="Deeper water")

    answer = take_over(client, page)

    assert told(answer, client) == [
        "The programme has changed since you read this. Look at it again."
    ]
    assert str(Session.objects.get(code="2").wall_starts) == "10:00:00"
    again = client.get(answer["Location"])
    assert [change.column for change in again.context["page"][0].changes] == ["starts", "title"]
    take_over(client, again)
    assert Session.objects.get(code="2").title == "Deep water"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("1,2024-05-06,09:00,10:00,,,,", "Title", "The title is missing."),
        ("1,2024-02-30,,,A,,,", "Day", "“2024-02-30” is no day. Write it like 2013-05-16."),
        ("1,0099-05-06,09:00,,A,,,", "Day", "Choose a day between 1900 and 2100."),
        ("1,2024-05-06,25:00,,A,,,", "Begins", "“25:00” is no time of day. Write it like 14:30."),
        ("1,2024-05-06,10:00,09:00,A,,,", "Ends", "It ends before it begins."),
        ("1,2024-05-06,10:00,10:00,A,,,", "Ends", "It ends before it begins."),
        ("1,2024-05-06,,10:00,A,,,", "Begins", "Say when it begins."),
        ("1,,10:00,,A,,,", "Day", "Choose the day."),
        (
            "1,2024-05-06,22:00,24:00,A,,,", "Ends",
            "24:00 belongs to the next day. Write 23:59, or an entry for each day.",
        ),
        (
            f"1,2024-05-06,,,{'long ' * 61},,,", "Title",
            "This has 304 characters. The limit is 300.",
        ),
        (f"{'1' * 41},,,,A,,,", "Number",
         "This has 41 characters. The limit is 40."),
        (
            f"1,,,,A,,{'r' * 121},", "Room",
            "This has 121 characters. The limit is 120.",
        ),
        ("1,,,,A,,,Ada; ; ; Atlantis", "Speakers",
         "Ada: No country is called “Atlantis”. Write its English name."),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_left_out_with_the_reason(
    client: Client, event: Event, row: str, column: str, words: str
) -> None:
    head = TABLE.splitlines()[0]

    page = read(client, f"{head}\n{row}\n9,2024-05-07,09:00,10:00,Good,,,\n")

    bad, good = page.context["page"]
    assert (bad.verdict, bad.problems) == ("refused", [(column, words)])
    assert good.verdict == "add"
    answer = take_over(client, page)
    assert answer["Location"] == page.request["PATH_INFO"]
    assert [code for code, *_rest in programme(event)] == ["9"]


def test_hours_that_do_not_exist_or_come_twice_are_not_guessed(
    client: Client, event: Event
) -> None:
    Event.objects.update(zone="Europe/Berlin")

    page = read(
        client,
        "Title,Day,Begins,Ends\n"
        "Gone,2024-03-31,02:30,04:00\n"
        "Twice,2024-10-27,02:30,04:00\n"
        "First,2024-10-27,02:30+02:00,04:00\n"
        "Second,2024-10-27,02:30 +01:00,04:00\n"
        "Wrong,2024-10-27,02:30+05:00,04:00\n",
    )

    assert [(row.title, row.verdict, row.problems) for row in page.context["page"]] == [
        ("Gone", "refused", [("Begins",
            "This time does not exist there: the clocks are put forward. Choose another.")]),
        ("Twice", "refused", [("Begins",
            "This time comes twice there: the clocks are put back. Say which of the two."),
            ("Begins", "In a table, write its distance from UTC: 02:30+01:00.")]),
        ("First", "add", []),
        ("Second", "add", []),
        ("Wrong", "refused", [("Begins",
            "The clocks of Europe/Berlin are not +05:00 from UTC then.")]),
    ]  # fmt: skip
    take_over(client, page)
    rows = Session.objects.order_by("position").values_list("title", "starts_at")
    assert list(rows) == [
        ("First", dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)),
        ("Second", dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC)),
    ]


# --- Rooms ---------------------------------------------------------------------------------------


def test_a_room_holds_one_session_at_a_time(client: Client, event: Event) -> None:
    hall = Room.objects.create(event=event, name="Great hall")
    make_session(
        event, title="There before", room=hall, zone="Asia/Jakarta",
        wall_starts=dt.time(9), wall_ends=dt.time(10),
    )  # fmt: skip

    page = read(
        client,
        "Title,Day,Time,Room\n"
        "Too early,2024-05-06,09:30–10:30,great HALL\n"
        "After,2024-05-06,10:00–11:00,Great hall\n"
        "Also after,2024-05-06,10:30–11:30,Great hall\n"
        "Elsewhere,2024-05-06,10:30–11:30,Cellar\n"
        "No room,2024-05-06,10:30–11:30,\n",
    )

    assert [(row.title, row.problems) for row in page.context["page"]] == [
        ("Too early", [("Room", "“There before” is in Great hall at 09:00–10:00."
                                " Choose another room or time.")]),
        ("After", []),
        ("Also after", [("Room", "“After” is in Great hall at 10:00–11:00."
                                 " Choose another room or time.")]),
        ("Elsewhere", []),
        ("No room", []),
    ]  # fmt: skip
    assert page.context["new_rooms"] == ["Cellar"]
    take_over(client, page)
    assert sorted(Room.objects.values_list("name", flat=True)) == ["Cellar", "Great hall"]


def test_two_sessions_may_change_places(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))

    page = read(client, "Number,Title,Room\n2,Deep water,Cellar\n3,Shallow water,Great hall\n")

    assert verdicts(page) == ["change", "change"]
    take_over(client, page)
    assert [(code, room) for code, *_rest, room in programme(event)] == [
        ("1", "Great hall"), ("2", "Cellar"), ("3", "Great hall"),
    ]  # fmt: skip


def test_a_session_whose_row_is_left_out_is_in_the_way_where_it_was(
    client: Client, event: Event
) -> None:
    take_over(client, read(client, TABLE))

    page = read(
        client, "Number,Title,Room,Kind\n2,Deep water,,Dance\n3,Shallow water,Great hall,\n"
    )

    assert verdicts(page) == ["refused", "refused"]


def test_what_overlapped_before_does_not_stop_other_rows(client: Client, event: Event) -> None:
    hall = Room.objects.create(event=event, name="Hall")
    for title in ("One", "Other"):
        make_session(
            event, title=title, code=title, room=hall, zone="Asia/Jakarta",
            wall_starts=dt.time(9), wall_ends=dt.time(10),
        )  # fmt: skip

    page = read(client, "Number,Title,Kind\nOne,One,Plenary\n")

    assert verdicts(page) == ["change"]


# --- People --------------------------------------------------------------------------------------


def who(session: Session) -> list[tuple[str, str]]:
    rows = session.contributions.select_related("person").order_by("position", "pk")
    return [(row.person.name, row.role) for row in rows]


def test_people_of_the_record_are_known_again(client: Client, event: Event) -> None:
    ada = make_person(name="Ada Brook")

    take_over(client, read(client, TABLE))

    assert Session.objects.get(code="2").contributions.get(role="speaker").person == ada
    assert Person.objects.filter(name="Ben Ford").count() == 1


def test_a_new_person_of_several_rows_is_one(client: Client, event: Event) -> None:
    page = read(
        client, "Title,Speakers,Moderator\nA,Cora Lake,Dan Pool\nB,Dr. Cora LAKE,Cora Lake\n"
    )

    take_over(client, page)

    assert Person.objects.filter(name__icontains="lake").count() == 1
    assert who(Session.objects.get(title="B")) == [
        ("Cora Lake", "speaker"), ("Cora Lake", "moderator"),
    ]  # fmt: skip


def test_a_name_two_people_bear_is_asked_about(client: Client, event: Event) -> None:
    first, second = make_person(name="Ada Brook"), make_person(name="Ada Brook")
    contribute(second, make_event(), title="Keeper of wells")

    page = read(client, TABLE)

    row = page.context["page"][1]
    assert row.problems == [
        ("Speakers", "“Ada Brook” may be somebody of the record. Say below who is meant.")
    ]
    (asked,) = page.context["asked"]
    assert [known.lately for known in asked["people"]] == ["", "Keeper of wells"]
    assert f'value="{second.pk}:ada brook"' in page.content.decode()

    page = client.get(page.request["PATH_INFO"], {"who1": f"{second.pk}:ada brook"})
    assert verdicts(page) == ["add", "add", "add"]
    take_over(client, page)
    assert not first.contributions.exists()
    assert second.contributions.count() == 2


def test_somebody_of_the_same_name_can_be_new(client: Client, event: Event) -> None:
    for _n in range(2):
        make_person(name="Ada Brook")
    page = read(client, TABLE)

    page = client.get(page.request["PATH_INFO"], {"who1": "0:ada brook"})
    take_over(client, page)

    assert Person.objects.filter(name="Ada Brook").count() == 3


def test_nobody_chooses_a_person_who_was_not_offered(client: Client, event: Event) -> None:
    for _n in range(2):
        make_person(name="Ada Brook")
    other = make_person(name="Zoe Marsh")
    page = read(client, TABLE)

    for told_ in (f"{other.pk}:ada brook", "x:ada brook", "999999999999:ada brook", "1:", "²:a"):
        page = client.get(page.request["PATH_INFO"], {"who1": told_})
        assert page.context["page"][1].verdict == "refused"


def test_speakers_are_changed_added_and_taken_out(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    deep = Session.objects.get(code="2")
    sourced = contribute(make_person(name="Old Hand"), event, session=deep)

    page = read(
        client,
        "Number,Title,Speakers\n2,Deep water,Ada Brook; Minister of wells | Cora Lake\n",
    )

    (row,) = page.context["page"]
    assert row.people == [("new", "Cora Lake", "Speaker"), ("changed", "Ada Brook", "Speaker")]
    take_over(client, page)
    assert sorted(who(deep)) == [
        ("Ada Brook", "speaker"), ("Ben Ford", "moderator"), ("Cora Lake", "speaker"),
        ("Old Hand", "speaker"),
    ]  # fmt: skip
    ada = deep.contributions.get(person__name="Ada Brook")
    assert (ada.title, ada.organisation) == ("Minister of wells", "House of Wells")

    page = read(client, "Number,Title,Speakers\n2,Deep water,Cora Lake\n")
    assert page.context["page"][0].people == [("gone", "Ada Brook", "Speaker")]
    take_over(client, page)
    assert sorted(who(deep)) == [
        ("Ben Ford", "moderator"), ("Cora Lake", "speaker"), ("Old Hand", "speaker"),
    ]  # fmt: skip
    assert sourced.pk in deep.contributions.values_list("pk", flat=True)


# --- Tables as people have them ------------------------------------------------------------------


def days(page: Any) -> list[str]:
    return [row.day for row in page.context["page"]]


@pytest.mark.parametrize("divider", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_any_divider_and_encoding_a_spreadsheet_saves(
    client: Client, event: Event, divider: str, encoding: str
) -> None:
    text = divider.join(["Título", "Data", "Hora", "Sala"]) + "\r\n"
    text += divider.join(["Água é vida", "2024-05-06", "09:00–10:00", "São João"]) + "\r\n"

    page = read(client, text.encode(encoding))

    (row,) = page.context["page"]
    assert (row.title, row.day, row.hours, row.room) == (
        "Água é vida", "2024-05-06", "09:00–10:00", "São João",
    )  # fmt: skip
    supposed = encoding == "cp1252"
    assert [("Windows-1252" in note) for note in page.context["found"].notes] == [True] * supposed


@pytest.mark.parametrize(
    ("language", "encoding", "title"),
    [("ru", "cp1251", "Вода"), ("ar", "cp1256", "ماء"), ("zh-hans", "gb18030", "水资源管理")],
)
def test_other_encodings_are_supposed_by_the_language_of_the_reader(
    client: Client, event: Event, language: str, encoding: str, title: str
) -> None:
    page = read(client, f"Title,Day\n{title},2024-05-06\n".encode(encoding), under=language)

    assert [row.title for row in page.context["page"]] == [title]


def test_headings_may_be_in_any_language_of_the_portal_and_below_a_title(
    client: Client, event: Event
) -> None:
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            heads = [str(label) for label in COLUMNS.values()]
        assert [heading_of(text) for text in heads] == list(COLUMNS), code
    page = read(client, "sep=;\nOur programme;;\n;;\nTITLE;Start Date;\nA;6 May 2024;\n")
    assert [(row.line, row.day) for row in page.context["page"]] == [(4, "2024-05-06")]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-06", "2024/5/6", "6.5.2024", "06.05.24", "6 May 2024", "May 6, 2024", "6 mai 2024",
        "6 de mayo de 2024", "Monday, 6 May 2024", "Mon 6.5.2024", "٦ مايو ٢٠٢٤",
        "2024-05-06T00:00", "6 мая 2024",
    ],
)  # fmt: skip
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert read_day(text, DayOrder()) == dt.date(2024, 5, 6)


@pytest.mark.parametrize(
    ("texts", "days_of_event", "first"),
    [
        (["05/06/2024", "13/06/2024"], ("", ""), dt.date(2024, 6, 5)),
        (["05/06/2024", "05/13/2024"], ("", ""), dt.date(2024, 5, 6)),
        (["05/06/2024"], ("2024-06-04", "2024-06-06"), dt.date(2024, 6, 5)),
        (["05/06/2024"], ("2024-05-06", "2024-05-08"), dt.date(2024, 5, 6)),
        (["06/06/2024"], ("", ""), dt.date(2024, 6, 6)),
        (["05/06/2024"], ("", ""), None),
        (["05/06/2024", "13/06/2024", "05/13/2024"], ("", ""), None),
        (["05/06/2024"], ("2024-01-01", "2024-12-31"), None),
    ],
)
def test_a_day_that_may_be_two_is_told_by_the_other_days_or_refused(
    texts: list[str], days_of_event: tuple[str, str], first: dt.date | None
) -> None:
    order = DayOrder.of(texts, days_of_event)

    if first is not None:
        assert read_day(texts[0], order) == first
    else:
        with pytest.raises(ValidationError, match="can be two days"):
            read_day(texts[0], order)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("9:00", dt.time(9)), ("09.30", dt.time(9, 30)), ("9h30", dt.time(9, 30)),
        ("14h", dt.time(14)), ("0900", dt.time(9)), ("9 am", dt.time(9)), ("12 AM", dt.time(0)),
        ("12:15 p.m.", dt.time(12, 15)), ("11:30PM", dt.time(23, 30)),
        ("14:30:00", dt.time(14, 30)), ("noon", dt.time(12)), ("٩:٣٠", dt.time(9, 30)),
        ("2024-05-06 09:30", dt.time(9, 30)),
        ("", None), ("9", None), ("25:00", None), ("9:60", None), ("13 pm", None), ("soon", None),
        ("-1:00", None), ("9:0", None), ("1e3", None),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_write_them(text: str, time: dt.time | None) -> None:
    if time is None:
        with pytest.raises(ValidationError):
            read_time(text)
    else:
        assert read_time(text)[0] == time


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("9:00-10:30", "09:00–10:30"), ("9:00 – 10:30", "09:00–10:30"), ("9 to 10", "09:00–10:00"),
        ("9–10:30 am", "09:00–10:30"), ("11–1 pm", "11:00–13:00"), ("1:30—3 pm", "13:30–15:00"),
        ("09h00 − 10h15", "09:00–10:15"), ("14:00", "14:00"),
    ],
)  # fmt: skip
def test_a_column_may_have_both_hours(client: Client, event: Event, text: str, hours: str) -> None:
    page = read(client, f"Title,Day,Time\nA,2024-05-06,{text}\n")

    assert [row.hours for row in page.context["page"]] == [hours]


def test_a_day_stands_for_the_rows_below_it(client: Client, event: Event) -> None:
    page = read(
        client,
        "Title,Day\n,2024-05-06\nA,\nB,\n,2024-05-07\nC,\nD,31 June 2024\nE,\n",
    )

    assert days(page) == ["2024-05-06", "2024-05-06", "2024-05-07", "", ""]


def test_kinds_are_known_by_their_names_or_by_the_title(client: Client, event: Event) -> None:
    page = read(
        client,
        "Title,Type\nA,Table ronde\nB,side-event\nCoffee break,\nD,مأدبة غداء\nE,\nLunch,Panel\n",
    )

    assert [(row.kind, row.verdict) for row in page.context["page"]] == [
        ("Round table", "add"), ("Side event", "add"), ("Break", "add"), ("Session", "refused"),
        ("Session", "add"), ("Panel", "add"),
    ]  # fmt: skip


def test_columns_nobody_reads_are_named(client: Client, event: Event) -> None:
    page = read(client, "Title,Day,Colour,Mood\nA,2024-05-06,red,good\n")

    assert page.context["found"].notes == ["These columns were not read: “Colour”, “Mood”."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b" \n \n", "This file is empty."),
        (b"Title,Day\n", "There is no row below the headings."),
        (b"Title,Day\n,2024-05-06\n", "There is no session in this file."),
        (b"Day,Time\n2024-05-06,9:00\n", "The headings were not found. Name the columns in the"
         " first row as the template does; one of them is “Title”."),
        (b"Title\nA\n", "The headings were not found. Name the columns in the first row as the"
         " template does; one of them is “Title”."),
        (b"Title,Day,Date\nA,,\n",
         "Two columns mean the same: “Day”, “Date”. Rename or remove one of them."),
        (b'Title,Day\nA,"2024-05-06\nB,2024-05-06\n',
         "Row 2 of the table cannot be read: a quotation mark is opened and not closed, or stands"
         " inside a cell."),
        (b"\x00\x01\x02\x03" * 300,
         "This file is no table that can be read. Save it as “CSV UTF-8” or as XLSX."),
        (b"\xff\xfeT\x00\x00",
         "This file is no table that can be read. Save it as “CSV UTF-8” or as XLSX."),
        (b"Title,Day\n\x81\x8d,\n",
         "This file is no table that can be read. Save it as “CSV UTF-8” or as XLSX."),
        (b"Title,Day\nA\x00B,\n",
         "This file is no table that can be read. Save it as “CSV UTF-8” or as XLSX."),
        (b"%PDF-1.7\n%%EOF", "The headings were not found. Name the columns in the first row as the"
         " template does; one of them is “Title”."),
        (b"Title,Day\n" + b"A,2024-05-06\n" * 10_000,
         "The table has more than 1000 rows. Make two files of it."),
        (b"Title,Day\n" + b"A" * (2 * 1024 * 1024),
         "This file is far too large. The limit is 2 MB."),
        (b"Title,Day\n" + b"A" * 200_000 + b",\n",
         "Row 2 of the table cannot be read: a quotation mark is opened and not closed, or stands"
         " inside a cell."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_programme_is_refused_at_its_field(
    client: Client, event: Event, content: bytes, words: str
) -> None:
    answer = upload(client, content)

    assert answer.status_code == 200
    assert answer.context["form"].errors == {"file": [words]}
    assert not ProgrammeImport.objects.exists()


def test_no_file_is_refused_at_its_field(client: Client, event: Event) -> None:
    answer = client.post("/events/wells/edit/import/", {})

    assert list(answer.context["form"].errors) == ["file"]


def test_hostile_cells_are_text(client: Client, event: Event) -> None:
    evil = '=HYPERLINK("https://evil.example")<script>alert(1)</script>\u202e\x07'
    cells = ",".join('"' + evil.replace('"', '""') + '"' for _n in range(4))

    page = read(client, f"Title,Number,Room,Summary,Speakers\n{cells},<b>Ada</b>\n'=1+1,,,,\n")

    body = page.content.decode()
    assert "<script>alert" not in body
    assert "<b>Ada" not in body
    assert [row.verdict for row in page.context["page"]] == ["refused", "add"]  # a long number
    take_over(client, page)
    session = event.sessions.get()
    assert session.title == "=1+1"
    table = client.get("/events/wells/edit/import/programme.csv").getvalue().decode()
    assert ",'=1+1," in table


def test_hours_without_a_zone_need_one(client: Client, event: Event) -> None:
    Event.objects.update(zone="")

    answer = upload(client, TABLE)
    assert list(answer.context["form"].errors) == ["zone"]
    answer = upload(client, TABLE, zone="Mars/Base")
    assert list(answer.context["form"].errors) == ["zone"]
    take_over(client, read(client, TABLE, zone="Asia/Kathmandu"))

    assert set(event.sessions.values_list("zone", flat=True)) == {"Asia/Kathmandu"}


def test_a_row_may_name_its_zone(client: Client, event: Event) -> None:
    page = read(
        client,
        "Title,Day,Begins,Time zone\nA,2024-05-06,09:00,W. Europe Standard Time\n"
        "B,2024-05-06,09:00,america/new_york\nC,2024-05-06,09:00,WIB\n",
    )

    assert [(row.zone, row.problems) for row in page.context["page"]] == [
        ("Europe/Berlin", []),
        ("America/New_York", []),
        ("Asia/Jakarta", [
            ("Time zone", "No time zone is called “WIB”. Write it like Asia/Jakarta."),
        ]),
    ]  # fmt: skip


# --- Which session a row is ----------------------------------------------------------------------


def test_sessions_are_known_by_id_then_number_then_title_and_hour(
    client: Client, event: Event
) -> None:
    take_over(
        client,
        read(
            client,
            "ID,Number,Title,Day,Begins\n"
            "x-1,,By ID,2024-05-06,09:00\n,N2,By number,2024-05-06,10:00\n"
            ",,By title,2024-05-06,11:00\n,,Moved away,2024-05-06,12:00\n",
        ),
    )

    page = read(
        client,
        "ID,Number,Title,Day,Begins\n"
        "x-1,,New name,2024-05-07,09:00\n,n2,New number two,2024-05-06,10:00\n"
        "y-3,,BY  TITLE,2024-05-06,11:00\n,,Moved away,2024-05-07,12:00\n"
        "x-1,,Again,2024-05-07,09:00\n",
    )

    rows = list(page.context["page"])
    assert [row.verdict for row in rows] == ["change", "change", "change", "add", "refused"]
    assert rows[3].warnings == [(
        "Title",
        "A session of this title is in the programme already (6 May 2024, 12:00) and stays. If it"
        " is the same, give both the same number.",
    )]  # fmt: skip
    assert rows[4].problems == [("", "Row 2 is about the same session.")]
    take_over(client, page)
    assert event.sessions.count() == 5
    assert event.sessions.get(external_id="y-3").title == "BY  TITLE"


def test_sessions_of_one_number_are_told_apart_by_title_and_room(
    client: Client, event: Event
) -> None:
    table = (
        "Number,Title,Day,Begins,Room\n"
        "P,Group one,2024-05-06,09:00,A\nP,Group one,2024-05-06,09:00,B\n"
        "P,Group two,2024-05-06,09:00,C\n"
    )
    take_over(client, read(client, table))

    assert verdicts(read(client, table)) == ["same"] * 3


def test_one_session_twice_in_a_file_is_taken_over_once(client: Client, event: Event) -> None:
    page = read(client, "Title,Day\nA,2024-05-06\nA,2024-05-06\n")

    assert verdicts(page) == ["add", "refused"]


def test_the_programme_goes_out_as_a_table_and_comes_back_the_same(
    client: Client, event: Event
) -> None:
    take_over(client, read(client, TABLE))
    make_session(
        event, title="+Hostile; \"title\"", code="-1", summary="Two\nlines", day=None, kind="break",
    )  # fmt: skip
    make_session(
        event, title="Later hour", zone="Europe/Berlin", day=dt.date(2024, 10, 27),
        wall_starts=dt.time(2, 15), wall_ends=dt.time(2, 45), second_hour=True,
    )  # fmt: skip
    contribute(
        make_person(name="Eva; Stream"), event, session=Session.objects.get(code="3"),
        title="Head, keeper", organisation="“House”; of \"Wells\"", country_id="CD",
    )  # fmt: skip
    before = list(Session.objects.order_by("pk").values())

    table = client.get("/events/wells/edit/import/programme.csv").getvalue()
    page = read(client, table)

    assert [row.changes for row in page.context["page"]] == [[]] * 5
    assert verdicts(page) == ["same"] * 5
    assert list(Session.objects.order_by("pk").values()) == before


def test_a_table_of_another_event_makes_sessions_of_their_own(
    client: Client, event: Event, hub: Hub
) -> None:
    take_over(client, read(client, TABLE))
    table = client.get("/events/wells/edit/import/programme.csv").getvalue()
    Event.objects.filter(pk=event.pk).update(slug="first")
    other = make_event(slug="wells", hub=hub, zone="Asia/Jakarta")

    take_over(client, read(client, table))

    assert (event.sessions.count(), other.sessions.count()) == (3, 3)
    assert verdicts(read(client, table)) == ["same"] * 3


# --- Who, and how often --------------------------------------------------------------------------

PAGES = ("", "template.csv", "programme.csv", "{uid}/")


@pytest.fixture
def kept(client: Client, event: Event) -> ProgrammeImport:
    read(client, TABLE)
    return ProgrammeImport.objects.get()


@pytest.mark.parametrize("page", PAGES)
def test_whoever_keeps_the_event_finds_the_pages(kept: ProgrammeImport, page: str) -> None:
    address = f"/events/wells/edit/import/{page}".format(uid=kept.uid)
    hub = kept.event.hub
    people = {
        "visitor": (None, 302),
        "member": (make_user(), 403),
        "member of the hub": (make_member(hub), 403),
        "editor": (make_member(hub, "editor"), 200),
        "focal point": (make_member(hub, "focal_point"), 200),
        "editor of another hub": (make_member(make_hub(), "editor"), 403),
        "moderator": (make_user(is_staff=True), 200),
    }
    assert {who: browser(user).get(address).status_code for who, (user, _s) in people.items()} == {
        who: status for who, (_user, status) in people.items()
    }
    Event.objects.update(is_public=False)
    assert browser(people["editor of another hub"][0]).get(address).status_code == 404
    assert browser(people["editor"][0]).get(address).status_code == 200


def test_nobody_else_takes_over_or_puts_away(kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    digest = browser(kept.made_by).get(address).context["compared"].digest
    for user, status in ((None, 302), (make_user(), 403), (make_member(make_hub(), "editor"), 403)):
        someone = browser(user)
        assert someone.post(address, {"seen": digest}).status_code == status
        assert someone.post(f"{address}drop/").status_code == status
        assert upload(someone, TABLE).status_code == status
    kept.refresh_from_db()
    assert (kept.applied_at, kept.dropped_at, Session.objects.count()) == (None, None, 0)


def test_another_editor_of_the_hub_may_take_over(kept: ProgrammeImport) -> None:
    other = browser(make_member(kept.event.hub, "editor"))

    take_over(other, other.get(f"/events/wells/edit/import/{kept.uid}/"))

    assert kept.event.sessions.count() == 3


def test_an_import_belongs_to_its_event(client: Client, kept: ProgrammeImport, hub: Hub) -> None:
    make_event(slug="other", hub=hub)

    assert client.get(f"/events/other/edit/import/{kept.uid}/").status_code == 404
    assert client.post(f"/events/other/edit/import/{kept.uid}/drop/").status_code == 404
    assert client.get("/events/wells/edit/import/nothing/").status_code == 404


def test_what_was_put_away_is_forgotten(client: Client, kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    page = client.get(address)
    assert client.get(f"{address}drop/").status_code == 405

    assert client.post(f"{address}drop/")["Location"] == "/events/wells/edit/import/"
    client.post(f"{address}drop/")

    kept.refresh_from_db()
    assert (kept.rows, kept.notes, kept.dropped_at is None) == ([], [], False)
    assert client.get(address).status_code == 404
    assert take_over(client, page).status_code == 404
    assert Session.objects.count() == 0


def test_what_was_taken_over_is_not_put_away(client: Client, kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    told(take_over(client, client.get(address)), client)

    answer = client.post(f"{address}drop/")

    assert told(answer, client) == ["This file has been taken over already."]
    assert [row.title for row in client.get(address).context["page"]] == [
        "Opening of the wells", "Deep water", "Shallow water",
    ]  # fmt: skip


def test_a_newer_file_of_the_same_person_replaces_the_one_before(
    client: Client, kept: ProgrammeImport
) -> None:
    other = browser(make_member(kept.event.hub, "editor"))
    read(other, TABLE)

    read(client, "Title,Day\nA,2024-05-06\n")

    assert ProgrammeImport.objects.open().count() == 2
    kept.refresh_from_db()
    assert kept.rows == []


def test_hostile_questions_are_harmless(client: Client, kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    for query in ("only=nothing", "page=x", "page=999", "only=add&page=-1", "who=%00:%00&whoami=1"):
        assert client.get(f"{address}?{query}").status_code in (200, 400)
    for seen in ("", "x", "\x00", "é" * 1000):
        answer = client.post(address, {"seen": seen})
        assert answer.status_code in (302, 400)
    assert Session.objects.count() == 0


def test_calendars_and_participants_hear_of_what_moved(client: Client, event: Event) -> None:
    heard = []
    take_over(client, read(client, TABLE))
    Event.objects.update(sequence=4)

    def hear(**told_: Any) -> None:
        heard.append(told_["event"].pk)

    programme_changed.connect(hear)
    try:
        take_over(client, read(client, "Number,Title,Kind\n2,Deep water,Plenary\n"))
        assert (heard, Event.objects.get().sequence) == ([], 4)
        take_over(client, read(client, "Number,Title,Begins\n2,Deep water,10:05\n"))
    finally:
        programme_changed.disconnect(hear)
    assert (heard, Event.objects.get().sequence) == ([event.pk], 5)
    entry = AuditEntry.objects.filter(verb="import_programme").latest("sequence")
    assert {name: entry.data[name] for name in ("added", "changed", "people")} == {
        "added": 0, "changed": 1, "people": 0,
    }  # fmt: skip


def test_sessions_of_a_file_are_found(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))

    assert "Shallow water" in SearchDocument.objects.get(kind="event", object_id=event.pk).body


@pytest.mark.parametrize("rows", [1, 40])
def test_a_preview_costs_the_same_for_any_number_of_rows(
    client: Client, event: Event, rows: int, django_assert_num_queries: Any
) -> None:
    for n in range(rows):
        make_session(event, title=f"There {n}", code=f"T{n}")
    lines = "".join(f"T{n},There {n},Room {n},Person {n};Keeper\n" for n in range(rows))
    answer = upload(client, "Number,Title,Room,Speakers\n" + lines)
    client.get(answer["Location"])

    with django_assert_num_queries(12):
        page = client.get(answer["Location"])
    assert verdicts(page) == ["change"] * rows

    with CaptureQueriesContext(connection) as spent:
        take_over(client, page)
    assert len(spent) < 60


def test_a_thousand_rows_are_taken_over(client: Client, event: Event) -> None:
    lines = "".join(f"N{n},Title {n},Person {n}\n" for n in range(1000))
    page = read(client, "Number,Title,Speakers\n" + lines)
    assert len(page.context["page"]) == 50

    take_over(client, page)

    assert event.sessions.count() == 1000
    assert event.contributions.count() == 1000
