"""Who reads what is written in a place: whether two places have the same readers.

What was written for one audience never gets another. So discussions are merged and moved only
between places that are open to the same readers: nothing of a private chapter comes out, and
nothing public disappears into one.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from catalogue.models import Solution
from community.choices import ArticleState
from community.models import Article, Chapter, Discussion, LivingLab, MonthlyTheme
from core.errors import DomainError
from events.models import Commitment, Event

#: Everybody.
ALL = ("", 0)


def readers_of(place: Any) -> tuple[str, int]:
    """Everybody, or the one place whose readers they are. At most one query."""
    own = (type(place).__name__.lower(), place.pk)
    if isinstance(place, Chapter):
        return ALL if place.is_public and not place.is_private else own
    if isinstance(place, MonthlyTheme | LivingLab):
        return ALL if place.is_public else own
    if isinstance(place, Article):
        return ALL if place.state == ArticleState.PUBLISHED else own
    if isinstance(place, Solution | Event | Commitment):
        seen = type(place).objects.visible_to(AnonymousUser())
        return ALL if seen.filter(pk=place.pk).exists() else own
    msg = f"Nothing is discussed about {place!r}"
    raise TypeError(msg)


def check_same_readers(discussion: Discussion, place: Any) -> None:
    """Refuse to take a discussion where others read it, or where its readers cannot follow."""
    if readers_of(discussion.place) != readers_of(place):
        raise DomainError(
            _("Both places have to be open to the same readers. These are not."), code="readers"
        )
