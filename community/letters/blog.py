"""Letters to the author of an article: it came back, it was accepted, it is published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from community.letters import owe_letter
from core.templatetags.components import when

if TYPE_CHECKING:
    from community.models import Article


def returned(article: Article) -> None:
    page = reverse("community:article-edit", args=[article.uid])
    _write("article_returned", article, page, remarks=article.remarks)


def accepted(article: Article) -> None:
    """Nobody is told twice: without a day to wait for, the letter about its publication comes."""
    if article.publish_on is not None:
        _write("article_accepted", article, reverse("community:my-articles"))


def published(article: Article) -> None:
    _write("article_published", article, article.get_absolute_url())


def _write(letter: str, article: Article, page: str, **context: Any) -> None:
    """Owe its author the letter of that name, whose first line is the subject. Nothing goes to an
    account that is closed or locked."""
    to = article.begun_by
    if to is None or not to.is_active or to.closed_at is not None:
        return
    language = to.profile.interface_language or settings.LANGUAGE_CODE
    with translation.override(language):
        context |= {
            "title": " ".join(article.title.split()),
            "day": re.sub(r"<[^>]*>", "", when(article.publish_on)) if article.publish_on else "",
            "page": f"{settings.PORTAL_URL}{page}",
            "portal_name": settings.PORTAL_NAME,
        }
        text = render_to_string(f"emails/community/{letter}.txt", context)
    owe_letter(letter, to, text)
