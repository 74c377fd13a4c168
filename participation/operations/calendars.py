"""A member's own calendar address: made, replaced, taken back."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.utils import timezone

from participation.models import PersonalCalendar

if TYPE_CHECKING:
    from accounts.models import User


def fingerprint(token: str) -> str:
    """What is kept of the secret part of the address."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_address(*, by: User) -> str:
    """A new secret part of the person's calendar address; an earlier one stops working.

    It is shown once: only its fingerprint is kept.
    """
    token = secrets.token_urlsafe(24)
    PersonalCalendar.objects.update_or_create(
        user=by, defaults={"fingerprint": fingerprint(token), "made_at": timezone.now()}
    )
    return token


def drop_address(*, by: User) -> None:
    PersonalCalendar.objects.filter(user=by).delete()


def owner_of(token: str) -> User | None:
    """Whose calendar the address opens, if it is one."""
    row = (
        PersonalCalendar.objects.filter(fingerprint=fingerprint(token), user__is_active=True)
        .select_related("user")
        .first()
    )
    return row.user if row else None
