"""Hubs answer for the roles they give."""

from __future__ import annotations

from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast
from django.dispatch import receiver
from django.utils.translation import gettext

from accounts.signals import account_closed, desk_roles, personal_data
from claims.models import Reference
from claims.signals import reference_going
from core.errors import DomainError
from hubs import letters
from hubs.models import Hub, HubInvitation, HubRevision, Membership, roles_of
from hubs.signals import invitation_moved, member_invited, role_changed


@receiver(desk_roles, dispatch_uid="hub-roles-open-the-desk")
def hub_role_opens_desk(user: Any, **_: Any) -> bool:
    return any(role in Membership.DESK for role in roles_of(user).values())


@receiver(personal_data, dispatch_uid="memberships-of-a-person")
def memberships_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, str]]]:
    rows = Membership.objects.filter(user=user).order_by("since", "pk").select_related("hub")
    return "memberships", [
        {"hub": row.hub.name, "role": row.role, "since": row.since.isoformat()} for row in rows
    ]


@receiver(personal_data, dispatch_uid="hub-invitations-of-a-person")
def invitations_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, str]]]:
    rows = HubInvitation.objects.filter(email=user.email.lower()).select_related("hub")
    return "hub_invitations", [
        {
            "hub": row.hub.name,
            "role": row.role,
            "state": row.state,
            "invited": row.invited_at.isoformat(),
        }
        for row in rows.order_by("invited_at", "pk")
    ]


@receiver(account_closed, dispatch_uid="roles-end-with-the-account")
def roles_end(user: Any, **_: Any) -> None:
    """Roles end, and so does what the portal kept of the address in invitations."""
    Membership.objects.filter(user=user).delete()
    HubInvitation.objects.filter(email=user.email.lower()).delete()


@receiver(member_invited, dispatch_uid="letter-to-the-invited")
def write_to_invited(invitation: HubInvitation, by: Any, **_: Any) -> None:
    letters.invited(invitation, by=by)


@receiver(invitation_moved, dispatch_uid="letter-to-the-inviter")
def tell_inviter(invitation: HubInvitation, verb: str, by: Any, **_: Any) -> None:
    if verb == "accept" and invitation.invited_by is not None:
        letters.joined(invitation.hub, by, to=invitation.invited_by)


@receiver(role_changed, dispatch_uid="letter-about-a-role")
def tell_of_role(hub: Hub, user: Any, role: str, by: Any, **_: Any) -> None:
    """What somebody did themselves they know."""
    if by is None or user.pk != by.pk:
        letters.role(hub, user, role)


@receiver(reference_going, dispatch_uid="revisions-name-their-sources")
def keep_what_revisions_name(reference: Reference, **_: Any) -> None:
    """An earlier profile can be restored only while its sources are there."""
    said = HubRevision.objects.annotate(text=Cast("document", TextField()))
    if said.filter(text__contains=f'"{reference.key}"').exists():
        raise DomainError(
            gettext("Earlier revisions of a profile rest on this source. It stays."), code="cited"
        )
