"""What happens to following and to wishes when people and records come and go."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, personal_data
from hubs.models import Hub
from hubs.signals import hubs_merging
from notifications import operations, preferences
from notifications.models import Follow, Kind


@receiver(account_closed, dispatch_uid="following-ends-with-the-account")
def let_go(user: Any, **_: Any) -> None:
    operations.forget(user)


@receiver(hubs_merging, dispatch_uid="followers-go-with-their-hub")
def keep_followers(gone: Hub, kept: Hub, **_: Any) -> None:
    operations.carry_over(Kind.HUB, gone.pk, kept.pk)


@receiver(personal_data, dispatch_uid="follows-of-a-person")
def follows_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = Follow.objects.filter(user=user).order_by("pk")
    return "following", [
        {
            "kind": row.kind,
            "record": row.subject_id,
            "muted": row.muted,
            "since": row.since.isoformat(),
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="wishes-of-a-person")
def wishes_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    return "notification_preferences", preferences.kept_of(user)
