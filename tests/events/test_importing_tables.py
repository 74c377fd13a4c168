"""Tables as people have them: whatever divides and encodes them, however days are written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from accounts.models import User
from events.importing.rows import COLUMNS
from events.importing.words import DayOrder, heading_of, read_day, read_time
from events.models import Event, ProgrammeImport
from hubs.models import Hub
from tests.events.factories import make_event
from tests.events.imports import TABLE, read, take_over, upload
from tests.factories import make_hub, make_member
from tests.people import browser

pytestmark = pytest.mark.django_db


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
