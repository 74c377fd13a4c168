"""One event, its programme and its sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import DetailView

from claims.citing import Citations
from events import calendars, tracker
from events.choices import PartyRole
from events.models import Event, KeyMessage, Paragraph, Session
from events.presentation import in_english
from events.programme import days_of
from events.record import cited, figures_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

#: So many sessions stand on the event's own page; more have the programme's.
ON_THE_PAGE = 12
#: So many commitments do; the tracker has all.
COMMITMENTS_ON_THE_PAGE = 12
#: Topics whose statements say of themselves what they are about.
TOLD = ("content", "delegations", "format", "outcome")
PEOPLE = ("person", "country", "reference", "session", "hub")


#: What a programme prints of a session, and what puts it in order.
PRINTED = (
    "event", "slug", "title", "kind", "code", "day", "wall_starts", "wall_ends", "zone",
    "starts_at", "position", "track__name", "track__position", "room__name",
)  # fmt: skip


def sessions_of(event: Event) -> list[Session]:
    """The sessions of an event with what a programme prints of them."""
    return list(event.sessions.select_related("track", "room").only(*PRINTED))


def messages_of(rows: QuerySet[KeyMessage]) -> QuerySet[KeyMessage]:
    """Key messages with the paragraphs they are reflected in. Two queries."""
    return rows.select_related("reference", "session").prefetch_related(
        Prefetch("paragraphs", Paragraph.objects.select_related("document"))
    )


def by_role(parties: Iterable[tuple[Any, Any]]) -> list[tuple[str, list[tuple[Any, Any]]]]:
    """Institutions with their marks under their part, hosts first."""
    rows = list(parties)
    found = [
        (str(label), [pair for pair in rows if pair[0].role == code])
        for code, label in PartyRole.choices
    ]
    return [(label, pairs) for label, pairs in found if pairs]


class EventView(DetailView):
    """What is known of one event, every statement with its source."""

    template_name = "events/event.html"
    context_object_name = "event"

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.request.user).select_related(
            "series", "country", "hub"
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event: Event = self.object
        citations = Citations()
        claims = event.claims.select_related("reference", "contradiction").order_by(
            "position", "pk"
        )
        parts = parts_of(list(claims), citations)
        sessions = sessions_of(event)
        people = event.contributions.select_related(*PEOPLE).order_by(
            "session__day", "session__wall_starts", "position", "pk"
        )
        parties = event.parties.filter(session=None).select_related("reference", "hub")
        commitments = list(event.commitments.all()[: COMMITMENTS_ON_THE_PAGE + 1])
        found = tracker.rows_of(commitments)
        if len(commitments) > COMMITMENTS_ON_THE_PAGE:
            of_event = tracker.Chosen(event=event.slug)
            found = tracker.rows(self.request.user, of_event, timezone.localdate())
        return super().get_context_data(
            parts=parts,
            figures=figures_of(parts),
            told=TOLD,
            history=cited(citations, event.status_notes.select_related("reference")),
            parties=by_role(cited(citations, parties)),
            sessions=sessions,
            days=days_of(sessions) if len(sessions) <= ON_THE_PAGE else [],
            people=cited(citations, people),
            documents=event.documents.annotate(known=Count("paragraphs")).order_by("date", "pk"),
            said=cited(citations, messages_of(event.key_messages.filter(session=None))),
            commitments=commitments[:COMMITMENTS_ON_THE_PAGE],
            promised=len(found),
            finding=tracker.finding_of(found),
            hubs=event.hubs_shown.visible_to(self.request.user).order_by("name"),
            neighbours=self._neighbours(event),
            has_calendar=calendars.has_days(event),
            citations=citations,
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

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = sessions_of(self.object)
        return super().get_context_data(
            sessions=sessions,
            days=days_of(sessions),
            zones=sorted({session.zone for session in sessions if session.zone}),
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
