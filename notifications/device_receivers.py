"""What ends with an account, or while it is kept out: its feed address and its devices."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import access_changed, account_closed, personal_data
from notifications.models.devices import Device, FeedKey


def _forget(user: Any) -> None:
    FeedKey.drop(user)
    Device.objects.filter(user=user).delete()


@receiver(account_closed, dispatch_uid="devices-end-with-the-account")
def hear_goodbye(user: Any, **_: Any) -> None:
    _forget(user)


@receiver(access_changed, dispatch_uid="devices-end-while-kept-out")
def hear_access(user: Any, **_: Any) -> None:
    """Somebody who is let in again makes a new address, as they sign in anew."""
    if not user.is_active:
        _forget(user)


@receiver(personal_data, dispatch_uid="devices-of-a-person")
def devices_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = Device.objects.filter(user=user)
    return "devices", [
        {
            "name": row.name,
            "added": row.created_at.isoformat(),
            "reached": row.last_ok_at.isoformat() if row.last_ok_at else None,
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="feed-address-of-a-person")
def feed_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = FeedKey.objects.filter(user=user)
    return "feed_addresses", [{"made": row.made_at.isoformat()} for row in rows]
