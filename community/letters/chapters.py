"""Letters about belonging to a chapter: to those who ask, and to those who are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.letters import on_one_line
from accounts.models import User
from community.letters import write
from community.models import ChapterMember

if TYPE_CHECKING:
    from community.models import Chapter


def asked(chapter: Chapter, user: User) -> None:
    """Tell its coordinators that somebody asks to join; portal moderators where it has none."""
    rows = ChapterMember.objects.coordinators().filter(chapter=chapter)
    people = User.objects.filter(is_active=True).select_related("profile").order_by("pk")
    found = people.filter(pk__in=rows.values("user")) or people.filter(is_staff=True)
    for to in found.exclude(pk=user.pk):
        write(
            "chapter_asked",
            to,
            ("community:chapter-people", chapter.slug),
            chapter=on_one_line(chapter.name),
        )


def coordinates(chapter: Chapter, user: User) -> None:
    _write("chapter_coordinator", chapter, user)


def admitted(chapter: Chapter, user: User) -> None:
    _write("chapter_admitted", chapter, user)


def declined(chapter: Chapter, user: User, reason: str) -> None:
    _write("chapter_declined", chapter, user, reason=reason)


def removed(chapter: Chapter, user: User, reason: str) -> None:
    _write("chapter_removed", chapter, user, reason=reason)


def _write(letter: str, chapter: Chapter, user: User, **context: Any) -> None:
    page = ("community:chapter", chapter.slug)
    write(letter, user, page, chapter=on_one_line(chapter.name), **context)
