"""Excel workbooks as programmes, and workbooks that are made to do harm."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from events.importing import workbooks
from events.importing.rows import Unreadable
from events.models import Event, ProgrammeImport
from hubs.models import Hub
from tests.events.factories import make_event
from tests.events.imports import TABLE, read, take_over, upload, verdicts
from tests.factories import make_hub, make_member
from tests.people import browser

pytestmark = pytest.mark.django_db

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
#: Formats of cells: general, a day, an hour, both, days of our own, hours of our own, a sum.
STYLES = (0, 14, 20, 22, 164, 165, 166)
OWN = {164: "dd\\.mm\\.yyyy;@", 165: '[$-F400]h:mm:ss\\ "o’clock"', 166: '"day" #,##0.00'}


def sheet(*rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def row(*cells: Any, number: int = 0) -> str:
    """Texts as cells of their own; what is a tuple is a kind of cell, its value and format."""
    told = []
    for cell in cells:
        if isinstance(cell, tuple):
            kind, value, style = (*cell, 0)[:3]
            told.append(f'<c t="{kind}" s="{style}"><v>{escape(str(value))}</v></c>')
        else:
            told.append(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>')
    place = f' r="{number}"' if number else ""
    return f"<row{place}>{''.join(told)}</row>"


def workbook(
    *sheets: str, strings: str = "", extra: Mapping[str, str | bytes] | None = None,
    calendar: str = "", hidden: int = 0,
) -> bytes:  # fmt: skip
    """An XLSX file with these sheets; the last ``hidden`` of them are not shown."""
    numbers = range(1, len(sheets) + 1)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Override'
        f' PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr {calendar}/>'
        "<sheets>" + "".join(
            f'<sheet name="Sheet {n}" sheetId="{n}" r:id="r{n}"'
            f'{" state=" + chr(34) + "hidden" + chr(34) if n > len(sheets) - hidden else ""}/>'
            for n in numbers
        ) + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in numbers
        )
        + f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="/xl/strings.xml"/>'
        f'<Relationship Id="f" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/strings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>'
        + "".join(f'<numFmt numFmtId="{n}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
                  for n, code in OWN.items())
        + '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>'
        + "".join(f'<xf numFmtId="{n}"/>' for n in STYLES) + "</cellXfs></styleSheet>",
        **{f"xl/worksheets/s{n}.xml": text for n, text in zip(numbers, sheets, strict=True)},
        **(extra or {}),
    }  # fmt: skip
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


HEAD = row("Title", "Day", "Begins", "Number")


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


def cells(data: bytes) -> list[list[str]]:
    return [cells for _number, cells in workbooks.read_xlsx(data).lines]


def test_a_workbook_becomes_a_programme(client: Client, event: Event) -> None:
    lines = [line.split(",") for line in TABLE.splitlines()[:2]]
    whole = workbook(sheet(*(row(*line) for line in lines)))

    page = read(client, whole)
    take_over(client, page)

    assert event.sessions.get().title == "Opening of the wells"
    assert ProgrammeImport.objects.get().source == "xlsx"


def test_cells_are_read_as_they_are_shown() -> None:
    strings = (
        "<si><t>Shared</t></si><si><r><t>Two </t></r><r><t>parts</t></r><rPh><t>said</t></rPh></si>"
        "<si><t>a_x000A_b_x005F_</t></si>"
    )
    whole = workbook(
        sheet(
            HEAD,
            row(("s", 0), ("n", 45418, 1), ("n", 0.375, 2), ("n", "3.0")),
            row(("s", 1), ("n", 45418.375, 4), ("n", 45418.395833333336, 5), ("n", 12.5)),
            row(("s", 2), ("n", 45418.375, 3), ("n", 0.39583333, 3), ("b", 1)),
            row(("str", "of a formula"), ("d", "2024-05-06"), ("e", "#DIV/0!"), ("n", 7, 6)),
            '<row r="9"><c r="D9"><f>1+1</f><v>2</v></c>'
            '<c r="A9" t="inlineStr"><is><t>back</t></is></c></row>',
            "<row/><row><c/></row>",
        ),
        strings=strings,
    )  # fmt: skip

    table = workbooks.read_xlsx(whole)

    assert table.lines == [
        (2, ["Shared", "2024-05-06", "09:00", "3"]),
        (3, ["Two parts", "2024-05-06", "09:30", "12.5"]),
        (4, ["a\nb_", "2024-05-06 09:00", "1899-12-30 09:30", "1"]),
        (5, ["of a formula", "2024-05-06", "", "7"]),
        (9, ["", "", "", "2", "back"]),
    ]


def test_the_other_calendar_of_excel_is_known() -> None:
    whole = workbook(sheet(HEAD, row("A", ("n", 43956, 1))), calendar='date1904="1"')

    assert cells(whole) == [["A", "2024-05-06"]]


def test_the_first_shown_sheet_with_headings_is_read(client: Client, event: Event) -> None:
    other = sheet(row("Nothing"), row("here"))
    whole = workbook(
        other, sheet(HEAD, row("A", "2024-05-06")), sheet(HEAD, row("Hidden", "2024-05-06")),
        hidden=1,
    )  # fmt: skip

    page = read(client, whole)

    assert [one.title for one in page.context["page"]] == ["A"]
    assert page.context["found"].notes == ["Only the sheet “Sheet 2” was read."]


DAMAGED = "This document is damaged. Save it again and choose it anew."
HEADINGS = (
    "The headings were not found. Name the columns in the first row as the template does; one of"
    " them is “Title”."
)
GOOD = sheet(HEAD, row("A", "2024-05-06"))
BOMB = (
    "<!DOCTYPE lol [<!ENTITY a 'lol'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (workbook(), DAMAGED),
        (workbook(sheet()), HEADINGS),
        (workbook(sheet(row("One", "Two"))), HEADINGS),
        (workbook(sheet(HEAD)), "There is no row below the headings."),
        (workbook("<worksheet"), DAMAGED),
        (workbook(BOMB + GOOD.replace("2024-05-06", "&j;")), DAMAGED),
        (workbook(GOOD, extra={"xl/workbook.xml": "<x/>"}), DAMAGED),
        (workbook(GOOD, extra={"_rels/.rels": "<x/>"}), DAMAGED),
        (workbook(sheet(HEAD, row(("s", 99)))), DAMAGED),
        (workbook(sheet(HEAD, row(("n", "many")))), DAMAGED),
        (workbook(GOOD, extra={"[Content_Types].xml": "nothing"}),
         "This file is no table that can be read. Save it as XLSX or CSV."),
        (workbook(GOOD)[:-30], DAMAGED),
        (workbook(GOOD) + b"more", DAMAGED),
        (workbook(GOOD, extra={"xl/vbaProject.bin": "x"}),
         "This document contains macros. Save it without them."),
        (workbook(GOOD, extra={"run.exe": "x"}),
         "This document hides a program or a page of code."),
        (workbook(GOOD, extra={"../../out.xml": "x"}),
         "This document hides a program or a page of code."),
        (workbook(GOOD, extra={"[Content_Types].xml": "wordprocessingml.document.main+xml"}),
         "This file is no table that can be read. Save it as XLSX or CSV."),
        (workbook(sheet(HEAD, "<!--" + " " * (9 * 1024 * 1024) + "-->")),
         "This document unpacks to far more than a document holds."),
        (workbook(GOOD, extra={"big.xml": b"0" * (30 * 1024 * 1024)}),
         "This document unpacks to far more than a document holds."),
        (workbook(sheet(HEAD, *[row("A", "2024-05-06")] * 10_000)),
         "The table has more than 1000 rows. Make two files of it."),
        (b"PK\x03\x04" + b"\x00" * 100, DAMAGED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100,
         "This file is no table that can be read. Save it as “CSV UTF-8” or as XLSX."),
    ],
)  # fmt: skip
def test_a_workbook_that_cannot_be_read_is_refused_at_its_field(
    client: Client, event: Event, content: bytes, words: str
) -> None:
    answer = upload(client, content)

    assert answer.context["form"].errors == {"file": [words]}


def test_a_cell_in_the_last_corner_takes_no_room(client: Client, event: Event) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c><c r="A1048576"><v>7</v></c></row>'
    whole = workbook(sheet(HEAD, row("A", "2024-05-06", number=2), far))
    workbooks.read_xlsx(whole)
    tracemalloc.start()
    began = time.process_time()

    table = workbooks.read_xlsx(whole)

    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert time.process_time() - began < 1
    assert table.lines == [(2, ["A", "2024-05-06"]), (1048576, ["7"])]


def test_many_empty_cells_are_not_gone_through_to_the_end() -> None:
    whole = workbook(sheet(HEAD, row("A", "2024-05-06"), "<row>" + "<c/>" * 1_500_000 + "</row>"))
    began = time.process_time()

    assert len(workbooks.read_xlsx(whole).lines) == 1
    assert time.process_time() - began < 5


def test_formulas_and_markup_in_cells_are_text(client: Client, event: Event) -> None:
    whole = workbook(
        sheet(
            HEAD,
            row('=HYPERLINK("https://evil.example")', "2024-05-06"),
            row("<script>alert(1)</script>", "2024-05-06"),
            row("A_x0000_B", "2024-05-06"),
            row("A_xD800_B", "2024-05-06"),
        )
    )

    page = read(client, whole)

    assert "<script>alert" not in page.content.decode()
    assert verdicts(page) == ["add", "add", "refused", "refused"]
    take_over(client, page)
    assert event.sessions.count() == 2


@given(at=st.integers(0, 3000), data=st.binary(min_size=1, max_size=8), name=st.integers(0, 6))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_break_the_reader(at: int, data: bytes, name: int) -> None:
    whole = workbook(sheet(HEAD, row("A", ("n", 45418, 1), ("n", 0.375, 2), ("s", 0))),
                     strings="<si><t>1</t></si>")  # fmt: skip
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(made, "w") as new:
        for number, part in enumerate(old.namelist()):
            content = old.read(part)
            if number == name:
                place = at % len(content)
                content = content[:place] + data + content[place + len(data) :]
            new.writestr(part, content)
    try:
        workbooks.read_xlsx(made.getvalue())
    except Unreadable:
        return
