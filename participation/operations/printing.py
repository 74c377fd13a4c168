"""Papers to print: who may have which, and that organisers took them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from events.choices import EventStatus
from events.models import Event
from participation.models import Admission, Registration

if TYPE_CHECKING:
    from accounts.models import User

#: Badges in one file: fifty sheets, a second of work. More come in parts.
AT_ONCE = 200


def with_a_place(registration: Registration, *, by: User) -> Registration:
    """The registration if its papers may be printed by this person, else a refusal in words."""
    event = registration.event
    if not by.has_perm("participation.own_registration", registration) and not by.has_perm(
        "participation.organise", event
    ):
        raise PermissionDenied
    if event.status == EventStatus.CANCELLED:
        raise DomainError(_("This event is cancelled."), code="cancelled")
    if registration.state != Registration.State.PLACED:
        raise DomainError(
            _("Badges and letters of invitation are for people with a place."), code="no-place"
        )
    return registration


def signed_for(registration: Registration, *, by: User) -> Admission:
    """Who signs the letter of invitation for this registration; refused while nobody does."""
    with_a_place(registration, by=by)
    admission = Admission.objects.get(event=registration.event)
    if not admission.signatory:
        raise DomainError(
            _("The organisers have not said yet who signs letters of invitation."),
            code="no-signatory",
        )
    return admission


@transaction.atomic
def take_badges(event: Event, *, by: User, part: int = 1) -> list[Registration]:
    """Everybody with a place by name, or one part of many; that they were taken is recorded."""
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    AuditHead.hold()
    placed = Registration.objects.placed().filter(event=event)
    rows = placed.select_related("category", "country").order_by(Lower("name"), "number")
    taken = list(rows[(part - 1) * AT_ONCE : part * AT_ONCE])
    AuditEntry.record(by=by, verb="print_badges", target=event, rows=len(taken), part=part)
    return taken
