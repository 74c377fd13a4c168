"""Polls above a discussion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from community import polls
from community.conduct import has_agreed
from community.models import member_of

if TYPE_CHECKING:
    from community.models import Discussion

register = template.Library()


@register.inclusion_tag("community/polls/_polls.html", takes_context=True)
def polls_of(context: template.Context, discussion: Discussion) -> dict[str, Any]:
    """``{% polls_of discussion %}``: its polls, to vote in or with their counts, and the way to ask
    one. Three queries at most, one where there is none."""
    request = context["request"]
    rows = polls.polls_of(discussion, request.user)
    return {
        "polls": rows,
        "discussion": discussion,
        "may_ask": polls.may_ask(discussion, request.user, len(rows)),
        "user": request.user,
        "is_member": has_agreed(member_of(request.user)),
        "csrf_token": context.get("csrf_token"),
    }
