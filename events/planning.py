"""A programme as its editors meet it: every day of the event, what is on it, what clashes, and
what the next session would be like.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from events.choices import SessionKind
from events.clashes import Clash
from events.editing import later, length_of
from events.models import Event, Room, Session
from events.programme import in_order

DAY = len("2012-07-10")
#: An event that is longer shows the days on which something is.
MOST_DAYS = 31
#: What is rarely followed by another of its kind.
ALONE = frozenset({SessionKind.OPENING, SessionKind.CLOSING, SessionKind.BREAK})
USUAL_LENGTH = dt.timedelta(hours=1)


@dataclass(slots=True)
class Row:
    """One session, how many people have a part in it, and whether something is wrong."""

    session: Session
    people: int = 0
    clashes: list[Clash] = field(default_factory=list)


@dataclass(slots=True)
class PlanDay:
    """One day; None for what has no day yet. ``is_extra``: the event is not on that day."""

    date: dt.date | None
    rows: list[Row] = field(default_factory=list)
    form: Any = None

    @property
    def key(self) -> str:
        return self.date.isoformat() if self.date else "none"


def days_of_event(event: Event) -> list[dt.date]:
    """The days of an event, where they are known exactly and not too many."""
    if len(event.starts) != DAY:
        return []
    first = dt.date.fromisoformat(event.starts)
    last = dt.date.fromisoformat(event.ends) if len(event.ends) == DAY else first
    count = (last - first).days + 1
    if not 0 < count <= MOST_DAYS:
        return []
    return [first + dt.timedelta(days=n) for n in range(count)]


def plan_of(
    event: Event,
    sessions: Iterable[Session],
    people: Mapping[int, int],
    clashes: Iterable[Clash],
) -> list[PlanDay]:
    """All days in order; what has no day comes last. No query."""
    wrong: dict[int, list[Clash]] = {}
    for clash in clashes:
        for session in clash.sessions:
            wrong.setdefault(session.pk, []).append(clash)
    days: dict[dt.date | None, PlanDay] = {day: PlanDay(day) for day in days_of_event(event)}
    for session in in_order(sessions):
        day = days.setdefault(session.day, PlanDay(session.day))
        day.rows.append(Row(session, people.get(session.pk, 0), wrong.get(session.pk, [])))
    return sorted(days.values(), key=lambda day: day.date or dt.date.max)


def following(days: Sequence[PlanDay], at: int) -> dict[str, Any]:
    """What a session added to a day begins with: after the last one, in its room, as long."""
    day = days[at]
    timed = [row.session for row in day.rows if row.session.wall_starts is not None]
    if not timed:
        return {"begins": _first_hour(days), "kind": SessionKind.SESSION}
    last = max(timed, key=lambda row: (row.wall_ends or row.wall_starts or dt.time.min, row.pk))
    begins = last.wall_ends or last.wall_starts
    length = length_of(last) if last.kind != SessionKind.BREAK else USUAL_LENGTH
    return {
        "begins": begins,
        "ends": _end(begins, length) if last.wall_ends and begins else None,
        "kind": SessionKind.SESSION if last.kind in ALONE else last.kind,
        "room": last.room_id,
        "track": last.track_id,
    }


def _first_hour(days: Iterable[PlanDay]) -> dt.time | None:
    """When the days before begin."""
    hours = [
        row.session.wall_starts
        for day in days
        for row in day.rows
        if row.session.wall_starts is not None
    ]
    return min(hours, default=None)


def _end(begins: dt.time, length: dt.timedelta) -> dt.time | None:
    moment = dt.datetime.combine(dt.date(2000, 1, 1), begins) + length
    return later(begins, length) if moment.day == 1 else None


def zone_for(event: Event, sessions: Iterable[Session]) -> str:
    """The zone new hours are in: the event's, or that of the sessions there are."""
    return event.zone or next((row.zone for row in sessions if row.zone), "")


# --- The day as a table: rooms beside each other ---------------------------------------------


@dataclass(slots=True)
class Cell:
    """What is in one room from one line of the table on; nothing means it is free."""

    room: Room | None
    rows: list[Row] = field(default_factory=list)
    span: int = 1


@dataclass(slots=True)
class Grid:
    """A day as a table: a line for each hour at which something begins, a column for each
    room. What has no hour stands above, what has no room in a column of its own."""

    date: dt.date
    rooms: list[Room | None]
    lines: list[tuple[dt.time, list[Cell]]]
    untimed: list[Row]


def grid_of(day: PlanDay, rooms: Sequence[Room]) -> Grid:
    """Sessions that overlap in a room stand in one cell."""
    date = day.date or dt.date.min
    timed = [row for row in day.rows if row.session.wall_starts is not None]
    hours = sorted({_starts(row) for row in timed})
    columns: list[Room | None] = list(rooms)
    if not rooms or any(row.session.room_id is None for row in timed):
        columns.append(None)
    cells: dict[tuple[int, int], Cell] = {}
    for at, room in enumerate(columns):
        key = room.pk if room else None
        inside = [row for row in timed if row.session.room_id == key]
        for first, cell in _blocks(inside, hours, room, stacked=room is None):
            cells[first, at] = cell
    lines = []
    covered: dict[int, int] = {}
    for line, hour in enumerate(hours):
        row_cells = []
        for at, room in enumerate(columns):
            if covered.get(at, 0) > line:
                continue
            cell = cells.get((line, at)) or Cell(room)
            covered[at] = line + cell.span
            row_cells.append(cell)
        lines.append((hour, row_cells))
    untimed = [row for row in day.rows if row.session.wall_starts is None]
    return Grid(date, columns, lines, untimed)


def _starts(row: Row) -> dt.time:
    return row.session.wall_starts or dt.time.min


def _blocks(
    rows: Iterable[Row], hours: Sequence[dt.time], room: Room | None, *, stacked: bool
) -> list[tuple[int, Cell]]:
    """Sessions of one column, each with the line it begins at and the lines it goes on for.

    ``stacked``: what has no room goes on beside others, so it covers its first line only.
    """
    found: list[tuple[int, Cell]] = []
    for row in sorted(rows, key=lambda row: (_starts(row), row.session.pk)):
        line = hours.index(_starts(row))
        ends = row.session.wall_ends or _starts(row)
        span = 1 if stacked else max(1, sum(hour < ends for hour in hours[line:]))
        if found and line < found[-1][0] + found[-1][1].span:
            first, cell = found[-1]
            cell.rows.append(row)
            cell.span = max(cell.span, line + span - first)
        else:
            found.append((line, Cell(room, [row], span)))
    return found
