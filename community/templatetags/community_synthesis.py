"""Insights, summaries, the synthesis and what grew out of a discussion, on the pages of others."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Q
from django.utils import timezone

from catalogue.models import Solution
from community.choices import ItemState, LessonState, PostState, Season
from community.models import (
    Discussion,
    Insight,
    LivingLab,
    MonthlyTheme,
    Outgrowth,
    Post,
)
from community.operations import outgrowing
from community.people import seen_as
from community.syntheses import latest
from core.around import Around
from events.presentation import in_english

register = template.Library()


def _insight(context: template.Context, post: Post) -> Insight | None:
    """The insight of a post. One query for all posts of a discussion, none if it came along."""
    if "insight" in post._state.fields_cache:
        return getattr(post, "insight", None)
    request = context["request"]
    known: dict[int, dict[int, Insight]] = vars(request).setdefault("_insights", {})
    if post.discussion_id not in known:
        rows = Insight.objects.filter(post__discussion_id=post.discussion_id)
        known[post.discussion_id] = {row.post_id: row for row in rows}
    return known[post.discussion_id].get(post.pk)


@register.inclusion_tag("community/synthesis/_insight.html", takes_context=True)
def insight_of(context: template.Context, post: Post) -> dict[str, Any]:
    """What whoever keeps the place picked from a post, and for them the way to pick. Nothing for a
    post that is not shown."""
    if post.state != PostState.SHOWN:
        return {}
    return {
        "post": post,
        "insight": _insight(context, post),
        "keeps": context["request"].user.has_perm("community.keep", post),
    }


@register.inclusion_tag("community/synthesis/_summary.html", takes_context=True)
def summary_of(context: template.Context, discussion: Discussion) -> dict[str, Any]:
    """Where the discussion stands, up to which post; for keepers the way to write it."""
    user = context["request"].user
    return {
        "discussion": discussion,
        "by": seen_as(discussion.summary_by, user) if discussion.summary_by_id else None,
        "keeps": user.has_perm("community.keep", discussion),
    }


@register.inclusion_tag("community/synthesis/_of_theme.html", takes_context=True)
def synthesis_of(context: template.Context, theme: MonthlyTheme) -> dict[str, Any]:
    """What the month led to, and for its keepers the way to write it. One query."""
    version = latest(theme)
    return {
        "theme": theme,
        "version": version,
        "is_past": theme.season(timezone.localdate()) == Season.CLOSED,
        "keeps": context["request"].user.has_perm("community.keep", theme),
        "en": in_english(),
    }


@register.inclusion_tag("community/synthesis/_outgrowths.html", takes_context=True)
def outgrowths_of(context: template.Context, discussion: Discussion) -> dict[str, Any]:
    """What grew out of a discussion, as far as this person may see it, and what they may make of
    it."""
    user = context["request"].user
    listed = Q(reference__library_item__state=ItemState.LISTED)
    rows = Outgrowth.objects.filter(discussion=discussion).filter(
        Q(lesson__lab__in=LivingLab.objects.visible_to(user), lesson__state=LessonState.SHOWN)
        | listed
        | Q(solution__in=Solution.objects.visible_to(user))
    )
    rows = rows.select_related("lesson__lab", "reference", "solution")
    return {
        "discussion": discussion,
        "rows": list(rows.order_by("pk")),
        "ways": outgrowing.ways_for(discussion, user),
    }


@register.inclusion_tag("community/synthesis/_grown_from.html", takes_context=True)
def grown_from(context: template.Context, record: Any) -> dict[str, Any]:
    """The discussion a record began in, as far as this person reads it. One query, none for a
    record known to have begun in none."""
    if not Around.may_have(record, "grown_from"):
        return {}
    user = context["request"].user
    kind = "solution" if isinstance(record, Solution) else "lesson"
    rows = Outgrowth.objects.filter(
        **{kind: record}, discussion__in=Discussion.objects.visible_to(user)
    )
    return {"outgrowth": rows.select_related("discussion").first()}
