"""What the blog asks of people: editors read what was sent, authors change what came back.

A fixed number of queries: one for authors, two more for editors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from community.choices import ArticleState
from community.models import Article, ArticleRevision
from core import waiting

#: Of one kind, as many are listed.
MOST = 10


@waiting.source("blog-returned", of_records=False)
def returned(user: Any) -> Iterable[waiting.Item]:
    """One's own articles that came back with remarks."""
    rows = Article.objects.filter(begun_by=user, state=ArticleState.DRAFT).exclude(remarks="")
    for article in rows.defer("body").order_by("changed_at", "pk")[:MOST]:
        yield waiting.Item(
            title=_("Your post came back: %(title)s") % {"title": article.title},
            detail=Truncator(article.remarks).chars(140),
            verb=_("Change it"),
            url=reverse("community:article-edit", args=[article.uid]),
            since=article.submitted_at or article.changed_at,
        )


@waiting.source("blog-editors", of_records=False)
def to_edit(user: Any) -> Iterable[waiting.Item]:
    """Articles to read, and corrections to look at. Never one's own."""
    if not user.is_staff:
        return
    queue = Article.objects.queue().defer("body").exclude(begun_by=user).exclude(guests__user=user)
    for article in queue[:MOST]:
        yield waiting.Item(
            title=_("Read a blog post: %(title)s") % {"title": article.title},
            detail=_("Not published on its day: its author may not write at the moment.")
            if article.held_at
            else _("It waits for an editor."),
            verb=_("Read"),
            url=reverse("community:article-check", args=[article.uid]),
            since=article.held_at or article.submitted_at or article.changed_at,
        )
    changed = ArticleRevision.objects.filter(seen_at=None).exclude(replaced_by=user)
    changed = changed.exclude(article__begun_by=user).select_related("article")
    for row in changed.defer("body", "article__body").order_by("replaced_at", "pk")[:MOST]:
        yield waiting.Item(
            title=_("A published post was corrected: %(title)s") % {"title": row.article.title},
            detail=row.reason,
            verb=_("Look"),
            url=reverse("community:article-history", args=[row.article.slug]),
            since=row.replaced_at,
        )
