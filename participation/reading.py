"""What the page of an event shows of participation, read at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch
from django.utils import timezone

from events.choices import EventKind, EventStatus
from events.models import Event
from participation.models import Admission, Paper, PaperVersion, Registration, StoryCall
from participation.timing import Span, span_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


@dataclass(slots=True)
class Around:
    """What is around one event, for one reader at one moment.

    ``admission`` is None where nobody registers here, ``mine`` where this reader did not.
    """

    event: Event
    now: dt.datetime
    span: Span
    admission: Admission | None
    mine: Registration | None
    may_organise: bool
    papers: list[Paper]
    calls: list[StoryCall]

    @property
    def takes(self) -> bool:
        """Whether this event takes registrations now."""
        return (
            self.admission is not None
            and not self.is_over
            and not self.is_cancelled
            and self.admission.takes(self.now, self.span.begins)
        )

    @property
    def closes_at(self) -> dt.datetime | None:
        """When registration closes."""
        return self.admission.ends_at(self.span.begins) if self.admission else None

    @property
    def is_over(self) -> bool:
        return self.span.is_over(self.now)

    @property
    def is_cancelled(self) -> bool:
        return self.event.status == EventStatus.CANCELLED

    @property
    def is_webinar(self) -> bool:
        return self.event.kind == EventKind.WEBINAR

    @property
    def has_place(self) -> bool:
        return self.mine is not None and self.mine.state == Registration.State.PLACED


def around(event: Event, user: User | AnonymousUser) -> Around:
    """For a visitor: five queries, however many people registered; six with an account."""
    admission = Admission.objects.filter(event=event).first()
    mine = None
    if admission is not None:
        admission.event = event
        if user.is_authenticated:
            mine = Registration.objects.filter(event=event, user=user).first()
    newest = PaperVersion.objects.select_related("stored").order_by("-number")
    papers = Paper.objects.of(event, user).select_related("session")
    return Around(
        event=event,
        now=timezone.now(),
        span=span_of(event),
        admission=admission,
        mine=mine,
        may_organise=user.has_perm("participation.organise", event),
        papers=list(papers.prefetch_related(Prefetch("versions", newest))),
        calls=list(StoryCall.objects.visible_to(user).filter(event=event)),
    )
