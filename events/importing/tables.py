"""Tables of text as programs for spreadsheets save them, whatever divides and encodes them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.importing.rows import MOST_ROWS, Unreadable
from events.importing.words import heading_of

#: The number of a row, as a spreadsheet shows it, and its cells.
Line = tuple[int, list[str]]

DIVIDERS = (",", ";", "\t", "|")
#: Headings stand in one of the first lines; a title may stand above them.
HEADINGS_WITHIN = 15
MOST_COLUMNS = 60
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What Windows saves a table in that is no UTF-8, by the language of the reader.
WINDOWS = {"ar": "cp1256", "ru": "cp1251", "vi": "cp1258", "zh": "gb18030"}


@dataclass(slots=True)
class Table:
    """The headings of a table, what they mean, and the lines below them."""

    headings: list[str]
    columns: list[str]
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_csv(data: bytes) -> Table:
    """The table of a CSV file. Refuses what is none."""
    text, notes = _decoded(data)
    divider = _divider(text)
    table = of_lines(_lines(text, divider))
    table.notes[:0] = notes
    return table


def _decoded(data: bytes) -> tuple[str, list[str]]:
    """The text of the file, and a note if its encoding had to be supposed."""
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "")
    if not encoding and data[:200].count(0) > len(data[:200]) // 4:
        encoding = "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
    try:
        return data.decode(encoding or "utf-8"), []
    except UnicodeDecodeError:
        if encoding:
            raise Unreadable(_no_table()) from None
    supposed = WINDOWS.get((get_language() or "en").split("-")[0], "cp1252")
    try:
        text = data.decode(supposed)
    except UnicodeDecodeError:
        raise Unreadable(_no_table()) from None
    note = _(
        "The file is not in UTF-8. It was read as %(encoding)s: look whether the names are right."
        " If not, save it as “CSV UTF-8” and choose it again."
    ) % {"encoding": supposed.replace("cp", "Windows-")}
    return text, [note]


def _no_table() -> str:
    return _("This file is no table that can be read. Save it as “CSV UTF-8” or as XLSX.")


def _divider(text: str) -> str:
    """What divides the cells: said in the first line, or what yields the most headings."""
    first = text[:10].lower()
    if first.startswith("sep=") and first[4:5]:
        return text[4]
    start = text[:20_000]

    def known(divider: str) -> int:
        found = 0
        try:
            for at, cells in enumerate(csv.reader(start.splitlines(), delimiter=divider)):
                if at >= HEADINGS_WITHIN:
                    break
                found = max(found, len(set(filter(None, map(heading_of, cells)))))
        except csv.Error:
            return 0
        return found

    return max(DIVIDERS, key=known)


def _lines(text: str, divider: str) -> Iterator[Line]:
    """The lines of a table; a cell in quotation marks may go over several lines of the file."""
    if "\x00" in text:
        raise Unreadable(_no_table())
    if text[:5].lower() == f"sep={divider}":
        text = text.partition("\n")[2]
    number = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True):
            number += 1
            yield number, cells
    except csv.Error:
        raise Unreadable(
            _(
                "Row %(row)d of the table cannot be read: a quotation mark is opened and not"
                " closed, or stands inside a cell."
            )
            % {"row": number + 1}
        ) from None


def of_lines(lines: Iterable[Line]) -> Table:
    """Finds the headings and keeps what stands below them."""
    table: Table | None = None
    for number, cells in lines:
        if table is None:
            if number > HEADINGS_WITHIN:
                break
            if (found := _headed(cells)) is not None:
                table = found
        elif any(text.strip() for text in cells):
            if len(table.lines) >= MOST_ROWS:
                raise Unreadable(
                    _("The table has more than %(most)d rows. Make two files of it.")
                    % {"most": MOST_ROWS}
                )
            table.lines.append((number, cells))
    if table is None:
        raise Unreadable(
            _(
                "The headings were not found. Name the columns in the first row as the template"
                " does; one of them is “%(title)s”."
            )
            % {"title": _("Title")}
        )
    if not table.lines:
        raise Unreadable(_("There is no row below the headings."))
    _told_of_others(table)
    return table


def _headed(cells: Sequence[str]) -> Table | None:
    """The table that begins with these headings, if they are some."""
    columns = [heading_of(text) for text in cells[:MOST_COLUMNS]]
    if "title" not in columns or len(set(filter(None, columns))) < 2:
        return None
    twice = sorted({name for name in columns if name in _ONCE and columns.count(name) > 1})
    if twice:
        headings = [
            text.strip() for text, name in zip(cells, columns, strict=False) if name in twice
        ]
        raise Unreadable(
            _("Two columns mean the same: %(names)s. Rename or remove one of them.")
            % {"names": ", ".join(f"“{text[:40]}”" for text in headings)}
        )
    return Table([text.strip() for text in cells], columns)


_ONCE = frozenset({"code", "day", "starts", "ends", "hours", "title", "kind", "track", "room",
                   "summary", "zone", "external_id"})  # fmt: skip


def _told_of_others(table: Table) -> None:
    """A note on columns nobody reads."""
    names = [
        f"“{heading[:40]}”"
        for heading, column in zip(table.headings, table.columns, strict=False)
        if heading and not column
    ]
    if names:
        table.notes.append(
            _("These columns were not read: %(names)s.") % {"names": ", ".join(names[:10])}
        )
