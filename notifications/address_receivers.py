"""What is known of an address goes into its owner's own file, and goes when they leave."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, personal_data
from notifications import addresses


@receiver(account_closed, dispatch_uid="address-ends-with-the-account")
def hear_goodbye(user: Any, **_: Any) -> None:
    addresses.forget(user)


@receiver(personal_data, dispatch_uid="address-of-a-person")
def address_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    return "mail_address", addresses.kept_of(user)
