"""Changes to hubs and to who acts for them: each one call, atomic, harmless to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import DomainError
from core.models import AuditEntry
from hubs import finding
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from accounts.models import User as Person


@transaction.atomic
def save_hub(hub: Hub, *, by: Person, changed: Sequence[str] = ()) -> None:
    """Save a hub's record and let it be found by what it now says."""
    is_new = hub.pk is None
    if not (by.is_staff if is_new else by.has_perm("hubs.change_hub", hub)):
        raise PermissionDenied
    hub.save()
    AuditEntry.record(by=by, verb="add" if is_new else "change", target=hub, fields=list(changed))
    finding.note(hub)


def note_hub(hub: Hub) -> None:
    """Write the hub's search entry anew, after its sectors changed."""
    finding.note(hub)


@transaction.atomic
def give_role(hub: Hub, *, by: Person, email: str, role: str) -> Membership | None:
    """Give the member with this address a role; None when there is no such account.

    Callers answer alike in both cases, so that nobody can find out who has an account.
    """
    if not by.has_perm("hubs.manage_members", hub):
        raise PermissionDenied
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None:
        return None
    membership, _created = Membership.objects.update_or_create(
        hub=hub, user=user, defaults={"role": role}
    )
    AuditEntry.record(by=by, verb="give-role", target=hub, member=user.pk, role=role)
    return membership


@transaction.atomic
def take_role(membership: Membership, *, by: Person) -> None:
    """Take a role back. A hub keeps at least one focal point once it has one."""
    hub = membership.hub
    if not by.has_perm("hubs.manage_members", hub):
        raise PermissionDenied
    last = (
        membership.role == Membership.Role.FOCAL_POINT
        and not hub.memberships.filter(role=Membership.Role.FOCAL_POINT)
        .exclude(pk=membership.pk)
        .exists()
    )
    if last and not by.is_staff:
        raise DomainError(
            _("You are the last focal point. Give the role to somebody else first."), code="last"
        )
    AuditEntry.record(
        by=by, verb="take-role", target=hub, member=membership.user_id, role=membership.role
    )
    membership.delete()
