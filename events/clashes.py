"""What cannot be as a programme says it: two sessions in one room at once, a person in two
places, a day on which there is no event. Rooms are refused when they are written; the rest is
shown to editors, who may know better.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from claims.models import before
from core import walltime
from events.choices import ContributionRole
from events.models import Contribution, Event, Session

#: Who wrote something need not be there.
ELSEWHERE = frozenset({ContributionRole.AUTHOR})


#: Stands for the end of what has no hours; those are left out before it counts.
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


class Kind(StrEnum):
    ROOM = "room"
    PERSON = "person"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that cannot be, and the sessions it is about.

    ``pattern`` is a sentence with named places; those in ``titles`` name a session.
    """

    kind: Kind
    pattern: str
    titles: dict[str, Session]
    words: dict[str, str]

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self.titles.values())

    @property
    def text(self) -> str:
        titles = {name: session.title for name, session in self.titles.items()}
        return self.pattern % (titles | self.words)


def overlap(one: Session, other: Session) -> bool:
    """Whether two sessions go on at the same time. One may begin when the other ends.

    Of a session without an end only its beginning is known.
    """
    if one.starts_at is None or other.starts_at is None:
        return False
    if one.starts_at == other.starts_at:
        return True
    return one.starts_at < _end(other) and other.starts_at < _end(one)


def _end(session: Session) -> dt.datetime:
    return session.ends_at or session.starts_at or NEVER


def _pairs(sessions: Iterable[Session]) -> Iterator[tuple[Session, Session]]:
    """Those that overlap, in the order of time, each pair once."""
    rows = sorted(
        {row.pk: row for row in sessions if row.starts_at is not None}.values(),
        key=lambda row: (row.starts_at, row.pk),
    )
    for at, one in enumerate(rows):
        for other in rows[at + 1 :]:
            if overlap(one, other):
                yield one, other
            elif other.starts_at >= _end(one):  # type: ignore[operator]
                break


def taken(session: Session, others: Iterable[Session]) -> Session | None:
    """The session that has the room already."""
    if session.room_id is None:
        return None
    return next(
        (
            other
            for other in others
            if other.pk != session.pk and other.room_id == session.room_id
            and overlap(session, other)
        ),
        None,
    )  # fmt: skip


def room_taken(other: Session, zone: str) -> str:
    """Why a room cannot be had, in words: what is there, and when."""
    words = {"title": other.title, "room": other.room, "hours": hours_in_words(other, zone)}
    if not words["hours"]:
        return _("“%(title)s” is in %(room)s then. Choose another room or time.") % words
    return _("“%(title)s” is in %(room)s at %(hours)s. Choose another room or time.") % words


def hours_in_words(session: Session, zone: str = "") -> str:
    """ "10:00–11:00", by the clocks of a zone; by those of the session if none is given."""
    if session.starts_at is None:
        return ""
    place = zone or session.zone
    walls = [
        time_format(walltime.wall(moment, place).time(), "H:i")
        for moment in (session.starts_at, session.ends_at)
        if moment is not None
    ]
    return "–".join(walls)


def in_rooms(sessions: Iterable[Session]) -> list[Clash]:
    """Sessions that have one room at one time."""
    rooms: dict[int, list[Session]] = {}
    for session in sessions:
        if session.room_id is not None:
            rooms.setdefault(session.room_id, []).append(session)
    return [
        Clash(
            Kind.ROOM,
            _("“%(one)s” and “%(other)s” are both in %(room)s at %(hours)s."),
            {"one": one, "other": other},
            {"room": str(one.room), "hours": _common(one, other)},
        )
        for rows in rooms.values()
        for one, other in _pairs(rows)
    ]


def of_people(sessions: Iterable[Session], contributions: Iterable[Contribution]) -> list[Clash]:
    """People who are in two sessions at once; ``contributions`` have their ``person``."""
    by_key = {session.pk: session for session in sessions}
    parts: dict[int, dict[int, Session]] = {}
    people = {}
    for row in contributions:
        if row.session_id in by_key and row.role not in ELSEWHERE:
            parts.setdefault(row.person_id, {})[row.session_id] = by_key[row.session_id]
            people[row.person_id] = row.person
    found = [
        (one, other, people[key])
        for key, rows in parts.items()
        for one, other in _pairs(rows.values())
    ]
    found.sort(key=lambda row: (row[0].starts_at, row[0].pk, row[2].name))
    return [
        Clash(
            Kind.PERSON,
            _("%(person)s is in “%(one)s” and in “%(other)s” at %(hours)s."),
            {"one": one, "other": other},
            {"person": str(person), "hours": _common(one, other)},
        )
        for one, other, person in found
    ]


def outside(event: Event, sessions: Iterable[Session]) -> list[Clash]:
    """Sessions on days on which the event is not."""
    if not event.starts:
        return []
    return [
        Clash(
            Kind.DAY,
            _("“%(title)s” is on %(day)s, which is no day of the event."),
            {"title": session},
            {"day": date_format(session.day, "DATE_FORMAT")},
        )
        for session in sessions
        if session.day is not None and not _within(event, session.day)
    ]


def _within(event: Event, day: dt.date) -> bool:
    """Compared as precisely as the event's days are known."""
    text = day.isoformat()
    return not before(text, event.starts) and not before(event.ends or event.starts, text)


def _common(one: Session, other: Session) -> str:
    """The hours that both have, by the clocks of the first."""
    begins = max(one.starts_at, other.starts_at)  # type: ignore[type-var]
    ends = min(_end(one), _end(other))
    walls = [time_format(walltime.wall(begins, one.zone).time(), "H:i")]  # type: ignore[arg-type]
    if ends > begins:  # type: ignore[operator]
        walls.append(time_format(walltime.wall(ends, one.zone).time(), "H:i"))
    return "–".join(walls)


def clashes_of(
    event: Event, sessions: Iterable[Session], contributions: Iterable[Contribution]
) -> list[Clash]:
    """Everything that cannot be, rooms first. No query."""
    rows = list(sessions)
    return [*in_rooms(rows), *of_people(rows, contributions), *outside(event, rows)]
