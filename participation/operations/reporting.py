"""What organisers take out of the portal about the people who registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction

from core.models import AuditEntry
from participation.models import Registration

if TYPE_CHECKING:
    from accounts.models import User
    from events.models import Event


@transaction.atomic
def export_participants(event: Event, *, by: User) -> list[Registration]:
    """Everybody who registered, with what they said of themselves. That it was taken stays in
    the audit."""
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    rows = Registration.objects.filter(event=event).select_related("user", "category", "country")
    found = list(rows.order_by("number"))
    AuditEntry.record(by=by, verb="export_participants", target=event, rows=len(found))
    return found
