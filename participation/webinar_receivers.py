"""What follows for a webinar when its hours change, on whichever page that was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from events.choices import EventKind
from events.signals import programme_changed
from participation.operations.webinars import follow_the_session

if TYPE_CHECKING:
    from accounts.models import User
    from events.models import Event


@receiver(programme_changed, dispatch_uid="webinars-follow-their-sessions")
def webinars_follow(event: Event, by: User, **_: Any) -> None:
    """A meeting does not: its programme is entered bit by bit, and nobody wants a letter about
    each bit."""
    if event.kind == EventKind.WEBINAR:
        follow_the_session(event, by=by)
