"""One event, its programme and its sessions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import DetailView

from claims.citing import Citations
from core.prepared import Prepared
from events import calendars, tracker
from events.models import Commitment, Event, KeyMessage, Paragraph, Session
from events.presentation import in_english
from events.programme import Programme
from events.record import Stated, by_role, cited, messages_of
from hubs.models import Hub

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from accounts.models import User

#: So many sessions stand on the event's own page; more have the programme's.
ON_THE_PAGE = 12
#: So many commitments do; the tracker has all.
COMMITMENTS_ON_THE_PAGE = 12
#: Topics whose statements say of themselves what they are about.
TOLD = ("content", "delegations", "format", "outcome")
#: With what a session's people are read.
PEOPLE = ("person", "country", "reference", "session", "hub")


_open_to_all: Prepared[Event] = Prepared(
    lambda slug: (
        Event.objects.visible_to(AnonymousUser())
        .filter(slug=slug)
        .select_related("series", "country", "hub")
    ),
    str,
)


_commitments: Prepared[Commitment] = Prepared(
    lambda event: Commitment.objects.filter(event=event)[: COMMITMENTS_ON_THE_PAGE + 1], int
)


def _hubs(user: User | AnonymousUser, event: int) -> QuerySet[Hub]:
    """The hubs that presented there."""
    return Hub.objects.visible_to(user).filter(shown_at=event).order_by("name")


_hubs_open_to_all: Prepared[Hub] = Prepared(partial(_hubs, AnonymousUser()), int)


def _public_event(slug: str) -> Event:
    """An event as everybody reads it: what is drawn of it may be kept. One query."""
    answer = _open_to_all(slug)
    for event in answer.rows():
        event.kept_as = answer.raw
        return event
    raise Http404


class EventView(DetailView):
    """What is known of one event, every statement with its source."""

    template_name = "events/event.html"
    context_object_name = "event"

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.request.user).select_related(
            "series", "country", "hub"
        )

    def get_object(self, queryset: QuerySet[Event] | None = None) -> Event:
        if self.request.user.is_authenticated:
            return super().get_object(queryset)
        return _public_event(self.kwargs["slug"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event: Event = self.object
        programme = Programme(event)
        commitments = _commitments(event.pk).rows()
        found = tracker.rows_of(commitments)
        if len(commitments) > COMMITMENTS_ON_THE_PAGE:
            of_event = tracker.Chosen(event=event.slug)
            found = tracker.rows(self.request.user, of_event, timezone.localdate())
        return super().get_context_data(
            stated=Stated(event),
            told=TOLD,
            programme=programme,
            is_short=len(programme) <= ON_THE_PAGE,
            commitments=commitments[:COMMITMENTS_ON_THE_PAGE],
            promised=len(found),
            finding=tracker.finding_of(found),
            hubs=list(_hubs(self.request.user, event.pk))
            if self.request.user.is_authenticated
            else _hubs_open_to_all(event.pk).rows(),
            neighbours=self._neighbours(event),
            has_calendar=calendars.has_days(event),
            en=in_english(),
            **kwargs,
        )

    def _neighbours(self, event: Event) -> dict[str, Event]:
        """The editions before and after this one."""
        if event.series_id is None or event.edition is None:
            return {}
        seen = Event.objects.visible_to(self.request.user).filter(
            series=event.series_id, edition__in=(event.edition - 1, event.edition + 1)
        )
        return {"before" if row.edition == event.edition - 1 else "after": row for row in seen}


class ProgrammeView(DetailView):
    """All sessions of an event in the order of time."""

    template_name = "events/programme.html"
    context_object_name = "event"

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.request.user).select_related("country", "hub")

    def get_object(self, queryset: QuerySet[Event] | None = None) -> Event:
        if self.request.user.is_authenticated:
            return super().get_object(queryset)
        return _public_event(self.kwargs["slug"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            programme=Programme(self.object),
            has_calendar=calendars.has_days(self.object),
            may_change=self.request.user.has_perm("events.change_event", self.object),
            en=in_english(),
            **kwargs,
        )


class SessionView(DetailView):
    """One session: who contributed, what was said, and where it was taken up."""

    template_name = "events/session.html"
    context_object_name = "session"

    def get_object(self, queryset: QuerySet[Session] | None = None) -> Session:
        return get_object_or_404(
            Session.objects.visible_to(self.request.user).select_related(
                "event", "track", "room", "reference", "further"
            ),
            event__slug=self.kwargs["event"],
            slug=self.kwargs["slug"],
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        session: Session = self.object
        citations = Citations()
        own = citations.cite(session, margin=False) if session.reference_id else None
        messages = cited(citations, messages_of(session.key_messages.all()))
        people = cited(citations, session.contributions.select_related(*PEOPLE))
        paragraphs = {p.pk: p for row, _mark in messages for p in row.paragraphs.all()}
        return super().get_context_data(
            own=own,
            people=people,
            parties=by_role(cited(citations, session.parties.select_related("reference", "hub"))),
            groups=_by_dimension(messages),
            reflected=_by_document(paragraphs.values()),
            together=len({_keys(row) for row, _mark in messages}) == 1,
            citations=citations,
            en=in_english(),
            **kwargs,
        )


def _keys(message: KeyMessage) -> frozenset[int]:
    return frozenset(paragraph.pk for paragraph in message.paragraphs.all())


def _by_dimension(messages: Iterable[tuple[KeyMessage, Any]]) -> list[tuple[str, list[Any]]]:
    """Messages under what they are about, in their order."""
    groups: dict[str, list[Any]] = {}
    for row, mark in messages:
        groups.setdefault(row.dimension, []).append((row, mark))
    return list(groups.items())


def _by_document(paragraphs: Iterable[Paragraph]) -> list[tuple[Any, list[Paragraph]]]:
    groups: dict[int, tuple[Any, list[Paragraph]]] = {}
    for paragraph in sorted(paragraphs, key=lambda row: (row.document_id, row.position)):
        groups.setdefault(paragraph.document_id, (paragraph.document, []))[1].append(paragraph)
    return list(groups.values())
