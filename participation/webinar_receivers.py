"""What follows for a webinar when its hours change, on whichever page that was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from events import finding
from events.choices import EventKind
from events.models import Event
from events.signals import programme_changed
from participation.signals import arrangements_changed

if TYPE_CHECKING:
    from accounts.models import User


@receiver(programme_changed, dispatch_uid="webinars-keep-the-days-of-their-sessions")
def follow_the_session(event: Event, by: User, **_: Any) -> None:
    """Its days are those of its sessions, and people with a place are told of other hours.

    A meeting keeps its days: its programme is entered bit by bit, and nobody wants a letter about
    each bit.
    """
    if event.kind != EventKind.WEBINAR:
        return
    rows = list(event.sessions.exclude(day=None).order_by("day", "wall_starts"))
    if rows:
        days = [row.day.isoformat() for row in rows if row.day]
        event.starts, event.ends, event.zone = days[0], days[-1], rows[0].zone or event.zone
        event.save(update_fields=["starts", "ends", "zone", "updated_at"])
        finding.note(event)
    arrangements_changed.send(Event, event=event, what="hours", by=by)
