"""The blog on pages: an article's text, articles that belong to a record, the latest ones."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.utils.safestring import SafeString, mark_safe

from catalogue.models import Solution
from community import blog
from community.models import Article, Chapter, LivingLab, MonthlyTheme
from core.around import Around
from core.prepared import Prepared
from core.richtext import rich
from events.models import Event, Person
from hubs.around import tells
from hubs.models import Hub

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from accounts.models import User

register = template.Library()

#: So many articles stand on the page of a record, the latest.
MOST = 5
#: How an article belongs to a record.
BELONGS: dict[type[Model], str] = {
    MonthlyTheme: "theme",
    Chapter: "chapter",
    LivingLab: "lab",
    Solution: "solutions",
    Hub: "hubs",
    Event: "events",
    Person: "guests",
}
_HEADING = re.compile(r"<(/?)h([34])>")


@register.filter
def article_text(html: str) -> SafeString:
    """The text of an article, whose own headings stand right below its title."""
    up = _HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) - 1}>", rich(html))
    return mark_safe(up)  # noqa: S308 (cleaned; only the level of headings is another)


tells(
    "articles",
    lambda: Exists(Article.hubs.through._default_manager.filter(hub=OuterRef("pk"))),
)


def _about(path: str, viewer: User | AnonymousUser, record: int) -> QuerySet[Article]:
    rows = Article.objects.published().filter(**{path: record})
    return blog.for_list(rows, viewer)[: MOST + 1]


_open_to_all: dict[type[Model], Prepared[Article]] = {
    kind: Prepared(partial(_about, path, AnonymousUser()), int) for kind, path in BELONGS.items()
}


@register.inclusion_tag("community/blog/_articles_of.html", takes_context=True)
def articles_of(context: template.Context, record: Any, *, part: bool = False) -> dict[str, Any]:
    """Published articles about a record, the latest; nothing if there are none. As ``part`` they
    stand like the parts of a solution.

    At most one query for a record without articles (none for one that came along with what stands
    around it), three with some.
    """
    if not Around.may_have(record, "articles"):
        return {}
    viewer = context["request"].user
    if viewer.is_authenticated:
        found = list(_about(BELONGS[type(record)], viewer, record.pk))
    else:
        found = _open_to_all[type(record)](record.pk).rows()
    more = ""
    if len(found) > MOST and isinstance(record, MonthlyTheme | Person):
        name = "theme" if isinstance(record, MonthlyTheme) else "guest"
        more = f"{name}={record.slug}"
    return {"shown": blog.shown(found[:MOST], viewer), "more": more, "part": part}


@register.inclusion_tag("community/blog/_latest.html", takes_context=True)
def latest_articles(context: template.Context, most: int = 3) -> dict[str, Any]:
    """The latest articles of the blog. Three queries."""
    viewer = context["request"].user
    rows = blog.for_list(Article.objects.published(), viewer)[:most]
    return {"shown": blog.shown(rows, viewer)}
