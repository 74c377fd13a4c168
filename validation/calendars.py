"""A reviewer's dates as a calendar file, downloaded by the reviewer alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from core.models import AuditEntry
from validation import choices as c

if TYPE_CHECKING:
    from validation.models import Seat
    from validation.reading import Row

#: What moves a date of a review, as the audit names it.
MOVES_A_DATE = ("accept", "set_due", "reopen_seat")


def sequences(seats: Iterable[Seat]) -> dict[str, int]:
    """How often the date of each seat was moved, by its key. One query.

    A calendar takes a changed date only with a higher number than it has.
    """
    rows = AuditEntry.objects.filter(
        target_type="validation.seat",
        target_id__in=[str(seat.pk) for seat in seats],
        verb__in=MOVES_A_DATE,
    )
    counted = rows.values("target_id").order_by("target_id").annotate(times=Count("pk"))
    return {row["target_id"]: row["times"] for row in counted}


def calendar_of(rows: Iterable[Row]) -> bytes:
    """All dates as days of their own: what has to be done by the end of that day."""
    rows = [row for row in rows if row.due is not None]
    moved = sequences(row.seat for row in rows)
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.PORTAL_NAME}//Reviews//{get_language() or 'en'}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for row in rows:
        calendar.add_component(_event(row, moved.get(str(row.seat.pk), 0)))
    return calendar.to_ical()


def _event(row: Row, sequence: int) -> Event:
    """``UID`` names the seat and the task, so that a later file moves the entry."""
    seat = row.seat
    task, words = {
        c.SeatState.INVITED: ("answer", _("Answer to an invitation: %(title)s")),
        c.SeatState.REVIEWING: ("review", _("Review due: %(title)s")),
    }.get(seat.state, ("decision", _("Decision to confirm: %(title)s")))
    day = timezone.localdate(row.due)
    host = urlsplit(settings.PORTAL_URL).hostname or "portal"
    url = f"{settings.PORTAL_URL}{reverse('validation:review', args=[seat.uid])}"
    event = Event()
    event.add("uid", f"{seat.uid}-{task}@{host}")
    event.add("sequence", sequence)
    event.add("dtstamp", timezone.now())
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", words % {"title": row.title})
    event.add("url", url)
    event.add("description", url)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event
