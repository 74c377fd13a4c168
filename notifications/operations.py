"""Following, and having seen what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from community.choices import Attention
from notifications.followables import Followable
from notifications.models import Follow, LastLook

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def pay_attention(kind: Followable, record: Any, *, by: User, attention: str) -> None:
    """Follow a record, mute it, or neither. Only what the person sees; leaving is always free."""
    if attention not in Attention.values or not by.has_perm("community.join"):
        raise PermissionDenied
    if attention != Attention.NORMAL and not kind.seen_by(by).filter(pk=record.pk).exists():
        raise PermissionDenied
    if attention == Attention.MUTED and not kind.can_mute:
        raise PermissionDenied
    kind.pay(record, by=by, attention=attention)


def mark_seen(*, by: User) -> None:
    """What is new up to now has been seen."""
    LastLook.objects.update_or_create(user=by, defaults={"at": timezone.now()})


@transaction.atomic
def carry_over(kind: str, gone: int, kept: int) -> None:
    """Two records became one: whoever followed the one follows the other, once. Who listened to
    either goes on listening."""
    there = Follow.objects.of(kind, kept)
    left = Follow.objects.of(kind, gone)
    listening = left.filter(muted=False).values("user")
    there.filter(muted=True, user__in=list(listening.values_list("user", flat=True))).update(
        muted=False
    )
    left.filter(user__in=list(there.values_list("user", flat=True))).delete()
    left.update(subject_id=kept)


def forget(user: User) -> None:
    """Nothing is followed any more."""
    Follow.objects.filter(user=user).delete()
    LastLook.objects.filter(user=user).delete()
