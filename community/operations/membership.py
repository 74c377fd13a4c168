"""What members change about their own membership, and how they leave."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community import finding
from community.models import (
    ChapterMember,
    Departure,
    Draft,
    FormerHandle,
    Member,
    Mention,
    Reading,
)
from community.models.members import forget_member, likeness
from community.operations.joining import checked_handle
from community.signals import member_changed, member_left
from core.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from accounts.models import User

#: So often one may choose another short name, within so long: others know people by it.
MOST_CHANGES, WITHIN = 3, dt.timedelta(days=180)


@transaction.atomic
def change_membership(*, by: User, handle: str, is_listed: bool, shows_recognition: bool) -> Member:
    """Write what a member decides about themselves: short name, listing, what their page shows."""
    AuditHead.hold()
    member = Member.objects.select_for_update().filter(user=by).first()
    if member is None or not by.is_active:
        raise PermissionDenied
    handle = handle.strip().removeprefix("@").lower()
    if handle != member.handle:
        _rename(member, checked_handle(handle, by=by), by=by)
    member.is_listed, member.shows_recognition = is_listed, shows_recognition
    member.full_clean(exclude=["user"])
    member.save()
    forget_member(by)
    member_changed.send(Member, member=member)
    return member


def _rename(member: Member, handle: str, *, by: User) -> None:
    """Give the old name up: it goes on leading here, and nobody else may have it for a time."""
    recent = member.former_handles.filter(given_up_at__gt=timezone.now() - WITHIN)
    # Going back to a name of one's own costs nothing.
    if recent.exclude(handle=handle).count() >= MOST_CHANGES:
        raise ValidationError(
            {
                "handle": _(
                    "You changed your short name three times within half a year. Others know you"
                    " by it: keep this one for a while."
                )
            }
        )
    _give_up(member, keep=member)
    FormerHandle.objects.filter(handle=handle).delete()
    member.handle = handle
    AuditEntry.record(by=by, verb="change_handle", target=by)


def _give_up(member: Member, *, keep: Member | None) -> None:
    FormerHandle.objects.update_or_create(
        handle=member.handle,
        defaults={
            "likeness": likeness(member.handle),
            "member": keep,
            "given_up_at": timezone.now(),
        },
    )


@transaction.atomic
def leave(*, by: User) -> None:
    """End one's membership and keep the account. Repeating it is harmless.

    What they wrote stays, as by a former member: others answered it. Their short name, their place
    in the directory, chapters, what they follow and their unsent texts go. Measures about conduct
    stay, so that leaving and joining again lifts none.
    """
    AuditHead.hold()
    if not end_membership(by):
        return
    Departure.objects.get_or_create(user=by)
    AuditEntry.record(by=by, verb="leave_community", target=by)


def end_membership(user: User) -> bool:
    """Take a person out of the community; the caller holds the head of the audit."""
    member = Member.objects.select_for_update().filter(user=user).first()
    if member is None:
        return False
    finding.withdraw(member)
    member.former_handles.update(member=None)
    _give_up(member, keep=None)
    for rows in (Draft, Reading, Mention, ChapterMember):
        rows._default_manager.filter(user=user).delete()
    user.labs_kept.clear()
    user.themes_kept.clear()
    member.delete()
    forget_member(user)
    member_left.send(Member, user=user)
    return True
