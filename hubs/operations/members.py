"""Who acts for a hub: roles are given and taken, addresses invited, invitations answered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from hubs.models import Hub, HubInvitation, Membership
from hubs.operations.profile import hold
from hubs.signals import member_invited, role_changed

if TYPE_CHECKING:
    from accounts.models import User as Person


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
    row = hold(hub)
    _keep_a_focal_point(row, user, role, by=by)
    before = Membership.objects.filter(hub=row, user=user).values_list("role", flat=True).first()
    membership, _created = Membership.objects.update_or_create(
        hub=row, user=user, defaults={"role": role}
    )
    AuditEntry.record(by=by, verb="give-role", target=hub, member=user.pk, role=role)
    if role != before:
        role_changed.send(Hub, hub=hub, user=user, role=role, by=by)
    return membership


def _keep_a_focal_point(hub: Hub, user: Person, role: str, *, by: Person) -> None:
    """A hub keeps at least one focal point once it has one; portal moderators may decide else."""
    focal = Membership.Role.FOCAL_POINT
    holders = hub.memberships.filter(role=focal)
    if (
        role != focal
        and not by.is_staff
        and holders.filter(user=user).exists()
        and not holders.exclude(user=user).exists()
    ):
        raise DomainError(
            _("You are the last focal point. Give the role to somebody else first."), code="last"
        )


@transaction.atomic
def take_role(membership: Membership, *, by: Person) -> None:
    """Take a role back. A hub keeps at least one focal point once it has one."""
    hub, user = membership.hub, membership.user
    if user != by and not by.has_perm("hubs.manage_members", hub):
        raise PermissionDenied
    AuditHead.hold()
    if not Membership.objects.filter(pk=membership.pk, hub=hub).exists():
        raise DomainError(_("This role ended meanwhile."), code="gone")
    _keep_a_focal_point(hub, user, "", by=by)
    AuditEntry.record(
        by=by,
        verb="take-role" if user != by else "leave-hub",
        target=hub,
        member=membership.user_id,
        role=membership.role,
    )
    membership.delete()
    role_changed.send(Hub, hub=hub, user=user, role="", by=by)


@transaction.atomic
def show_membership(membership: Membership, *, by: Person, shown: bool) -> None:
    """Show oneself on the hub's public page, or not. Only the person decides."""
    if membership.user != by:
        raise PermissionDenied
    Membership.objects.filter(pk=membership.pk).update(is_shown=shown)
    membership.is_shown = shown


# --- Invitations -------------------------------------------------------------------------

ANSWER_WITHIN = timedelta(days=30)
MOST_A_DAY = 20


def invite(hub: Hub, *, by: Person, email: str, role: str) -> None:
    """Ask an address to join the team. It looks the same whether or not it has an account.

    An address that was asked and has not answered is not asked twice.
    """
    if not by.has_perm("hubs.manage_members", hub):
        raise PermissionDenied
    now, address = timezone.now(), email.strip().lower()
    if Membership.objects.filter(hub=hub, user__email__iexact=address).exists():
        raise DomainError(_("This person is in the team already."), code="member")
    sent = HubInvitation.objects.filter(hub=hub, invited_at__gt=now - timedelta(days=1))
    if sent.count() >= MOST_A_DAY:
        raise DomainError(
            _("This hub has sent %(n)d invitations today. Go on tomorrow.") % {"n": MOST_A_DAY},
            code="limit",
        )
    try:
        with transaction.atomic():
            hold(hub)
            HubInvitation.objects.filter(
                hub=hub, email=address, state=HubInvitation.State.ASKED, expires_at__lte=now
            ).update(state=HubInvitation.State.WITHDRAWN, answered_at=now)
            invitation = HubInvitation.objects.create(
                hub=hub, email=address, role=role, invited_by=by, expires_at=now + ANSWER_WITHIN
            )
            AuditEntry.record(by=by, verb="invite-member", target=hub, role=role)
            member_invited.send(Hub, invitation=invitation, by=by)
    except IntegrityError:
        return  # asked already, and still waiting


@transaction.atomic
def accept_invitation(invitation: HubInvitation, *, by: Person) -> Membership:
    """Join the team with the role that was offered; a role held already is kept if higher.

    The hub may have become part of another since the invitation was read: it counts there.
    """
    AuditHead.hold()
    found = HubInvitation.objects.open().select_related("hub", "invited_by")
    fresh = found.filter(pk=invitation.pk).first()
    if fresh is None:
        raise DomainError(_("This invitation is no longer open."), code="wrong-state")
    fresh.accept(by=by)
    membership, created = Membership.objects.get_or_create(
        hub=fresh.hub, user=by, defaults={"role": fresh.role}
    )
    if not created and RANK[fresh.role] > RANK[membership.role]:
        membership.role = fresh.role
        membership.save(update_fields=["role"])
    by.__dict__.pop("_hub_roles", None)
    role_changed.send(Hub, hub=fresh.hub, user=by, role=membership.role, by=by)
    return membership


#: Which of two roles is the higher.
RANK: dict[str, int] = {
    Membership.Role.MEMBER: 0,
    Membership.Role.EDITOR: 1,
    Membership.Role.FOCAL_POINT: 2,
}
