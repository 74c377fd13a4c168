"""Discussions on the pages of what they are about, and what other parts add to a thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

from catalogue.around import may_have
from catalogue.choices import Publication
from catalogue.models import Solution
from community.choices import DiscussionState
from community.discussed import Row, begin_url, key_of, kind_of, listed, rows_of
from community.drawing import Drawing
from community.models import Discussion
from community.models.discussions import PLACES
from community.people import seen_as, with_people
from community.templatetags.community_moderation import moderate_post
from community.templatetags.community_synthesis import insight_of
from core.prepared import Prepared
from core.templatetags.kept import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import QuerySet

    from accounts.models import User
    from community.threads import Line, Thread

register = template.Library()

#: So many discussions stand on the page of what they are about.
LATEST = 5
#: Pages of posts as everybody reads them, of the discussions looked at last: so many bytes.
_of_threads = Shelf(6_000_000)


def _there(kind: str, user: User | AnonymousUser, record: int) -> QuerySet[Discussion]:
    rows = Discussion.objects.visible_to(user, within=kind).filter(**{kind: record})
    there = rows.exclude(state=DiscussionState.MERGED).by_last_post()
    return with_people(there, "last_post_by")[: LATEST + 1]


_open_to_all: dict[str, Prepared[Discussion]] = {
    kind: Prepared(partial(_there, kind, AnonymousUser()), int) for kind in PLACES
}


class Latest:
    """The discussions written in last about a record; read only where they are drawn."""

    def __init__(self, kind: str, record: Any, user: User | AnonymousUser) -> None:
        self._user = user
        #: What everybody reads depends on nothing but what the database gave.
        self.kept_as: tuple[Any, ...] | None = None
        self._read: Callable[[], list[Discussion]]
        if not may_have(record, "discussions"):
            self._number, self._read = 0, list
        elif user.is_authenticated:
            found = list(_there(kind, user, record.pk))
            self._number, self._read = len(found), lambda: found
        else:
            answer = _open_to_all[kind](record.pk)
            self.kept_as = answer.raw
            self._number, self._read = len(answer.raw), answer.rows

    @property
    def more(self) -> bool:
        return self._number > LATEST

    def __len__(self) -> int:
        return min(self._number, LATEST)

    def __iter__(self) -> Iterator[Row]:
        for one in self._read()[:LATEST]:
            last_by = seen_as(one.last_post_by, self._user) if one.last_post_by_id else None
            yield Row(one, "", "", last_by)


def _about(context: template.Context, record: Any) -> dict[str, Any]:
    user = context["request"].user
    if isinstance(record, Solution) and record.publication != Publication.PUBLIC:
        return {}
    kind = kind_of(record)
    rows = Latest(kind, record, user)
    return {
        "rows": rows,
        "more": rows.more,
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

    ``stay`` is what keeps a link on this page. No query. Those that everybody sees alike are drawn
    once and kept until the database says something else.
    """
    known = thread.kept_as
    if known is None:
        return _drawn(context, thread, stay)
    key = (*known, stay, get_language(), get_current_timezone_name(), *_addresses())
    found = _of_threads.get(key)
    if found is None:
        found = _drawn(context, thread, stay)
        _of_threads.put(key, found)
    return found


def _addresses() -> tuple[Any, ...]:
    """What all addresses on a page depend on."""
    return get_script_prefix(), get_urlconf()


def _drawn(context: template.Context, thread: Thread, stay: str) -> SafeString:
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
