"""Joining the community, and agreeing to its code of conduct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from community.conduct import VERSION
from community.handles import normal, refuse_handle
from community.models import Departure, FormerHandle, Member
from community.models.members import forget_member
from community.signals import member_joined
from core.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def join(*, by: User, handle: str, is_listed: bool = False) -> Member:
    """Become a member: choose a short name and agree to the code of conduct. Twice is once.

    Names are given one after the other, under the head of the audit: of two who choose the same,
    one is refused.
    """
    if not by.has_perm("community.join"):
        raise PermissionDenied
    AuditHead.hold()
    there = Member.objects.filter(user=by).first()
    if there is not None:
        return there
    handle = checked_handle(handle, by=by)
    member = Member(user=by, handle=handle, is_listed=is_listed, conduct_version=VERSION)
    member.full_clean(exclude=["user"])
    member.save()
    FormerHandle.objects.filter(handle=handle).delete()
    Departure.objects.filter(user=by).delete()
    forget_member(by)
    # Of the person, not of the short name: when the account closes, the record forgets it.
    AuditEntry.record(by=by, verb="join_community", target=by, conduct=VERSION)
    member_joined.send(Member, member=member)
    return member


def checked_handle(typed: str, *, by: User) -> str:
    """The short name as it is kept, or a refusal at the field."""
    handle = normal(typed)
    try:
        refuse_handle(handle, by=by)
    except ValidationError as refusal:
        raise ValidationError({"handle": refusal}) from refusal
    return handle


@transaction.atomic
def agree(*, by: User) -> None:
    """Agree to the present code of conduct. Repeating it is harmless."""
    AuditHead.hold()
    changed = Member.objects.filter(user=by, conduct_version__lt=VERSION)
    if changed.update(conduct_version=VERSION):
        forget_member(by)
        AuditEntry.record(by=by, verb="agree_to_conduct", target=by, conduct=VERSION)
