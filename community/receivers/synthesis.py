"""What others wrote leaves a synthesis and what grew out of it when it is taken back."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, personal_data
from community.models import Post, VersionSource
from community.operations.outgrowing import forget_credit
from community.operations.synthesis import forget_author, forget_post
from community.signals import post_moved


@receiver(post_moved, dispatch_uid="withdrawn-words-leave-the-synthesis")
def words_leave(post: Post, verb: str, **_: Any) -> None:
    if verb == "withdraw_post":
        forget_post(post)


@receiver(account_closed, dispatch_uid="names-leave-the-synthesis")
def names_leave(user: Any, **_: Any) -> None:
    forget_author(user)
    forget_credit(user)


@receiver(personal_data, dispatch_uid="quotes-of-a-person")
def quotes_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, str]]]:
    """Where a synthesis quotes them, and as whom."""
    rows = VersionSource.objects.filter(post__author=user).select_related("version")
    return "quoted_in_syntheses", [
        {
            "synthesis": str(row.version),
            "quote": row.quote,
            "name": row.author_name,
            "organisation": row.organisation,
            "country": row.country,
        }
        for row in rows.order_by("version", "pk")
    ]
