"""When an event begins and ends, as instants, from what is known of it.

Hours are those of its sessions; an event of which only days are known lasts from the first hour
of its first day to the last of its last, at its place.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Aggregate, Max, Min

from core import walltime
from events.models import Event
from participation.models import zone_of

DAY = len("2012-07-10")
#: The join link is shown so long before an event, and people are counted as having joined.
OPENS_BEFORE = dt.timedelta(minutes=30)
#: People with a place are reminded so long before an event, and once more so long before it.
REMINDED_BEFORE = dt.timedelta(days=1)
REMINDED_AGAIN = dt.timedelta(hours=1)
#: A session whose end nobody stated lasts so long.
USUAL_LENGTH = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another; None where nothing precise enough is known."""

    begins: dt.datetime | None
    ends: dt.datetime | None
    #: Whether the hour it begins is known, and not the day alone.
    has_hours: bool = True

    def is_over(self, now: dt.datetime) -> bool:
        return self.ends is not None and self.ends <= now

    def is_on(self, now: dt.datetime) -> bool:
        """From half an hour before it begins to its end."""
        return (
            self.begins is not None
            and self.ends is not None
            and self.begins - OPENS_BEFORE <= now < self.ends
        )


def span_of(event: Event) -> Span:
    """One query."""
    return span_from(event, **event.sessions.aggregate(**hours_of("")))


def hours_of(path: str) -> dict[str, Aggregate]:
    """What ``span_from`` needs of the sessions, which ``path`` leads to."""
    return {
        "first": Min(f"{path}starts_at"),
        "last_start": Max(f"{path}starts_at"),
        "last": Max(f"{path}ends_at"),
    }


def span_from(
    event: Event,
    *,
    first: dt.datetime | None,
    last_start: dt.datetime | None,
    last: dt.datetime | None,
) -> Span:
    """From the first and last hours of its sessions, else from its days. No query."""
    begins, ends = first, last
    if last_start is not None and (ends is None or ends <= last_start):
        ends = last_start + USUAL_LENGTH
    if begins is None:
        begins = _midnight(event, event.starts, after=0)
    if ends is None:
        day = event.ends if len(event.ends) == DAY else event.starts
        ends = _midnight(event, day, after=1)
    return Span(begins, ends, has_hours=first is not None)


def _midnight(event: Event, day: str, *, after: int) -> dt.datetime | None:
    """The first moment of a day at the event's place, or of the day ``after`` it."""
    if len(day) != DAY:
        return None
    date = dt.date.fromisoformat(day) + dt.timedelta(days=after)
    place = walltime.zone(zone_of(event))
    return dt.datetime.combine(date, dt.time.min, tzinfo=place).astimezone(dt.UTC)
