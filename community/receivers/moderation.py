"""Trust follows what happens to posts, and letters follow decisions.

Whoever hears of a shown post takes no lock of the audit (``operations.discussing`` says why):
writing down a level of trust is not audited, it follows from what is.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from community.choices import Trust
from community.letters import moderation as letters
from community.models import Decision, Flag, Member, Post, UsefulMark
from community.screening import TRUSTED_AFTER, renew_trust
from community.signals import appeal_decided, decided, flag_settled, post_moved, post_shown

#: After these a member may be trusted less than before.
BAD_NEWS = frozenset({"hide_post", "refuse_post"})


def _may_rise(user_id: int) -> Member | None:
    """The member, if one more good thing can raise them at all."""
    member = Member.objects.select_related("user").filter(user_id=user_id).first()
    if member is None or member.trust == Trust.TRUSTED:
        return None
    is_young = timezone.now() - member.joined_at < TRUSTED_AFTER
    return None if member.trust == Trust.KNOWN and is_young else member


@receiver(post_shown, dispatch_uid="trust-grows-with-posts")
def trust_grows(post: Post, **_: Any) -> None:
    if post.author_id is not None and (member := _may_rise(post.author_id)):
        renew_trust(member.user, may_fall=False)


@receiver(post_save, sender=UsefulMark, dispatch_uid="trust-grows-with-marks")
def trust_grows_with_marks(instance: UsefulMark, created: bool, **_: Any) -> None:  # noqa: FBT001
    author = instance.post.author_id
    if created and author is not None and (member := _may_rise(author)):
        renew_trust(member.user, may_fall=False)


@receiver(post_moved, dispatch_uid="trust-falls-with-hidden-posts")
def trust_falls(post: Post, verb: str, **_: Any) -> None:
    if verb in BAD_NEWS and post.author is not None:
        renew_trust(post.author)


@receiver(post_moved, dispatch_uid="letters-about-held-posts")
def tell_of_held_post(post: Post, verb: str, **_: Any) -> None:
    if verb == "hold_post":
        letters.held(post)


@receiver(decided, dispatch_uid="letters-of-decisions")
def tell_of_decision(decision: Decision, **_: Any) -> None:
    letters.decision(decision)


@receiver(appeal_decided, dispatch_uid="letters-of-appeals")
def tell_of_appeal(decision: Decision, **_: Any) -> None:
    letters.appeal(decision.appeal)


@receiver(flag_settled, dispatch_uid="letters-of-flags")
def tell_of_flag(flag: Flag, **_: Any) -> None:
    letters.flag(flag)
