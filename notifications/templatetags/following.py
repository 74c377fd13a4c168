"""The button by which people follow a record, on whatever page it stands."""

from __future__ import annotations

from typing import Any

from django import template

from community.models import Member
from notifications.followables import FOLLOWING, MUTED, kind_of

register = template.Library()


@register.inclusion_tag("notifications/_follow.html", takes_context=True)
def follow(context: template.Context, record: Any) -> dict[str, Any]:
    """``{% follow record %}``: follow, or stop following. One query; for the signed-out, and for
    what nobody can follow, nothing and none."""
    request = context["request"]
    kind = kind_of(record) if request.user.is_authenticated else None
    if kind is None or (isinstance(record, Member) and record.user_id == request.user.pk):
        return {"kind": None}
    attention = kind.attention_of(request.user, record.pk)
    return {
        "kind": kind,
        "record": record,
        "called": kind.name(record, request.user),
        "is_followed": attention in (FOLLOWING, MUTED),
        "is_muted": attention == MUTED,
        "back": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
