"""Letters that follow from the calendar: a day and an hour before an event, and once it is over.

Nothing here depends on the clock coming by in time. What is due is worked out from the hours of
the events; a row for each moment makes a doubled clock harmless, and one that was away is made up
for as long as the event has not begun.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q

from core.models import JobRun
from events.choices import EventStatus
from events.models import Event
from participation.signals import moment_came
from participation.timing import REMINDED_AGAIN, REMINDED_BEFORE, Span, span_of

#: People are asked how it was until so long after the end; later nobody remembers.
AFTER = dt.timedelta(days=2)
#: Wide enough for the first hour of a day anywhere on earth.
MARGIN = dt.timedelta(days=2)
#: The moments before an event by the names they are claimed under.
DAY_BEFORE, HOUR_BEFORE = "remind-of-event", "remind-an-hour-before"


def remind(now: dt.datetime) -> int:
    """Announce what is due and was not announced yet. Running it twice, or at once in two places,
    announces each moment once. Returns how many."""
    announced = 0
    for event in _around(now):
        span = span_of(event)
        if span.begins is not None and now < span.begins <= now + REMINDED_BEFORE:
            announced += _remind_of(event, span, span.begins, now)
        if span.ends is not None and now - AFTER < span.ends <= now:
            announced += _ask_about(event, span.ends)
    return announced


@transaction.atomic
def _remind_of(event: Event, span: Span, begins: dt.datetime, now: dt.datetime) -> bool:
    """The reminder that is due: the later of the two, where both are. Where no hour is known,
    nobody is reminded in the middle of the night."""
    # An event that was put off is reminded of again.
    period = f"{event.pk} {begins.astimezone(dt.UTC).isoformat()}"
    name = DAY_BEFORE
    if span.has_hours and begins <= now + REMINDED_AGAIN:
        name = HOUR_BEFORE
        JobRun.claim(DAY_BEFORE, period)  # too late for it, also if the clock is put back
    if not JobRun.claim(name, period):
        return False
    moment_came.send(Event, event=event, what="reminder", moment=begins, name=f"{name} {period}")
    return True


@transaction.atomic
def _ask_about(event: Event, ended: dt.datetime) -> bool:
    name, period = "ask-for-feedback", str(event.pk)
    if not JobRun.claim(name, period):
        return False
    moment_came.send(Event, event=event, what="feedback", moment=ended, name=f"{name} {period}")
    return True


def _around(now: dt.datetime) -> Iterator[Event]:
    """Events people registered for that begin or end about now."""
    first, last = now - AFTER - MARGIN, now + REMINDED_BEFORE + MARGIN
    days = [
        (first + dt.timedelta(days=n)).date().isoformat() for n in range((last - first).days + 1)
    ]
    timed = Event.objects.filter(sessions__starts_at__range=(first, last)).values("pk")
    events = Event.objects.filter(
        Q(pk__in=timed) | Q(starts__in=days) | Q(ends__in=days),
        admission__taken__gt=0,
        is_public=True,
    ).exclude(status=EventStatus.CANCELLED)
    yield from events.select_related("country").order_by("pk")
