"""Whoever closes their account belongs to no chapter any more."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed
from community.operations.chapters import end_memberships


@receiver(account_closed, dispatch_uid="chapters-end-with-the-account")
def let_go(user: Any, **_: Any) -> None:
    end_memberships(user)
