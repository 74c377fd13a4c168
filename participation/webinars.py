"""Webinars in lists: which come, which were held, and when, on the reader's clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.choices import EventKind, EventStatus
from events.editing.desk import mark
from events.editing.desk import state_of as session_state
from events.models import Event, Session
from hubs.models import Hub
from participation.models import Admission, zone_of
from participation.times import Clock, shows_the_same
from participation.timing import USUAL_LENGTH, Span

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from accounts.models import User

#: The session that is the webinar itself.
SLUG = "webinar"


#: Nobody comes any more.
OVER = (EventStatus.HELD, EventStatus.CANCELLED)
#: Goes without saying in a list of what comes, or of what was held.
USUAL = (EventStatus.CONFIRMED, EventStatus.HELD)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader looks for."""

    text: str = ""
    hub: str = ""
    theme: str = ""
    held: bool = False


@dataclass
class Row:
    """One webinar in a list, for the clocks of one place."""

    event: Event
    zone: str
    now: dt.datetime

    @cached_property
    def span(self) -> Span:
        """From the hours of its sessions; unknown where sources give only days."""
        begins, ends = self.event.begins, self.event.ends_last  # type: ignore[attr-defined]
        if begins is not None and (ends is None or ends <= begins):
            ends = begins + USUAL_LENGTH
        return Span(begins, ends)

    @cached_property
    def reader(self) -> Clock | None:
        if self.span.begins is None:
            return None
        return Clock.of(self.zone, self.span.begins, self.span.ends)

    @cached_property
    def host(self) -> Clock | None:
        """The clocks of the host, where they show something else."""
        if self.reader is None or self.span.begins is None:
            return None
        clock = Clock.of(zone_of(self.event), self.span.begins, self.span.ends)
        return None if shows_the_same(clock, self.reader) else clock

    @property
    def is_on(self) -> bool:
        return self.event.status not in OVER and self.span.is_on(self.now)

    @property
    def about(self) -> list[str]:
        """Theme, hub, places, and what is out of the usual."""
        event = self.event
        hub = event.hub if event.hub and event.hub.is_listed else None
        state = event.get_status_display() if event.status not in USUAL else ""
        return [
            part
            for part in (
                _("Now") if self.is_on else "",
                state,
                self.places,
                event.theme,
                hub.short if hub else "",
                "" if event.is_public else _("Not public"),
            )
            if part
        ]

    @property
    def places(self) -> str:
        """Whether there is a place, in words; nothing where nobody registers."""
        admission: Admission | None = getattr(self.event, "admission", None)
        if admission is None or self.event.status in OVER or self.span.is_over(self.now):
            return ""
        if not admission.takes(self.now, self.span.begins):
            return _("Registration is closed")
        if admission.is_full:
            return _("Full: who registers now waits in line")
        if admission.free is None:
            return _("Registration is open")
        return ngettext("%(n)d place left", "%(n)d places left", admission.free) % {
            "n": admission.free
        }


def webinars(user: User | AnonymousUser) -> QuerySet[Event]:
    """Those this reader sees, with the instants they begin and end."""
    hours = Session.objects.filter(event=OuterRef("pk")).order_by().values("event")
    return (
        Event.objects.visible_to(user)
        .filter(kind=EventKind.WEBINAR)
        .annotate(
            begins=Subquery(hours.annotate(at=Min("starts_at")).values("at")),
            ends_last=Subquery(hours.annotate(at=Max("ends_at")).values("at")),
        )
        .select_related("hub", "admission")
    )


def ahead(now: dt.datetime) -> Q:
    """Webinars that are not over at that instant. One known to the month may come all month."""
    today = now.date().isoformat()
    by_day = Q(starts__gte=today) | Q(starts__in=(today[:4], today[:7]))
    # Without saying that it is known, comparing an unknown end is neither true nor false, and the
    # webinar would be in neither list.
    by_end = Q(ends_last__isnull=False, ends_last__gt=now)
    by_beginning = Q(ends_last=None, begins__gt=now - USUAL_LENGTH)
    by_hour = Q(begins__isnull=False) & (by_end | by_beginning)
    return ~Q(status=EventStatus.HELD) & (by_hour | Q(begins=None) & by_day)


def found(rows: QuerySet[Event], chosen: Chosen) -> QuerySet[Event]:
    """Those that fit what a reader looks for."""
    if chosen.hub:
        rows = rows.filter(hub__slug=chosen.hub)
    if chosen.theme:
        rows = rows.filter(theme=chosen.theme)
    for word in chosen.text.split()[:5]:
        rows = rows.filter(
            Q(name__icontains=word) | Q(summary__icontains=word) | Q(theme__icontains=word)
        )
    return rows


def in_order(rows: QuerySet[Event], now: dt.datetime, *, held: bool) -> QuerySet[Event]:
    """What comes next first; of those that were held, the latest."""
    if held:
        return rows.exclude(ahead(now)).order_by(
            F("begins").desc(nulls_last=True), "-starts", "-pk"
        )
    return rows.filter(ahead(now)).order_by(F("begins").asc(nulls_last=True), "starts", "pk")


def rows_of(events: Iterable[Event], zone: str, now: dt.datetime) -> list[Row]:
    return [Row(event, zone, now) for event in events]


def hubs_and_themes(user: User | AnonymousUser) -> tuple[list[Any], list[str]]:
    """What webinars can be looked for by. Two queries."""
    seen = Event.objects.visible_to(user).filter(kind=EventKind.WEBINAR)
    hubs = Hub.objects.visible_to(user).filter(events__in=seen).distinct().order_by("name")
    themes = seen.exclude(theme="").order_by("theme").values_list("theme", flat=True).distinct()
    return list(hubs.only("slug", "name", "acronym")), list(themes)


def session_of(event: Event) -> Session | None:
    """The session that is the webinar: the one of that address, else its first."""
    rows = list(event.sessions.order_by("starts_at", "position", "pk"))
    return next((row for row in rows if row.slug == SLUG), rows[0] if rows else None)


def state_of(event: Event, session: Session | None) -> str:
    """A mark of what is said of a webinar now, to notice that somebody else changed it."""
    said = (event.name, event.summary, event.theme, str(event.is_public), event.status)
    return f"{mark(*said)}{session_state(session) if session else ''}"
