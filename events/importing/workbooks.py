"""Tables out of Excel workbooks (XLSX), read with what Python brings.

Only what a programme needs: texts, numbers, days and hours of one sheet. The sheet is read as a
stream, row by row, since a small workbook can claim a cell in the last corner of the sheet and
readers that make room for all between need gigabytes for it. Nothing in it is run: of a formula
the value is taken that was worked out when the file was saved.
"""

from __future__ import annotations

import datetime as dt
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from events.importing import tables
from events.importing.rows import MOST_ROWS, Unreadable
from events.importing.tables import HEADINGS_WITHIN, MOST_COLUMNS, Line, Table

#: So much is unpacked of one file in all.
MOST_UNPACKED = 8 * 1024 * 1024
MOST_SHEETS = 20
CHUNK = 64 * 1024
#: Cells looked at, empty ones included.
MOST_CELLS = 4 * MOST_ROWS * MOST_COLUMNS
#: Numbers of built-in formats, and what they show of a moment: days, hours or both.
DAYS = frozenset({*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58})
HOURS = frozenset({*range(18, 22), *range(32, 36), *range(45, 48), 55, 56})
BOTH = frozenset({22})
MINUTES = 24 * 60
#: Day 0 of either calendar; the older one counts a 29 February 1900 that never was.
EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 (a workbook knows no zones)
EPOCH_1904 = dt.datetime(1904, 1, 1)  # noqa: DTZ001
LATEST = 2_958_465

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_COLUMN = re.compile(r"([A-Za-z]{1,3})[0-9]{1,7}")
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]')


class _Enough(Exception):
    """As many rows were read as anybody wants."""


def read_xlsx(data: bytes) -> Table:
    """The first sheet that has the headings of a programme."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _table(_Book(archive))
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        OSError,
        EOFError,
        LookupError,
        ValueError,
        OverflowError,
        RuntimeError,
        zlib.error,
        expat.ExpatError,
    ):
        raise Unreadable(_("This document is damaged. Save it again and choose it anew.")) from None


def _table(book: _Book) -> Table:
    refusal: Unreadable | None = None
    for name, path in book.sheets[:MOST_SHEETS]:
        try:
            table = tables.of_lines(book.rows(path))
        except Unreadable as error:
            refusal = refusal or error
            continue
        if len(book.sheets) > 1:
            table.notes.append(_("Only the sheet “%(name)s” was read.") % {"name": name[:60]})
        return table
    raise refusal or ValueError("no sheet")


class _Book:
    """The parts of a workbook that matter."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_UNPACKED
        main = self._first("", "officeDocument")
        related = self._related(main)
        self.sheets: list[tuple[str, str]] = []
        self._epoch = EPOCH
        self._read_workbook(main, related)
        strings = self._first(main, "sharedStrings")
        self._strings = _strings(self._part(strings)) if strings else []
        styles = self._first(main, "styles")
        self._styles = _styles(self._part(styles)) if styles else []

    def _part(self, path: str) -> bytes:
        with self._archive.open(path) as file:
            data = file.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable(_("This document unpacks to far more than a document holds."))
        return data

    def _first(self, path: str, kind: str) -> str:
        return next(iter(self._related(path, kind).values()), "")

    def _related(self, path: str, kind: str = "") -> dict[str, str]:
        """The parts a part leads to, by the key it uses; only those of one kind if told."""
        folder, name = posixpath.split(path)
        found: dict[str, str] = {}

        def begin(tag: str, attributes: dict[str, str]) -> None:
            target = attributes.get("Target", "")
            fits = not kind or attributes.get("Type", "").endswith(f"/{kind}")
            if tag == "Relationship" and fits and attributes.get("TargetMode") != "External":
                found[attributes["Id"]] = posixpath.normpath(
                    target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                )

        _parse(self._part(posixpath.join(folder, "_rels", f"{name}.rels")), begin)
        return found

    def _read_workbook(self, path: str, related: dict[str, str]) -> None:
        def begin(tag: str, attributes: dict[str, str]) -> None:
            if tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self._epoch = EPOCH_1904
            elif tag == "sheet" and attributes.get("state", "visible") == "visible":
                self.sheets.append((attributes["name"], related[attributes["id"]]))

        _parse(self._part(path), begin)

    def rows(self, path: str) -> Iterator[Line]:
        """The rows of a sheet that hold something, with their numbers."""
        sheet = _Sheet(self._text)
        with suppress(_Enough):
            _parse(self._part(path), sheet.begin, sheet.end, sheet.text)
        yield from sheet.rows

    def _text(self, kind: str, style: str, value: str) -> str:
        """What a cell shows, as far as a programme is concerned."""
        if kind == "s":
            return self._strings[int(value)]
        if kind in ("str", "inlineStr", "d"):
            return _unescaped(value)
        if kind == "e" or not value.strip():
            return ""
        if kind == "b":
            return value
        number = float(value)
        shows = self._styles[int(style)] if style and int(style) < len(self._styles) else ""
        if shows and 0 <= number <= LATEST:
            return _moment(self._epoch, number, shows)
        return str(int(number)) if number.is_integer() else repr(number)


