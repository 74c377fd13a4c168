"""What taking over a file would do: every row beside the session it is, if there is one.

What a row does not state stays as it is, and sessions that are not in the file stay, too.
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
from django.core.validators import MaxLengthValidator
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
from events.importing.matching import Known, read_heading
from events.importing.rooms import refuse_full_rooms
from events.importing.rows import COLUMNS, Row
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
#: Two rows that agree in these are one session.
TELLING = ("code", "title", "heading", "day", "starts", "room", "external_id")
SAYS_WHICH = frozenset({"second_hour", "starts_offset"})
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
    """A row, the session it would become, and what that means.

    ``row`` is a copy to which the comparison adds its own problems and warnings.
    """

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
        self.kept = list(kept)
        rows = [Row.of(entry) for entry in self.kept]
        self.people = people.Everybody(event, rows, chosen or {})
        self.known = Known(self.sessions)
        self._taken: dict[tuple[Any, ...], int] = {}
        self.planned = [self._planned(row) for row in rows]
        refuse_full_rooms(self)

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(planned.verdict for planned in self.planned)

    @property
    def of_use(self) -> list[Planned]:
        """What would be written."""
        return [planned for planned in self.planned if planned.verdict in (ADD, CHANGE)]

    def to_keep(self) -> list[dict[str, Any]]:
        """The rows as they were read, each with what happens to it, for the database."""
        return [
            entry | {"verdict": planned.verdict, "shown": asdict(planned.shown())}
            for entry, planned in zip(self.kept, self.planned, strict=True)
        ]

    @property
    def digest(self) -> str:
        """Stands for all that was shown: another one means that something would go otherwise."""
        told = [
            (one.line, one.verdict, one.session.pk, one.changes, one.people.changes)
            for one in self.planned
        ]
        text = json.dumps(told, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    # --- What would become of it -----------------------------------------------------------------

    def _planned(self, row: Row) -> Planned:
        before = self.known.session_of(row)
        read_heading(row, before)
        if before is None:
            row.values.setdefault("kind", row.values.get("supposed_kind", SessionKind.SESSION))
            planned = Planned(row, Session(event=self.event))
            self._refuse_twice(row, ("new", *(row.values.get(name) for name in TELLING)))
        else:
            planned = Planned(row, copy.copy(before), is_new=False)
            planned.room = before.room.name if before.room else ""
            planned.track = before.track.name if before.track else ""
            self._refuse_twice(row, ("there", before.pk))
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

    def _refuse_twice(self, row: Row, key: tuple[Any, ...]) -> None:
        if (other := self._taken.setdefault(key, row.line)) != row.line:
            row.refuse("", _("Row %(n)d is about the same session.") % {"n": other})

    def _fill(self, planned: Planned) -> None:
        told, session = planned.row.values, planned.session
        clock = _clock(session)
        same_moment = not planned.is_new and _is_the_moment(session, told)
        if told.get("past_midnight") and not same_moment:
            planned.row.refuse(
                "starts", _("It goes on past midnight. Make an entry of its own for each day.")
            )
        for column, name in FIELDS.items():
            if column in told and not (same_moment and column in HOURS):
                value = told[column]
                if column == "day":
                    value = dt.date.fromisoformat(value)
                elif column in ("starts", "ends"):
                    value = dt.time.fromisoformat(value)
                setattr(session, name, value)
        if session.wall_starts and not session.zone:
            session.zone = told.get("supposed_zone", self.event.zone)
        is_other = planned.is_new or _clock(session) != clock or told.keys() & SAYS_WHICH
        if is_other and not same_moment:
            session.second_hour = _which_hour(session, told, planned.row)
        if session.wall_ends and not session.wall_starts:
            planned.row.refuse("starts", _("Say when it begins."))

    def _place(self, planned: Planned) -> None:
        for column, known in (("room", self.rooms), ("track", self.tracks)):
            name = planned.row.values.get(column, "")
            if not name:
                continue
            try:
                MaxLengthValidator(LONGEST_NAME)(name)
            except ValidationError as error:
                planned.row.refuse(column, error.messages[0])
                continue
            there = known.get(fold(name))
            setattr(planned, column, there.name if there else name)

    # --- What to look at -------------------------------------------------------------------------

    def _warn_of_namesakes(self, planned: Planned) -> None:
        """A session that may have been meant, had the row said so."""
        if (one := self.known.called(planned.session.title)) is not None:
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


def _is_the_moment(session: Session, told: dict[str, Any]) -> bool:
    """Whether a file that tells instants (UTC) tells those of the session, in whatever zone."""
    instants = [dt.datetime.fromisoformat(at) for at in told.get("instants", ())]
    own = [session.starts_at, session.ends_at]
    return bool(instants) and instants == own[: len(instants)]


def _clock(session: Session) -> tuple[Any, ...]:
    return session.day, session.wall_starts, session.wall_ends, session.zone


def _which_hour(session: Session, told: dict[str, Any], row: Row) -> bool | None:
    """Which of two hours of one name is meant, as far as the file says it."""
    if "second_hour" in told:
        return bool(told["second_hour"])
    supposed: bool | None = told.get("supposed_second")
    offset = told.get("starts_offset")
    if session.day is None or session.wall_starts is None or not offset:
        return supposed
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
    errors: dict[str, list[ValidationError]] = {}
    if session.day is not None and session.day.year not in YEARS:
        row.refuse("day", _("Choose a day between 1900 and 2100."))
        return
    try:
        session.clean_fields(
            exclude=["event", "slug", "room", "track", "reference", "further", "position"]
        )
        session.clean()
    except ValidationError as error:
        errors = error.error_dict
    said = {column for column, _text in row.problems}
    for name, found in errors.items():
        column = COLUMN_OF.get(name, "")
        if column in said:
            continue
        for one in found:
            row.refuse(column, " ".join(one.messages))
            if one.code == "ambiguous":
                like = {"like": "02:30+01:00"}
                row.refuse(column, _("In a table, write its distance from UTC: %(like)s.") % like)


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
