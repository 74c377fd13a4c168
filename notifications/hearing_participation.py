"""What everybody who registered for an event is to know becomes one notice, whatever their number,
inside the transaction it happens in."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from core.background import hasten
from notifications import noticing
from notifications.models.notices import Subject
from notifications.noticeable_participation import ARRANGED
from participation.signals import arrangements_changed, moment_came, recording_added

if TYPE_CHECKING:
    import datetime as dt

    from events.models import Event
    from participation.models import Paper


def _announce(event_id: int, *, key: str, **data: Any) -> None:
    """Whoever caused it is told, too, if they registered: the letter is for their calendar."""
    from notifications import tasks  # noqa: PLC0415 (Celery, which only writing needs)

    notice = noticing.announce(Subject.ARRANGEMENT, event_id, key=key, actor=None, data=data)
    if notice is not None:
        hasten(tasks.tell, notice_id=notice.pk)


@receiver(arrangements_changed, dispatch_uid="notice-of-arrangements")
def hear_arrangements(event: Event, what: str, reason: str = "", **_: Any) -> None:
    """Each change is a fact of its own: hours may change twice."""
    if what in ARRANGED:
        key = f"arrangement:{event.pk}:{what}:{uuid.uuid4().hex}"
        _announce(event.pk, key=key, what=what, reason=reason)


@receiver(moment_came, dispatch_uid="notice-of-a-moment")
def hear_moment(event: Event, what: str, moment: dt.datetime, name: str, **_: Any) -> None:
    until = {"until": moment.isoformat()} if what == "reminder" else {}
    _announce(event.pk, key=name, what=what, **until)


@receiver(recording_added, dispatch_uid="notice-of-a-recording")
def hear_recording(paper: Paper, **_: Any) -> None:
    key = f"recording:{paper.event_id}"
    _announce(paper.event_id, key=key, what="recording", paper=paper.pk)
