"""A programme as a reader meets it: days, and within them what happens at the same time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from core.prepared import Prepared
from events.models import Session

if TYPE_CHECKING:
    from events.models import Event

#: So many sessions stand side by side on a wide screen; more are a list.
WIDEST = 6
#: What a programme prints of a session, and what puts it in order.
PRINTED = (
    "event", "slug", "title", "kind", "code", "day", "wall_starts", "wall_ends", "zone",
    "starts_at", "position", "track__name", "track__position", "room__name",
)  # fmt: skip

_sessions = Prepared(
    lambda event: (
        Session.objects.filter(event=event).select_related("track", "room").only(*PRINTED)
    ),
    int,
)


class Programme:
    """The sessions of an event, with what a programme prints of them; read where it is drawn.
    One query."""

    def __init__(self, event: Event) -> None:
        self._answer = _sessions(event.pk)
        #: Nothing else is printed of it, and it says the same to everybody.
        self.kept_as = self._answer.raw

    def __len__(self) -> int:
        return len(self.kept_as)

    @cached_property
    def sessions(self) -> list[Session]:
        return self._answer.rows()

    @cached_property
    def days(self) -> list[Day]:
        return days_of(self.sessions)

    @property
    def zones(self) -> list[str]:
        """The time zones whose hours it prints."""
        return sorted({session.zone for session in self.sessions if session.zone})


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
