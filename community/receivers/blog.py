"""What the blog hears: moves of articles, told to their authors; hubs that become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from community.letters import blog as letters
from community.models import Article
from community.signals import article_moved
from hubs.models import Hub
from hubs.signals import hubs_merging

if TYPE_CHECKING:
    from collections.abc import Callable

LETTERS: dict[str, Callable[[Article], None]] = {
    "return_article": letters.returned,
    "accept_article": letters.accepted,
    "publish_article": letters.published,
}


@receiver(article_moved, dispatch_uid="letters-about-articles")
def tell_the_author(article: Article, verb: str, **_: Any) -> None:
    if letter := LETTERS.get(verb):
        letter(article)


@receiver(hubs_merging, dispatch_uid="articles-go-with-their-hub")
def keep_articles(gone: Hub, kept: Hub, **_: Any) -> None:
    """Articles about the hub that goes are about the one that stays, each once."""
    rows = Article.hubs.through._default_manager
    there = rows.filter(hub_id=kept.pk).values("article_id")
    rows.filter(hub_id=gone.pk).exclude(
        article_id__in=list(there.values_list("article_id", flat=True))
    ).update(hub_id=kept.pk)
    rows.filter(hub_id=gone.pk).delete()
