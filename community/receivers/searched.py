"""The search follows what everybody reads of the community, in the transaction that changes it.

Whatever is decided or changed leaves a line in the audit, after the change and within its
transaction: at the desk, on pages, by a move. So the search listens there, and to posts, which
are written without a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from community import searched
from community.choices import PostState
from community.models import (
    Article,
    Chapter,
    Discussion,
    Lesson,
    LivingLab,
    MonthlyTheme,
    Post,
    Synthesis,
)
from core import search
from core.findable import refresh
from core.models import AuditEntry, SearchDocument
from core.prepared import Prepared
from events.models import Event
from events.signals import event_noted

#: What of a discussion changes who reads its posts, or where they stand.
MOVES_POSTS = {
    "hide_discussion", "restore_discussion", "merge_discussion", "split_discussion",
    "move_discussion",
}  # fmt: skip


def _look_at_posts(topics: Iterable[int]) -> None:
    rows = Post.objects.filter(discussion__in=list(topics)).order_by("pk")
    refresh(searched.POST, rows.values_list("pk", flat=True))


def _settle(places: Q) -> None:
    """A place was opened, closed or changed: its discussions are found while everybody reads
    them. One query where nothing is discussed, two more where nothing changed."""
    keys = list(Discussion.objects.filter(places).order_by("pk").values_list("pk", flat=True))
    if not keys:
        return
    read = set(searched.discussions().filter(pk__in=keys).values_list("pk", flat=True))
    rows = SearchDocument.objects.filter(
        kind=searched.DISCUSSION, object_id__in=[str(key) for key in keys]
    )
    found = {int(key) for key in rows.values_list("object_id", flat=True)}
    changed = sorted(read ^ found)
    if changed:
        refresh(searched.DISCUSSION, changed)
        _look_at_posts(changed)


# --- What the audit tells ------------------------------------------------------------------------


def _theme(key: int, entry: AuditEntry) -> None:
    refresh(searched.THEME, [key])
    _settle(Q(theme=key))


def _synthesis(key: int, entry: AuditEntry) -> None:
    refresh(searched.THEME, Synthesis.objects.filter(pk=key).values_list("theme", flat=True))


def _chapter(key: int, entry: AuditEntry) -> None:
    refresh(searched.CHAPTER, [key])
    _settle(Q(chapter=key))


def _lab(key: int, entry: AuditEntry) -> None:
    refresh(searched.LAB, [key])
    lessons = Lesson.objects.filter(lab=key).order_by("pk")
    refresh(searched.LESSON, lessons.values_list("pk", flat=True))
    _settle(Q(lab=key))


def _lesson(key: int, entry: AuditEntry) -> None:
    refresh(searched.LESSON, [key])


def _article(key: int, entry: AuditEntry) -> None:
    refresh(searched.ARTICLE, [key])
    _settle(Q(article=key))


def _solution(key: int, entry: AuditEntry) -> None:
    _settle(Q(solution=key))


def _discussion(key: int, entry: AuditEntry) -> None:
    """With the one it went into, and the one that was split off."""
    into = Discussion.objects.filter(merged=key).values_list("pk", flat=True)
    keys = {key, *into, *filter(None, [entry.data.get("into")])}
    topics = sorted(one for one in keys if isinstance(one, int))
    refresh(searched.DISCUSSION, topics)
    if entry.verb in MOVES_POSTS:
        _look_at_posts(topics)


def _post(key: int, entry: AuditEntry) -> None:
    look_at(Post.objects.get(pk=key))


FOLLOWED: dict[str, Callable[[int, AuditEntry], None]] = {
    "catalogue.solution": _solution,
    "community.monthlytheme": _theme,
    "community.synthesis": _synthesis,
    "community.chapter": _chapter,
    "community.livinglab": _lab,
    "community.lesson": _lesson,
    "community.article": _article,
    "community.discussion": _discussion,
    "community.post": _post,
}


@receiver(post_save, sender=AuditEntry, dispatch_uid="search-follows-the-community")
def follow(instance: AuditEntry, *, created: bool, **_: Any) -> None:
    look = FOLLOWED.get(instance.target_type)
    if created and look is not None:
        look(int(instance.target_id), instance)


@receiver(event_noted, dispatch_uid="search-follows-what-is-said-of-events")
def follow_event(event: Event, **_: Any) -> None:
    _settle(Q(event=event) | Q(commitment__event=event))


# --- What is written without a line --------------------------------------------------------------


def look_at(post: Post) -> None:
    """A post was written, changed, shown or taken away; with it its discussion, where that is
    found by it or not at all."""
    refresh(searched.POST, [post.pk])
    topic = str(post.discussion_id)
    if post.number == 1 or post.state != PostState.SHOWN or not _found_by(topic).raw:
        refresh(searched.DISCUSSION, [topic])


#: The document of a discussion, if it has one: asked with every post.
_found_by: Prepared[Any] = Prepared(
    lambda topic: SearchDocument.objects.filter(
        kind=searched.DISCUSSION, object_id=topic
    ).values_list("pk"),
    str,
)


@receiver(post_save, sender=Post, dispatch_uid="search-follows-posts")
def follow_post(instance: Post, *, raw: bool = False, **_: Any) -> None:
    if not raw:
        look_at(instance)


#: What of each model the search has.
KINDS: dict[type, str] = {
    MonthlyTheme: searched.THEME,
    Discussion: searched.DISCUSSION,
    Post: searched.POST,
    Article: searched.ARTICLE,
    Chapter: searched.CHAPTER,
    LivingLab: searched.LAB,
    Lesson: searched.LESSON,
}


def forget(sender: type, instance: Any, **_: Any) -> None:
    """What is gone is not found."""
    search.remove(KINDS[sender], instance.pk)


for _model, _code in KINDS.items():
    post_delete.connect(forget, sender=_model, dispatch_uid=f"search-forgets-{_code}")
