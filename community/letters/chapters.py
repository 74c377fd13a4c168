"""Letters to people who asked to join a chapter, or belonged to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.operations import profile_of
from community.letters import owe_letter

if TYPE_CHECKING:
    from accounts.models import User
    from community.models import Chapter


def admitted(chapter: Chapter, user: User) -> None:
    _write("chapter_admitted", chapter, user)


def declined(chapter: Chapter, user: User, reason: str) -> None:
    _write("chapter_declined", chapter, user, reason=reason)


def removed(chapter: Chapter, user: User, reason: str) -> None:
    _write("chapter_removed", chapter, user, reason=reason)


def _write(letter: str, chapter: Chapter, user: User, **context: Any) -> None:
    """Owe one person the letter of that name, in their language. Closed and locked accounts get
    none."""
    if not user.is_active:
        return
    with translation.override(profile_of(user).interface_language or settings.LANGUAGE_CODE):
        context |= {
            "chapter": " ".join(chapter.name.split()),
            "page": f"{settings.PORTAL_URL}{reverse('community:chapter', args=[chapter.slug])}",
            "portal_name": settings.PORTAL_NAME,
        }
        text = render_to_string(f"emails/community/{letter}.txt", context)
    owe_letter(letter, user, text)
