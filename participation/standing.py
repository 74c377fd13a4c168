"""Where people stand: in the line of an event, and at all events of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from events.models import Event, Session
from participation.models import Registration

if TYPE_CHECKING:
    from accounts.models import User


def people_before(registration: Registration) -> int:
    """How many get a place before this person. One query."""
    line = Registration.objects.in_line().filter(event=registration.event_id)
    return line.filter(number__lt=registration.number).count()


def rows_of(user: User) -> list[Registration]:
    """A person's registrations in the order of the events' days, each with ``first``, when its
    first session begins, and ``before``, how many are before it in line. One query."""
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
    return list(rows.order_by("event__starts", "pk"))
