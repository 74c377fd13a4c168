"""Addresses that are keys: whoever knows one reads what is there, without signing in.

For programs that cannot sign in, such as calendars and feed readers. The secret part is shown once,
when it is made; only its fingerprint is kept, so that nobody finds it in the database.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User


def fingerprint(token: str) -> str:
    """What is kept of the secret part of an address."""
    return hashlib.sha256(token.encode()).hexdigest()


class AddressKey(models.Model):
    """The key of one person's address. A subclass names the person: ``user``, one to one."""

    fingerprint = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(getattr(self, "user", ""))

    @classmethod
    def _rows(cls) -> Any:
        """Whose they are is said by the subclass, which no type can know."""
        return cls._default_manager

    @classmethod
    def make(cls, user: User) -> str:
        """A new secret part; an earlier one stops working. It cannot be read again later."""
        token = secrets.token_urlsafe(24)
        cls._rows().update_or_create(
            user=user, defaults={"fingerprint": fingerprint(token), "made_at": timezone.now()}
        )
        return token

    @classmethod
    def drop(cls, user: User) -> None:
        """The address leads nowhere any more. Repeating it is harmless."""
        cls._rows().filter(user=user).delete()

    @classmethod
    def owner_of(cls, token: str, *with_them: str) -> User | None:
        """Who made this address, if it is one and they may still come in. One query; what else is
        needed of them is named as for ``select_related``."""
        row = (
            cls._rows()
            .filter(fingerprint=fingerprint(token), user__is_active=True)
            .select_related("user", *(f"user__{name}" for name in with_them))
            .first()
        )
        return row.user if row else None
