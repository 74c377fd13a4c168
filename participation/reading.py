"""What the page of an event shows of participation, read at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone

from core.prepared import Prepared
from events.choices import EventKind, EventStatus
from events.models import Event
from participation.models import Admission, Paper, PaperVersion, Registration, StoryCall
from participation.standing import has_way_in
from participation.timing import REMINDED_BEFORE, Span, hours_of, span_from

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

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
    def is_on(self) -> bool:
        """From half an hour before it begins to its end."""
        return self.span.is_on(self.now)

    @property
    def is_reminded_of(self) -> bool:
        """Whether a letter before it begins is still to come."""
        return self.span.begins is not None and self.now < self.span.begins - REMINDED_BEFORE

    @property
    def is_cancelled(self) -> bool:
        return self.event.status == EventStatus.CANCELLED

    @property
    def is_webinar(self) -> bool:
        return self.event.kind == EventKind.WEBINAR

    @property
    def has_way_in(self) -> bool:
        return has_way_in(self.event, self.admission)

    @property
    def has_place(self) -> bool:
        return self.mine is not None and self.mine.state == Registration.State.PLACED


def around(event: Event, user: User | AnonymousUser) -> Around:
    """One query where nothing is around the event, however many registered elsewhere; else one
    more for each kind of thing there is, and one for the reader's own registration."""
    there = _at_a_glance(event.pk).rows()[0]
    admission = mine = None
    if there["has_admission"]:
        admission = Admission.objects.get(event=event)
        admission.event = event
        if user.is_authenticated:
            mine = Registration.objects.filter(event=event, user=user).first()
    return Around(
        event=event,
        now=timezone.now(),
        span=span_from(event, **{name: there[name] for name in ("first", "last_start", "last")}),
        admission=admission,
        mine=mine,
        may_organise=user.has_perm("participation.organise", event),
        papers=_papers(event, user) if there["has_papers"] else [],
        calls=list(StoryCall.objects.visible_to(user).filter(event=event))
        if there["has_calls"]
        else [],
    )


def _hours_and_kinds(event: int) -> QuerySet[Event, dict[str, Any]]:
    """The hours of the event's sessions, and which kinds of things there are."""
    kinds = {"has_admission": Admission, "has_papers": Paper, "has_calls": StoryCall}
    there = {
        name: Exists(model._default_manager.filter(event=OuterRef("pk")))
        for name, model in kinds.items()
    }
    rows = Event.objects.filter(pk=event).order_by().annotate(**hours_of("sessions__"), **there)
    return rows.values("first", "last_start", "last", *kinds)


_at_a_glance = Prepared(_hours_and_kinds, int)


def _papers(event: Event, user: User | AnonymousUser) -> list[Paper]:
    """Papers this reader may open, each with its versions, the newest first."""
    newest = PaperVersion.objects.select_related("stored").order_by("-number")
    papers = Paper.objects.of(event, user).select_related("session")
    return list(papers.prefetch_related(Prefetch("versions", newest)))
