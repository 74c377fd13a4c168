"""What taking over a file would do: every row beside the session it is, if there is one.

A row is the session of its ID; else the one of its number; else the one that begins with the
same title at the same time. What a row does not state stays as it is, and sessions that are
not in the file stay, too.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import walltime
from core.text import fold
from events import clashes
from events.choices import SessionKind
from events.editing.desk import YEARS
from events.importing import people
from events.importing.rows import COLUMNS, Row, own_key
from events.models import Event, Room, Session, Track

ADD, CHANGE, SAME, REFUSED = "add", "change", "same", "refused"
VERDICTS = {
    ADD: gettext_lazy("New"),
    CHANGE: gettext_lazy("Changed"),
    SAME: gettext_lazy("As it is"),
    REFUSED: gettext_lazy("Left out"),
}
#: Columns of a file, and where a session keeps them.
FIELDS = {
    "code": "code",
    "day": "day",
    "starts": "wall_starts",
    "ends": "wall_ends",
    "title": "title",
    "kind": "kind",
    "summary": "summary",
    "zone": "zone",
    "external_id": "external_id",
}
HOURS = frozenset({"day", "starts", "ends", "zone"})
#: A change of one of these may put a session into a room that is taken …
PLACING = HOURS | {"room"}
#: … and one of these is in calendars that were handed out.
HEARD = PLACING | {"title", "code", "summary"}
COLUMN_OF = {name: column for column, name in FIELDS.items()} | {"second_hour": "starts"}
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be different, in words."""

    column: str
    old: str
    new: str

    @property
    def label(self) -> str:
        return str(COLUMNS[self.column])


@dataclass(slots=True)
class Planned:
    """A row, the session it would become, and what that means."""

    row: Row
    session: Session
    is_new: bool = True
    #: The names a session's room and track would have; they may be new.
    room: str = ""
    track: str = ""
    changes: list[Change] = field(default_factory=list)
    people: people.Plan = field(default_factory=people.Plan)

    @property
    def line(self) -> int:
        return self.row.line

    @property
    def verdict(self) -> str:
        if self.row.problems:
            return REFUSED
        if self.is_new:
            return ADD
        return CHANGE if self.changes or self.people.changes else SAME

    @property
    def is_heard(self) -> bool:
        """Whether calendars that were handed out have to hear of it."""
        return bool(self._told & HEARD)

    @property
    def is_moved(self) -> bool:
        """Whether it is at another time or place than it was."""
        return bool(self._told & PLACING)

    @property
    def _told(self) -> set[str]:
        return {change.column for change in self.changes}

    def kept(self) -> dict[str, Any]:
        """The row with what happened to it, for the database."""
        return self.row.kept() | {"verdict": self.verdict, "shown": asdict(self.shown())}

    def shown(self) -> Shown:
        session = self.session
        return Shown(
            line=self.line,
            verdict=self.verdict,
            title=session.title,
            code=session.code,
            day=session.day.isoformat() if session.day else "",
            hours=clashes.hours_in_words(session),
            zone=session.zone if session.starts_at else "",
            kind=in_words(session.kind),
            room=self.room,
            track=self.track,
            changes=[] if self.is_new else list(self.changes),
            people=list(self.people.changes),
            problems=_labelled(self.row.problems),
            warnings=_labelled(self.row.warnings),
        )


@dataclass(slots=True)
class Shown:
    """A row as a page shows it, before and after it was taken over."""

    line: int
    verdict: str
    title: str
    code: str
    day: str
    hours: str
    zone: str
    kind: str
    room: str
    track: str
    changes: list[Change]
    people: list[tuple[str, str, str]]
    problems: list[tuple[str, str]]
    warnings: list[tuple[str, str]]

    @property
    def verdict_in_words(self) -> str:
        return str(VERDICTS[self.verdict])

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Shown:
        """As it was kept."""
        told = kept["shown"]
        return cls(**told | {"changes": [Change(**change) for change in told["changes"]]})


