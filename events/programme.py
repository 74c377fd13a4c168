"""A programme as a reader meets it: days, and within them what happens at the same time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from events.models import Session

#: So many sessions stand side by side on a wide screen; more are a list.
WIDEST = 6


@dataclass(slots=True)
class Slot:
    """Sessions that begin at the same hour; None where no source states the hour."""

    begins: dt.time | None
    sessions: list[Session] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many columns they take on a wide screen."""
        return len(self.sessions) if len(self.sessions) <= WIDEST else 1


@dataclass(slots=True)
class Day:
    """One day of a programme; None where no source states the day."""

    date: dt.date | None
    slots: list[Slot] = field(default_factory=list)


def days_of(sessions: Iterable[Session]) -> list[Day]:
    """Sessions by day and hour. What has no hour comes first in its day, what has no day last."""
    days: dict[dt.date | None, Day] = {}
    for session in in_order(sessions):
        day = days.setdefault(session.day, Day(session.day))
        if not day.slots or day.slots[-1].begins != session.wall_starts:
            day.slots.append(Slot(session.wall_starts))
        day.slots[-1].sessions.append(session)
    return list(days.values())


def in_order(sessions: Iterable[Session]) -> list[Session]:
    """Sessions as a programme has them, whatever a database thinks of missing hours."""
    return sorted(sessions, key=_order)


def _order(session: Session) -> tuple[dt.date, dt.time, int, int, int]:
    track = session.track.position if session.track else 0
    return (
        session.day or dt.date.max,
        session.wall_starts or dt.time.min,
        track,
        session.position,
        session.pk,
    )
