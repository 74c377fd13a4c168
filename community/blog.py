"""What pages of the blog say about an article: who wrote it, how long it takes, what is near it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.models import Solution
from community.choices import ArticleState
from community.models import Article, ArticleTag, Chapter, LivingLab, MonthlyTheme
from community.people import seen_as, with_people
from core.plaintext import comma
from core.text import base_language, plain
from events.models import Event, Person
from hubs import reference
from hubs.models import Hub

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

#: Letters read in a minute, markup and spaces included; scripts that say more with one letter.
A_MINUTE = 1200
DENSE = {"zh": 420, "ja": 480, "ko": 600}
#: So much of the text stands for a missing lede.
GLIMPSE = 240


@dataclass(frozen=True, slots=True)
class By:
    """One author as a reader sees them."""

    name: str
    url: str = ""
    detail: str = ""
    is_guest: bool = False


def with_authors(rows: QuerySet[Article], viewer: Any) -> QuerySet[Article]:
    """Articles with who wrote them: one query more, for all guests together."""
    seen = Person.objects.visible_to(viewer).filter(pk=OuterRef("pk"))
    guests = Person.objects.annotate(is_open=Exists(seen)).select_related("country")
    return with_people(rows, "begun_by").prefetch_related(Prefetch("guests", guests))


def for_list(rows: QuerySet[Article], viewer: Any) -> QuerySet[Article]:
    """Everything a list of articles prints, in three queries; their texts stay where they are."""
    found = with_authors(rows, viewer).annotate(body_length=Length("body")).defer("body")
    return found.prefetch_related("tags")  # type: ignore[misc]  # taggit


def authors_of(article: Article, viewer: Any) -> list[By]:
    """Guests by their names, a line the editors wrote, else the member who began it."""
    found = [
        By(
            guest.name,
            guest.get_absolute_url() if getattr(guest, "is_open", False) else "",
            guest.country.name if guest.country else "",
            is_guest=True,
        )
        for guest in article.guests.all()
    ]
    if article.byline:
        found.append(By(article.byline, is_guest=True))
    if found:
        return found
    if article.begun_by is None:
        return [By(_("The editors"))]
    seen = seen_as(article.begun_by, viewer)
    detail = comma().join(filter(None, (seen.organisation, seen.country)))
    return [By(seen.name, seen.url, detail)]


def minutes(letters: int, language: str) -> int:
    """How long reading takes, in whole minutes, at least one."""
    return max(1, round(letters / DENSE.get(base_language(language), A_MINUTE)))


@dataclass
class Shown:
    """An article with what a page prints of it."""

    article: Article
    viewer: Any

    @cached_property
    def authors(self) -> list[By]:
        return authors_of(self.article, self.viewer)

    @cached_property
    def letters(self) -> int:
        told = getattr(self.article, "body_length", None)
        return len(self.article.body) if told is None else int(told)

    @property
    def minutes(self) -> int:
        return minutes(self.letters, self.article.language)

    @property
    def has_text(self) -> bool:
        return self.letters > 0

    @property
    def url(self) -> str:
        return self.article.get_absolute_url()

    @cached_property
    def lang(self) -> str:
        """Its language, where it is not that of the page."""
        told = self.article.language
        return "" if base_language(told) == base_language(get_language() or "en") else told

    @property
    def language_name(self) -> str:
        return reference.language_name(base_language(self.article.language))

    @cached_property
    def dir(self) -> str:
        row = reference.languages().get(base_language(self.article.language))
        return row.direction if row else "auto"

    @cached_property
    def tags(self) -> list[Any]:
        return sorted(self.article.tags.all(), key=lambda tag: (tag.name, tag.pk))


def shown(rows: Iterable[Article], viewer: Any) -> list[Shown]:
    return [Shown(row, viewer) for row in rows]


@dataclass
class Related:
    """The records an article is about, as far as this reader sees them."""

    solutions: list[Solution] = field(default_factory=list)
    hubs: list[Hub] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    theme: MonthlyTheme | None = None
    chapter: Chapter | None = None
    lab: LivingLab | None = None

    def __bool__(self) -> bool:
        return any((self.solutions, self.hubs, self.events, self.theme, self.chapter, self.lab))


def related_to(article: Article, viewer: Any) -> Related:
    """Four queries: what is not open to this reader is not there."""
    places: dict[str, Any] = {}
    for name, model in (("theme", MonthlyTheme), ("chapter", Chapter), ("lab", LivingLab)):
        key = getattr(article, f"{name}_id")
        seen = model._default_manager.visible_to(viewer)
        places[name] = seen.filter(pk=key).first() if key else None
    public = Solution.objects.public().filter(articles=article)
    return Related(
        solutions=list(public.select_related("public_version").order_by("number")),
        hubs=list(Hub.objects.filter(merged_into=None, is_listed=True, articles=article)),
        events=list(
            Event.objects.visible_to(viewer).filter(articles=article).order_by("-starts", "pk")
        ),
        **places,
    )


def neighbours(article: Article) -> tuple[Article | None, Article | None]:
    """The published article before and the one after this one."""
    rows = Article.objects.published().only("slug", "title", "language", "published_on")
    on, pk = article.published_on, article.pk
    earlier = rows.filter(Q(published_on__lt=on) | Q(published_on=on, pk__lt=pk)).first()
    later = rows.filter(Q(published_on__gt=on) | Q(published_on=on, pk__gt=pk)).last()
    return earlier, later


def tags_in_use(most: int) -> list[dict[str, Any]]:
    """The words published articles are found by, the most used first."""
    rows = ArticleTag.objects.filter(content_object__state=ArticleState.PUBLISHED)
    found = rows.values(name=F("tag__name"), slug=F("tag__slug")).annotate(n=Count("pk"))
    return list(found.order_by("-n", "name")[:most])


def glimpse(article: Article) -> str:
    """The lede, or how the text begins."""
    if article.lede:
        return article.lede
    text = " ".join(plain(article.body).split())
    return text if len(text) <= GLIMPSE else text[:GLIMPSE].rsplit(" ", 1)[0] + " …"


def linked_data(article: Article, tags: Iterable[str]) -> dict[str, Any]:
    """An article as a schema.org ``BlogPosting``, as somebody without an account sees it."""
    url = f"{settings.PORTAL_URL}{article.get_absolute_url()}"
    people = []
    for by in authors_of(article, AnonymousUser()):
        person = {"@type": "Person", "name": by.name}
        people.append(person | ({"url": f"{settings.PORTAL_URL}{by.url}"} if by.url else {}))
    changed = article.corrected_at or article.published_at
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "@id": url,
        "url": url,
        "mainEntityOfPage": url,
        "headline": article.title,
        "description": glimpse(article),
        "inLanguage": article.language,
        "datePublished": article.published_on,
        "dateModified": changed.date().isoformat() if changed and article.body else "",
        "author": people,
        "publisher": {
            "@type": "Organization",
            "name": settings.PORTAL_NAME,
            "url": settings.PORTAL_URL,
        },
        "keywords": ", ".join(tags),
        "isAccessibleForFree": True,
        "citation": article.reference.citation if article.reference else "",
    }
    if article.body:
        document["isPartOf"] = {
            "@type": "Blog",
            "url": f"{settings.PORTAL_URL}{reverse('community:blog')}",
            "name": settings.PORTAL_NAME,
        }
    return {name: value for name, value in document.items() if value}