def _labelled(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(str(COLUMNS.get(column, "")), text) for column, text in pairs]


class Comparison:
    """All rows of a file beside the programme of its event. Seven queries, however many rows."""

    def __init__(
        self, event: Event, kept: Iterable[dict[str, Any]], chosen: people.Chosen | None = None
    ) -> None:
        self.event = event
        self.sessions = list(event.sessions.select_related("room", "track"))
        self.rooms = {fold(room.name): room for room in Room.objects.filter(event=event)}
        self.tracks = {fold(track.name): track for track in Track.objects.filter(event=event)}
        rows = [Row.of(entry) for entry in kept]
        self.people = people.Everybody(event, rows, chosen or {})
        self._index()
        self._taken: dict[int, int] = {}
        self.planned = [self._planned(row) for row in rows]
        _refuse_full_rooms(self)

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(planned.verdict for planned in self.planned)

    @property
    def of_use(self) -> list[Planned]:
        """What would be written."""
        return [planned for planned in self.planned if planned.verdict in (ADD, CHANGE)]

    @property
    def digest(self) -> str:
        """Stands for all that was shown: another one means that something would go otherwise."""
        told = [
            (one.line, one.verdict, one.session.pk, one.changes, one.people.changes)
            for one in self.planned
        ]
        text = json.dumps(told, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    # --- Which session a row is ------------------------------------------------------------------

    def _index(self) -> None:
        self._by_pk = {session.pk: session for session in self.sessions}
        self._by_id: dict[str, Session] = {}
        self._by_code: dict[str, list[Session]] = {}
        self._by_title: dict[tuple[Any, ...], list[Session]] = {}
        self._titles: dict[str, list[Session]] = {}
        for session in self.sessions:
            if session.external_id:
                self._by_id.setdefault(session.external_id, session)
            if session.code:
                self._by_code.setdefault(fold(session.code), []).append(session)
            title = fold(session.title)
            self._by_title.setdefault((session.day, session.wall_starts, title), []).append(session)
            self._titles.setdefault(title, []).append(session)

    def _same(self, row: Row) -> Session | None:
        """The session this row is about."""
        told = row.values
        name = told.get("external_id", "")
        if (found := self._by_pk.get(own_key(name) or 0)) is not None:
            del told["external_id"]  # it is the portal's own name for it
            return found
        if name and (found := self._by_id.get(name)):
            return found
        code = fold(told.get("code", ""))
        if code:
            fitting = [one for one in self._by_code.get(code, ()) if _agree(one.external_id, name)]
            return fitting[0] if len(fitting) == 1 else None
        key = (*_time_of(told), fold(told.get("title", "")))
        fitting = [one for one in self._by_title.get(key, ()) if _agree(one.external_id, name)]
        return fitting[0] if len(fitting) == 1 else None

    # --- What would become of it -----------------------------------------------------------------

    def _planned(self, row: Row) -> Planned:
        before = self._same(row)
        if before is None:
            row.values.setdefault("kind", row.values.get("supposed_kind", SessionKind.SESSION))
            planned = Planned(row, Session(event=self.event))
        else:
            planned = Planned(row, copy.copy(before), is_new=False)
            planned.room = before.room.name if before.room else ""
            planned.track = before.track.name if before.track else ""
            if (other := self._taken.setdefault(before.pk, row.line)) != row.line:
                row.refuse("", _("Row %(n)d is about the same session.") % {"n": other})
        self._fill(planned)
        self._place(planned)
        _check(planned.session, row)
        if before is None:
            self._warn_of_namesakes(planned)
        else:
            planned.changes = _changes(before, planned)
        planned.people = self.people.plan(row, None if before is None else before.pk)
        self._warn_of_days(planned)
        return planned

    def _fill(self, planned: Planned) -> None:
        told, session = planned.row.values, planned.session
        clock = _clock(session)
        for column, name in FIELDS.items():
            if column in told:
                value = told[column]
                if column == "day":
                    value = dt.date.fromisoformat(value)
                elif column in ("starts", "ends"):
                    value = dt.time.fromisoformat(value)
                setattr(session, name, value)
        if session.wall_starts and not session.zone:
            session.zone = told.get("supposed_zone", self.event.zone)
        if planned.is_new or _clock(session) != clock or "starts_offset" in told:
            session.second_hour = _which_hour(session, told, planned.row)
        if session.wall_ends and not session.wall_starts:
            planned.row.refuse("starts", _("Say when it begins."))

    def _place(self, planned: Planned) -> None:
        for column, known in (("room", self.rooms), ("track", self.tracks)):
            name = planned.row.values.get(column, "")
            if not name:
                continue
            if len(name) > LONGEST_NAME:
                planned.row.refuse(column, _too_long(LONGEST_NAME, len(name)))
                continue
            there = known.get(fold(name))
            setattr(planned, column, there.name if there else name)

    # --- What to look at -------------------------------------------------------------------------

    def _warn_of_namesakes(self, planned: Planned) -> None:
        """A session that may have been meant, had the row said so."""
        for one in self._titles.get(fold(planned.session.title), ())[:1]:
            planned.row.warn(
                "title",
                _(
                    "A session of this title is in the programme already (%(when)s) and stays."
                    " If it is the same, give both the same number."
                )
                % {"when": _when(one)},
            )

    def _warn_of_days(self, planned: Planned) -> None:
        first, last = self.event.starts, self.event.ends or self.event.starts
        day = planned.session.day
        if day is None:
            if planned.is_new:
                planned.row.warn("day", _("The day is not stated."))
        elif first and not first <= day.isoformat()[: len(first)]:
            planned.row.warn("day", _("This is before the event begins."))
        elif last and day.isoformat()[: len(last)] > last:
            planned.row.warn("day", _("This is after the event ends."))


def _agree(known: str, told: str) -> bool:
    """Whether two IDs can be of one session: one of them is missing, or both are the same."""
    return not known or not told or known == told


def _time_of(told: dict[str, Any]) -> tuple[dt.date | None, dt.time | None]:
    day, starts = told.get("day"), told.get("starts")
    return (
        dt.date.fromisoformat(day) if day else None,
        dt.time.fromisoformat(starts) if starts else None,
    )


def _clock(session: Session) -> tuple[Any, ...]:
    return session.day, session.wall_starts, session.wall_ends, session.zone


def _which_hour(session: Session, told: dict[str, Any], row: Row) -> bool | None:
    """Which of two hours of one name is meant, as far as the file says it."""
    if "second_hour" in told:
        return bool(told["second_hour"])
    offset = told.get("starts_offset")
    if session.day is None or session.wall_starts is None or not offset:
        return None
    try:
        moments = walltime.both(dt.datetime.combine(session.day, session.wall_starts), session.zone)
    except ValidationError:
        return None  # said at its field when the session is checked
    wanted = dt.datetime.fromisoformat(f"{session.day}T{session.wall_starts:%H:%M}{offset}")
    for second, moment in enumerate(moments):
        if moment == wanted:
            return bool(second) if moments[0] != moments[1] else None
    row.refuse(
        "starts",
        _("The clocks of %(zone)s are not %(offset)s from UTC then.")
        % {"zone": session.zone, "offset": offset},
    )
    return None


def _check(session: Session, row: Row) -> None:
    """What the session itself refuses, said at the column it came from."""
    errors: dict[str, list[str]] = {}
    if session.day is not None and session.day.year not in YEARS:
        row.refuse("day", _("Choose a day between 1900 and 2100."))
        return
    try:
        session.clean_fields(
            exclude=["event", "slug", "room", "track", "reference", "further", "position"]
        )
        session.clean()
    except ValidationError as error:
        errors = error.message_dict
    said = {column for column, _text in row.problems}
    for name, texts in errors.items():
        column = COLUMN_OF.get(name, "")
        if column not in said:
            row.problems += [(column, text) for text in texts]


def _changes(before: Session, planned: Planned) -> list[Change]:
    after = planned.session
    found = [
        Change(column, in_words(getattr(before, name)), in_words(getattr(after, name)))
        for column, name in FIELDS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    if before.starts_at != after.starts_at and not {"day", "starts", "zone"} & {
        change.column for change in found
    }:
        found.append(Change("starts", _moment(before), _moment(after)))
    for column, old in (("room", before.room), ("track", before.track)):
        name = old.name if old else ""
        if name != getattr(planned, column):
            found.append(Change(column, name, getattr(planned, column)))
    return found


def _moment(session: Session) -> str:
    return f"{session.starts_at:%H:%M} UTC" if session.starts_at else ""


def in_words(value: Any) -> str:
    """A value as a reader of the comparison meets it."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if value in SessionKind.values:
        return str(SessionKind(value).label)
    return str(value)


def _when(session: Session) -> str:
    told = [in_words(session.day) or _("Day not stated"), in_words(session.wall_starts)]
    return ", ".join(filter(None, told))


def _too_long(most: int, now: int) -> str:
    return _("Shorten this to %(most)d characters. It has %(n)d now.") % {"most": most, "n": now}


# --- Rooms ---------------------------------------------------------------------------------------

#: A session as it would be, and its row if the file has one.
Held = tuple[Session, Planned | None]


def _refuse_full_rooms(comparison: Comparison) -> None:
    """A room holds one session at a time: what comes later in the file is left out.

    Looked at as if all were taken over, so that two sessions may change places. A session whose
    row is left out stays where it was, which may be in the way of another: hence the rounds.
    """
    refused = True
    while refused:
        refused = False
        for one, other in _overlaps(comparison):
            culprits = [held for held in (one, other) if held[1] is not None and _brings(held[1])]
            if not culprits or any(held[1] and held[1].row.problems for held in (one, other)):
                continue
            last = max(culprits, key=_line)
            first = other if last is one else one
            if last[1] is not None:
                words = clashes.room_taken(_in_room(first, last[1].room), last[0].zone)
                last[1].row.refuse("room", words)
                refused = True


def _line(held: Held) -> int:
    return held[1].line if held[1] else 0


def _in_room(held: Held, name: str) -> Session:
    """The session with the room it would have, which may not be kept yet."""
    session = copy.copy(held[0])
    session.room = Room(name=name)
    return session


def _overlaps(comparison: Comparison) -> list[tuple[Held, Held]]:
    """Sessions that would be in one room at once."""
    good = [planned for planned in comparison.planned if not planned.row.problems]
    told = {planned.session.pk for planned in good if not planned.is_new}
    by_room: dict[str, list[Held]] = {}
    for session in comparison.sessions:
        if session.room and session.pk not in told:
            by_room.setdefault(fold(session.room.name), []).append((session, None))
    for planned in good:
        if planned.room:
            by_room.setdefault(fold(planned.room), []).append((planned.session, planned))
    found: list[tuple[Held, Held]] = []
    for held in by_room.values():
        timed = [pair for pair in held if pair[0].starts_at is not None]
        timed.sort(key=lambda pair: (pair[0].starts_at, _ends(pair[0]), _line(pair)))
        longest: Held | None = None
        for pair in timed:
            if longest is not None and clashes.overlap(pair[0], longest[0]):
                found.append((pair, longest))
            if longest is None or _ends(pair[0]) >= _ends(longest[0]):
                longest = pair
    return found


def _ends(session: Session) -> dt.datetime:
    return session.ends_at or session.starts_at or clashes.NEVER


def _brings(planned: Planned) -> bool:
    """Whether the file puts the session there; what overlapped before is not its doing."""
    return planned.is_new or planned.is_moved
