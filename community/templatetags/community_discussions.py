"""Discussions on the pages of what they are about, and what other parts add to a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from catalogue.choices import Publication
from catalogue.models import Solution
from community.choices import DiscussionState
from community.discussed import Row, begin_url, key_of, kind_of, listed, rows_of
from community.drawing import Drawing
from community.models import Discussion
from community.people import seen_as, with_people
from community.templatetags.community_moderation import moderate_post
from community.templatetags.community_synthesis import insight_of

if TYPE_CHECKING:
    from community.threads import Line, Thread

register = template.Library()

#: So many discussions stand on the page of what they are about.
LATEST = 5


def _about(context: template.Context, record: Any) -> dict[str, Any]:
    user = context["request"].user
    if isinstance(record, Solution) and record.publication != Publication.PUBLIC:
        return {}
    kind = kind_of(record)
    rows = Discussion.objects.visible_to(user, within=kind).filter(**{kind: record})
    there = rows.exclude(state=DiscussionState.MERGED).by_last_post()
    found: list[Discussion] = list(with_people(there, "last_post_by")[: LATEST + 1])
    return {
        "rows": [
            Row(one, "", "", seen_as(one.last_post_by, user) if one.last_post_by_id else None)
            for one in found[:LATEST]
        ],
        "more": len(found) > LATEST,
        "all_url": f"{reverse('community:discussions')}?in={kind}:{key_of(record)}",
        "begin_url": begin_url(record, user),
    }


@register.inclusion_tag("community/discussions/_of.html", takes_context=True)
def discussions_of(context: template.Context, record: Any) -> dict[str, Any]:
    """The latest discussions about a record, and the way to begin one. One query."""
    return _about(context, record)


@register.inclusion_tag("community/discussions/_part_of.html", takes_context=True)
def discussions_of_solution(context: template.Context, solution: Solution) -> dict[str, Any]:
    """The same as a part of the page of a solution, if that is public."""
    return _about(context, solution)


@register.inclusion_tag("community/discussions/_latest.html", takes_context=True)
def latest_discussions(context: template.Context) -> dict[str, Any]:
    """The discussions written in last, wherever this person reads them. One query."""
    user = context["request"].user
    rows = listed(Discussion.objects.visible_to(user)).order_by("-last_post_at", "-pk")
    return {"rows": rows_of(rows[:LATEST], user)}


@register.simple_tag(takes_context=True)
def thread_posts(context: template.Context, thread: Thread, *, stay: str = "") -> SafeString:
    """The posts of a page of a discussion, as items of a list: ``{% thread_posts thread %}``.

    ``stay`` is what keeps a link on this page. No query.
    """
    keeps = thread.keeps

    def insight(line: Line) -> str:
        if not (keeps or line.has_insight) or not line.is_shown:
            return ""
        told = insight_of(context, line.post)
        return render_to_string("community/synthesis/_insight.html", told)

    def moderate(line: Line) -> str:
        return moderate_post(context, line.post) if thread.moderates else ""

    drawing = Drawing(
        stay=stay, token=context.get("csrf_token", ""), insight=insight, moderate=moderate
    )
    return SafeString("".join(map(drawing.post, thread.lines())))