def _moment(epoch: dt.datetime, number: float, shows: str) -> str:
    moment = epoch + dt.timedelta(minutes=round(number * MINUTES))
    if shows == "hours":
        return f"{moment:%H:%M}"
    if shows == "both" and (moment.hour or moment.minute):
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{moment:%Y-%m-%d}"


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


@dataclass(slots=True)
class _Sheet:
    """Gathers the cells of a sheet while it is parsed."""

    shown: Callable[[str, str, str], str]
    rows: list[Line] = field(default_factory=list)
    number: int = 0
    cells: list[str] = field(default_factory=list)
    column: int = 0
    kind: str = ""
    style: str = ""
    value: list[str] = field(default_factory=list)
    within: str = ""
    seen: int = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.number = int(attributes.get("r") or self.number + 1)
            self.cells, self.column = [], 0
        elif tag == "c":
            place = _COLUMN.fullmatch(attributes.get("r", ""))
            self.column = _number_of(place[1]) if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.value = []
        elif tag == "rPh" or (tag in ("v", "t") and self.within != "rPh"):
            self.within = tag  # rPh is how a name is pronounced, and has a text of its own

    def text(self, text: str) -> None:
        if self.within in ("v", "t"):
            self.value.append(text)

    def end(self, tag: str) -> None:
        if tag == "rPh" or (tag in ("v", "t") and self.within == tag):
            self.within = ""
        elif tag == "c" and self.value and self.column <= MOST_COLUMNS:
            self.cells += [""] * (self.column - 1 - len(self.cells))
            self.cells.append(self.shown(self.kind, self.style, "".join(self.value)))
        elif tag == "row" and any(self.cells):
            self.rows.append((self.number, self.cells))
            if len(self.rows) > MOST_ROWS + HEADINGS_WITHIN:
                raise _Enough


def _number_of(letters: str) -> int:
    """Columns are counted A, B … Z, AA, AB …"""
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _strings(data: bytes) -> list[str]:
    """The texts that cells share, without marks and without how they are pronounced."""
    found: list[str] = []
    parts: list[str] = []
    within: list[str] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        within.append(tag)
        if tag == "si":
            parts.clear()

    def text(text: str) -> None:
        if within and within[-1] == "t" and "rPh" not in within:
            parts.append(text)

    def end(tag: str) -> None:
        within.pop()
        if tag == "si":
            found.append(_unescaped("".join(parts)))

    _parse(data, begin, end, text)
    return found


def _styles(data: bytes) -> list[str]:
    """What the formats of cells show of a moment: "days", "hours", "both" or nothing."""
    own: dict[int, str] = {}
    found: list[str] = []
    within: list[str] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        within.append(tag)
        if tag == "numFmt":
            own[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag == "xf" and "cellXfs" in within:
            number = int(attributes.get("numFmtId", 0))
            found.append(_shows(own[number]) if number in own else _built_in(number))

    _parse(data, begin, lambda _tag: within.pop())
    return found


def _built_in(number: int) -> str:
    if number in DAYS:
        return "days"
    if number in HOURS:
        return "hours"
    return "both" if number in BOTH else ""


def _shows(code: str) -> str:
    """What a format like ``dd.mm.yyyy hh:mm`` shows."""
    letters = set(_NOT_SHOWN.sub("", code.lower().partition(";")[0]))
    if "general" in code.lower() or not letters & set("dyhsm"):
        return ""
    days, hours = bool(letters & set("dy")), bool(letters & set("hs"))
    if days and hours:
        return "both"
    return "hours" if hours else "days"


def _parse(
    data: bytes,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], Any] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Names come without their namespaces. A document that declares entities is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def local(name: str) -> str:
        return name.rpartition(" ")[2]

    def refuse(*_declared: object) -> None:
        raise ValueError("a document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: begin(
        local(name), {local(key): value for key, value in attributes.items()}
    )
    if end is not None:
        parser.EndElementHandler = lambda name: end(local(name))
    if text is not None:
        parser.CharacterDataHandler = text
    for start in range(0, len(data), CHUNK):  # what is refused is read no further
        parser.Parse(data[start : start + CHUNK], False)
    parser.Parse(b"", True)
