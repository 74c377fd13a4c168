"""Letters about chapters; whoever closes their account belongs to none any more."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed
from community.choices import ChapterRole
from community.letters import chapters as letters
from community.operations.chapters import end_memberships
from community.signals import chapter_joined


@receiver(account_closed, dispatch_uid="chapters-end-with-the-account")
def let_go(user: Any, **_: Any) -> None:
    end_memberships(user)


@receiver(chapter_joined, dispatch_uid="letters-about-chapters")
def tell_of_roles(chapter: Any, user: Any, role: str, by: Any, **_: Any) -> None:
    """What a chapter is asked, and what somebody was asked to do for it by others."""
    if role == ChapterRole.ASKED:
        letters.asked(chapter, user)
    elif role == ChapterRole.COORDINATOR and (by is None or by.pk != user.pk):
        letters.coordinates(chapter, user)
