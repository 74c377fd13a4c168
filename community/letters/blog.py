"""Letters to the author of an article: it came back, it was accepted, it is published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from accounts.letters import Page, on_one_line
from community.letters import write
from core.templatetags.components import when

if TYPE_CHECKING:
    from community.models import Article


def returned(article: Article) -> None:
    page = ("community:article-edit", article.uid)
    _write("article_returned", article, page, remarks=article.remarks)


def accepted(article: Article) -> None:
    """Nobody is told twice: without a day to wait for, the letter about its publication comes."""
    if article.publish_on is not None:
        day = article.publish_on
        _write(
            "article_accepted",
            article,
            ("community:my-articles",),
            day=lambda: re.sub(r"<[^>]*>", "", when(day)),
        )


def published(article: Article) -> None:
    _write("article_published", article, article.get_absolute_url)


def _write(letter: str, article: Article, page: Page, **context: Any) -> None:
    if article.begun_by is not None:
        write(letter, article.begun_by, page, title=on_one_line(article.title), **context)
