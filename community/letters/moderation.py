"""Letters of moderators: few, and only to those a decision concerns; and what waits for them.

What was released or left as it is speaks for itself; who decided and who flagged stands in none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from accounts.letters import on_one_line
from accounts.models import User
from community.choices import ChapterRole, Ground
from community.conduct import RULES
from community.letters import write
from community.models import Appeal, ChapterMember, Decision, Flag

if TYPE_CHECKING:
    from community.models import Post

#: After these whoever it concerns gets a letter.
TOLD = Decision.APPEALABLE | {Decision.What.LIFT}


def decision(row: Decision) -> None:
    """What was decided about a person or what they wrote, on which rule, why, and how to object."""
    if row.what not in TOLD or row.about_id is None:
        return
    _write(
        "decision",
        row.about_id,
        decision=row,
        until=row.sanction.until if row.sanction else None,
        rule=lambda: RULES[Ground(row.ground)][0] if row.ground else "",
        conduct=lambda: f"{settings.PORTAL_URL}{reverse('community:conduct')}",
    )


def appeal(row: Appeal) -> None:
    """How an appeal ended."""
    if row.made_by_id is not None:
        _write("appeal", row.made_by_id, appeal=row)


def flag(row: Flag) -> None:
    """What became of a flag. Nothing about the person it was about."""
    if row.raised_by_id is not None:
        _write("flag", row.raised_by_id, flag=row)


def _write(letter: str, user: int, **context: Any) -> None:
    to = User.objects.select_related("profile").filter(pk=user, is_active=True).first()
    if to is not None:
        write(f"moderation_{letter}", to, ("community:my-decisions",), **context)


def held(post: Post) -> None:
    """Tell whoever may decide about it that a post is out of sight because members flagged it."""
    for to in _moderators_of(post):
        write(
            "moderation_held",
            to,
            ("community:moderation",),
            discussion=on_one_line(post.discussion.title),
        )


def _moderators_of(post: Post) -> list[User]:
    """Portal moderators and those who keep the place, except whoever wrote it."""
    place = post.discussion
    concerned = Q(is_staff=True)
    if place.chapter_id is not None:
        rows = ChapterMember.objects.filter(chapter=place.chapter_id, role=ChapterRole.COORDINATOR)
        concerned |= Q(pk__in=rows.order_by().values("user"))
    for kept in (place.theme, place.lab):
        if kept is not None:
            concerned |= Q(pk__in=kept.stewards.order_by().values("pk"))
    people = User.objects.filter(concerned, is_active=True).select_related("profile")
    return [user for user in people.order_by("pk") if user.has_perm("community.moderate", post)]
