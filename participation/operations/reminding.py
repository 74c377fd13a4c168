"""Letters that follow from the calendar: a day before an event, and once it is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import Q

from core.models import JobRun
from events.choices import EventStatus
from events.models import Event
from participation import letters
from participation.timing import REMINDED_BEFORE, span_of

#: People are asked how it was until so long after the end; later nobody remembers.
AFTER = dt.timedelta(days=2)
#: Wide enough for the first hour of a day anywhere on earth.
MARGIN = dt.timedelta(days=2)


def remind(now: dt.datetime) -> int:
    """Write what is due and was not written yet. Running it twice, or at once in two places,
    writes each letter once. Returns how many."""
    written = 0
    for event in _around(now):
        span = span_of(event)
        if span.begins is not None and now < span.begins <= now + REMINDED_BEFORE:
            # An event that was put off is reminded of again.
            period = f"{event.pk} {span.begins.isoformat()}"
            written += _once("remind-of-event", period, letters.reminder, event)
        if span.ends is not None and now - AFTER < span.ends <= now:
            written += _once("ask-for-feedback", str(event.pk), letters.feedback, event)
    return written


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


def _once(job: str, period: str, write: Callable[[Event], int], event: Event) -> int:
    with transaction.atomic():
        return write(event) if JobRun.claim(job, period) else 0
