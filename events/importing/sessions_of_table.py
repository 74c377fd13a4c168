"""Sessions as the rows of a table have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.plaintext import is_broken, tidy
from events import speakers
from events.choices import ContributionRole, SessionKind
from events.importing import words
from events.importing.rows import Row
from events.importing.tables import Table

#: Columns taken as they stand.
TEXTS = ("code", "title", "track", "room", "summary", "external_id")
TITLES_OF_KINDS = 40
#: Stands where the day is not known, since an empty cell means that of the row above.
NO_DAY = "—"


def rows_of(table: Table, days: tuple[str, str]) -> list[Row]:
    """What the table says, row by row. ``days`` are the first and last day of the event."""
    cells = [(number, _by_column(table.columns, line)) for number, line in table.lines]
    order = words.DayOrder.of([row.get("day", "") for _number, row in cells], days)
    found: list[Row] = []
    day = ""
    for number, told in cells:
        row = _row(number, told, order, day)
        day = row.values.get("day", "" if told.get("day") else day)
        if set(told) - {"day"}:  # a row with a day alone heads the rows below it
            found.append(row)
    return found


def _by_column(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """What stands in the columns that mean something; columns of people are put together."""
    told: dict[str, str] = {}
    for name, text in zip(columns, cells, strict=False):
        text = words.cell(text)
        if name and text:
            told[name] = f"{told[name]}\n{text}" if name in told else text
    return told


def _row(number: int, told: dict[str, str], order: words.DayOrder, day_above: str) -> Row:
    row = Row(number)
    if any(map(is_broken, told.values())):
        row.refuse("", _("This line contains characters that are not text."))
        return row
    told = {
        name: tidy(text, lines=name == "summary" or _is_people(name)).strip()
        for name, text in told.items()
    }
    row.values = {name: told[name] for name in TEXTS if told.get(name)}
    if "title" not in row.values:
        row.refuse("title", _("The title is missing."))
    if told.get("day") == NO_DAY:
        pass
    elif told.get("day"):
        _into(row, "day", lambda: words.read_day(told["day"], order).isoformat())
    elif day_above:
        row.values["day"] = day_above
    _hours(row, told)
    if told.get("zone"):
        if zone := words.zone_of(told["zone"]):
            row.values["zone"] = zone
        else:
            row.refuse(
                "zone",
                _("No time zone is called “%(text)s”. Write it like %(like)s.")
                % {"text": told["zone"][:40], "like": "Asia/Jakarta"},
            )
    _kind(row, told.get("kind", ""))
    _people(row, told)
    return row


def _into(row: Row, name: str, read: Any) -> None:
    """Keep what ``read`` finds, or why it finds nothing."""
    try:
        row.values[name] = read()
    except ValidationError as error:
        row.refuse(name, error.messages[0])


def _hours(row: Row, told: dict[str, str]) -> None:
    begins, ends = told.get("starts", ""), told.get("ends", "")
    if told.get("hours"):
        first, last = words.split_hours(told["hours"])
        begins, ends = begins or first, ends or last
    elif begins and not ends:
        begins, ends = words.split_hours(begins)
    for name, text in (("starts", begins), ("ends", ends)):
        if not text:
            continue
        try:
            time, offset = words.read_time(text)
        except ValidationError as error:
            row.refuse(name, error.messages[0])
            continue
        row.values[name] = f"{time:%H:%M}"
        if offset:
            row.values[f"{name}_offset"] = offset


def _kind(row: Row, text: str) -> None:
    """What is said, or what the title says: "Lunch", "Opening session"."""
    if text:
        kind = words.kind_of(text)
        if not kind:
            row.refuse(
                "kind",
                _("No kind of session is called “%(text)s”. Write one of: %(kinds)s.")
                % {
                    "text": text[:40],
                    "kinds": ", ".join(str(label) for _code, label in SessionKind.choices),
                },
            )
            return
        row.values["kind"] = kind
    elif kind := words.kind_of(row.values.get("title", "")[:TITLES_OF_KINDS]):
        row.values["supposed_kind"] = kind


# --- People --------------------------------------------------------------------------------------


def _is_people(name: str) -> bool:
    return name == "people" or name.startswith("role:")


def _people(row: Row, told: dict[str, str]) -> None:
    """Who contributes: one on each line of a cell, or divided by bars."""
    for name, text in told.items():
        if not _is_people(name):
            continue
        found = speakers.read(re.sub(r"\s*[|\uff5c]\s*", "\n", text))
        for note in found.notes:
            row.refuse("people", note)
        role = name.partition(":")[2]
        row.people = row.people or []
        for line in found.lines:
            for problem in line.problems:
                row.refuse("people", f"{line.name}: {problem}" if line.name else problem)
            row.people.append(
                {
                    "name": line.name,
                    "title": line.title,
                    "organisation": line.organisation,
                    "country": line.country,
                    "topic": line.topic,
                    "role": line.role or role or ContributionRole.SPEAKER,
                }
            )
