"""Where people stand: in the line of an event, and at all events of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from events.choices import EventKind
from events.models import Event, Session
from participation.models import Admission, Registration

if TYPE_CHECKING:
    from accounts.models import User


def has_way_in(event: Event, admission: Admission | None) -> bool:
    """Whether people join from afar, so that the page that shows the way in is worth a link."""
    if admission is None:
        return False
    return event.kind == EventKind.WEBINAR or bool(admission.join_url or admission.join_note)


def people_before(registration: Registration) -> int:
    """How many get a place before this person. One query."""
    line = Registration.objects.in_line().filter(event=registration.event_id)
    return line.filter(number__lt=registration.number).count()


def rows_of(user: User) -> list[Any]:
    """A person's registrations in the order of the events' days, each with ``first``, when its
    first session begins, ``before``, how many are before it in line, and ``has_way_in``. One
    query."""
    sessions = Session.objects.filter(event=OuterRef("event"), starts_at__isnull=False)
    ahead = (
        Registration.objects.in_line()
        .filter(event=OuterRef("event"), number__lt=OuterRef("number"))
        .order_by()
        .values("event")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = Registration.objects.filter(user=user, event__in=Event.objects.visible_to(user))
    rows = rows.select_related("event__country", "event__admission", "category").annotate(
        first=Subquery(sessions.order_by("starts_at").values("starts_at")[:1]),
        before=Coalesce(Subquery(ahead), 0),
    )
    found: list[Any] = list(rows.order_by("event__starts", "pk"))
    for row in found:
        row.has_way_in = has_way_in(row.event, getattr(row.event, "admission", None))
    return found
