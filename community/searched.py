"""The community in the search over everything: what everybody reads of it, and how it is shown.

Whoever has no account reads the same as the search: themes, chapters and labs that are announced,
published blog posts, lessons of announced labs, and what is discussed where everybody reads along.
Nothing of a private chapter, nothing that waits for a moderator, is hidden or was taken back.

A discussion is found by its title, its summary and its opening post; each later post by itself.
Nobody is found by what they wrote: names of members stand in no document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Min, OuterRef, Prefetch, QuerySet
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community.choices import ArticleState, Component, DiscussionState, LabStatus
from community.discussed import FETCHED, name_of
from community.discussed import KINDS as PLACES
from community.library import citing
from community.library import listing as library
from community.models import (
    Article,
    Chapter,
    Discussion,
    Lesson,
    LibraryItem,
    LivingLab,
    MonthlyTheme,
    Post,
    Synthesis,
    SynthesisVersion,
)
from core.findable import Facet, Hit, Kind, passages, register
from core.prepared import Prepared
from core.search import Document
from core.text import plain
from events.searched import in_order, keys_of, named
from hubs import reference
from hubs.searched import COUNTRY, LANGUAGE, YEAR, fuller

if TYPE_CHECKING:
    from core.marking import Marker

THEME = "theme"
DISCUSSION = "discussion"
POST = "post"
ARTICLE = "article"
CHAPTER = "chapter"
LAB = "lab"
LESSON = "lesson"

NOBODY = AnonymousUser()
#: What a discussion is without a language of its own.
LANGUAGE_UNTOLD = "en"


def _lines(*texts: str) -> str:
    return "\n".join(text for text in texts if text)


def _numbers(keys: Sequence[str]) -> list[int]:
    return [int(key) for key in keys]


def _year(moment: dt.datetime) -> list[str]:
    return [f"{moment.astimezone(dt.UTC):%Y}"]


def _moment(partial: str) -> dt.datetime | None:
    """The beginning of what a partial date names."""
    if not partial:
        return None
    year, month, day = (*map(int, partial.split("-")), 1, 1)[:3]
    return dt.datetime(year, month, day, tzinfo=dt.UTC)


def _place_named(value: str) -> str:
    return str(PLACES[value].label) if value in PLACES else value


PLACE = Facet("place", _("Where"), _place_named)

# --- Themes --------------------------------------------------------------------------------------


def themes() -> QuerySet[MonthlyTheme]:
    return MonthlyTheme.objects.visible_to(NOBODY)


def _theme_documents(keys: Sequence[str]) -> Iterator[Document]:
    versions = SynthesisVersion.objects.filter(
        synthesis__in=Synthesis.objects.visible_to(NOBODY), synthesis__theme__in=_numbers(keys)
    )
    # The last of several versions of one theme counts.
    told = versions.order_by("number").select_related("synthesis")
    latest = {row.synthesis.theme_id: row for row in told}
    for theme in themes().filter(pk__in=_numbers(keys)).prefetch_related("questions"):
        version = latest.get(theme.pk)
        concluded: list[dict[str, Any]] = version.content["conclusions"] if version else []
        yield Document(
            kind=THEME,
            object_id=str(theme.pk),
            title=theme.title,
            summary=theme.summary,
            body=_lines(
                *(question.text for question in theme.questions.all()),
                plain(version.content["intro"]) if version else "",
                *(_lines(one["sentence"], plain(one["explanation"])) for one in concluded),
            ),
            published_at=_moment(theme.month),
            facets={
                "component": [theme.component] if theme.component else [],
                "year": [theme.month[:4]],
            },
        )


def _theme_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    rows = in_order(themes(), keys)
    said = passages(THEME, [str(row.pk) for row in rows], marker)
    return [
        Hit(
            title=marker.mark(row.title),
            url=row.get_absolute_url(),
            text=fuller(marker, row.summary, said.get(str(row.pk), "")),
            meta=" · ".join(
                filter(
                    None,
                    [
                        str(row.get_component_display()),
                        date_format(row.first_day, "YEAR_MONTH_FORMAT"),
                    ],
                )
            ),
        )
        for row in rows
    ]


register(
    Kind(
        code=THEME,
        title=_("Themes"),
        one=_("Theme"),
        position=40,
        public=lambda: keys_of(themes()),
        documents=_theme_documents,
        hits=_theme_hits,
        facets=(Facet("component", _("Part of the framework"), named(Component)), YEAR),
    )
)

# --- Discussions and posts -----------------------------------------------------------------------


def shown_posts() -> QuerySet[Post]:
    """Posts everybody may read as far as they themselves decide."""
    return Post.objects.shown()


def discussions() -> QuerySet[Discussion]:
    """What everybody reads, and of which there is something to read.

    Asked of the posts themselves, not of the counts kept beside them: these follow a move.
    """
    begun = Exists(shown_posts().filter(discussion=OuterRef("pk")))
    closed = (DiscussionState.MERGED, DiscussionState.HIDDEN)
    return Discussion.objects.reachable_by(NOBODY).exclude(state__in=closed).filter(begun)


def _discussion_documents(keys: Sequence[str]) -> Iterator[Document]:
    opening = Prefetch("posts", shown_posts().filter(number=1), to_attr="opening")
    rows = discussions().filter(pk__in=_numbers(keys)).annotate(read_from=Min("posts__shown_at"))
    for row in rows.prefetch_related(opening):
        first: list[Post] = row.opening
        yield Document(
            kind=DISCUSSION,
            object_id=str(row.pk),
            title=row.title,
            summary=plain(row.summary),
            body=_lines(*(plain(post.body) for post in first)),
            language=row.language or LANGUAGE_UNTOLD,
            # When there was first something to read.
            published_at=row.read_from or row.started_at,
            facets={
                "place": [row.place_name],
                "year": _year(row.started_at),
                "language": [row.language] if row.language else [],
            },
        )


def _discussion_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    rows = in_order(discussions().select_related(*FETCHED), keys)
    said = passages(DISCUSSION, [str(row.pk) for row in rows], marker)
    return [
        Hit(
            title=marker.mark(row.title, row.language or LANGUAGE_UNTOLD),
            url=row.get_absolute_url(),
            text=said.get(str(row.pk), ""),
            meta=_where(row),
            language=row.language,
        )
        for row in rows
    ]


def _where(discussion: Discussion) -> str:
    kind = PLACES[discussion.place_name].label
    return gettext("%(kind)s: %(name)s") % {"kind": kind, "name": name_of(discussion.place)}


register(
    Kind(
        code=DISCUSSION,
        title=_("Discussions"),
        one=_("Discussion"),
        position=42,
        public=lambda: keys_of(discussions()),
        documents=_discussion_documents,
        hits=_discussion_hits,
        facets=(PLACE, YEAR, LANGUAGE),
    )
)


def posts() -> QuerySet[Post]:
    """Posts everybody reads, but for those that open a discussion: that is found by them."""
    return shown_posts().filter(discussion__in=discussions().order_by().values("pk"), number__gt=1)


#: One post, as when it was just written: the question takes longer to put together than to answer.
_one_post = Prepared(lambda key: posts().filter(pk=key).select_related("discussion"), int)


def _some_posts(keys: Sequence[str]) -> Iterable[Post]:
    numbers = list(_numbers(keys))
    if len(numbers) == 1:
        return _one_post(numbers[0]).rows()
    return posts().filter(pk__in=numbers).select_related("discussion")


def _post_documents(keys: Sequence[str]) -> Iterator[Document]:
    for row in _some_posts(keys):
        topic = row.discussion
        yield Document(
            kind=POST,
            object_id=str(row.pk),
            # Its discussion has the title: a post is found by what it says.
            title="",
            body=plain(row.body),
            language=topic.language or LANGUAGE_UNTOLD,
            published_at=row.shown_at or row.written_at,
            facets={
                "discussion": [str(topic.pk)],
                "place": [topic.place_name],
                "year": _year(row.written_at),
                "language": [topic.language] if topic.language else [],
            },
        )


def _post_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    fetched = [f"discussion__{name}" for name in FETCHED]
    rows = in_order(posts().select_related("discussion", *fetched), keys)
    return [
        Hit(
            title=row.discussion.title,
            url=row.get_absolute_url(),
            text=_words_of(row, marker),
            meta=_where(row.discussion),
            language=row.discussion.language,
        )
        for row in rows
    ]


def _words_of(post: Post, marker: Marker) -> str:
    text = plain(post.body)
    found = marker.excerpt(text, post.discussion.language or LANGUAGE_UNTOLD)
    return found or Truncator(text).words(30)


register(
    Kind(
        code=POST,
        title=_("Posts"),
        one=_("Post"),
        position=44,
        public=lambda: keys_of(posts()),
        documents=_post_documents,
        hits=_post_hits,
        facets=(PLACE, YEAR, LANGUAGE),
        is_suggested=False,
    )
)

# --- The blog ------------------------------------------------------------------------------------


def articles() -> QuerySet[Article]:
    return Article.objects.filter(state=ArticleState.PUBLISHED)


def _article_documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = articles().filter(pk__in=_numbers(keys))
    for row in rows.prefetch_related("tags", "guests"):  # type: ignore[misc]  # taggit
        tags = sorted(tag.name for tag in row.tags.all())
        yield Document(
            kind=ARTICLE,
            object_id=str(row.pk),
            title=row.title,
            summary=_lines(row.lede, *sorted(guest.name for guest in row.guests.all())),
            body=_lines(plain(row.body), " ".join(tags)),
            language=row.language or LANGUAGE_UNTOLD,
            published_at=row.published_at or _moment(row.published_on),
            facets={
                "year": [row.published_on[:4]] if row.published_on else [],
                "language": [row.language] if row.language else [],
                "tag": tags,
            },
        )


def _article_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    rows = in_order(articles(), keys)
    said = passages(ARTICLE, [str(row.pk) for row in rows], marker)
    return [
        Hit(
            title=marker.mark(row.title, row.language),
            url=row.get_absolute_url(),
            text=fuller(marker, row.lede, said.get(str(row.pk), "")),
            meta=row.published_on[:4],
            language=row.language,
        )
        for row in rows
    ]


register(
    Kind(
        code=ARTICLE,
        title=_("Blog"),
        one=_("Blog post"),
        position=46,
        public=lambda: keys_of(articles()),
        documents=_article_documents,
        hits=_article_hits,
        facets=(YEAR, LANGUAGE, Facet("tag", _("Tag"))),
    )
)

# --- Chapters ------------------------------------------------------------------------------------


def chapters() -> QuerySet[Chapter]:
    """Also private ones: everybody reads what they are, and nothing that is said in them."""
    return Chapter.objects.visible_to(NOBODY)


def _chapter_documents(keys: Sequence[str]) -> Iterator[Document]:
    for row in chapters().filter(pk__in=_numbers(keys)).prefetch_related("languages"):
        yield Document(
            kind=CHAPTER,
            object_id=str(row.pk),
            title=row.name,
            summary=_lines(row.summary, row.region),
            body=_lines(row.lead, *sorted(one.native_name for one in row.languages.all())),
            published_at=None,
            facets={"language": sorted(one.pk for one in row.languages.all())},
        )


def _chapter_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    return [
        Hit(
            title=marker.mark(row.name),
            url=row.get_absolute_url(),
            text=marker.mark(row.summary),
            meta=row.region,
        )
        for row in in_order(chapters(), keys)
    ]


register(
    Kind(
        code=CHAPTER,
        title=_("Chapters"),
        one=_("Chapter"),
        position=48,
        public=lambda: keys_of(chapters()),
        documents=_chapter_documents,
        hits=_chapter_hits,
        facets=(LANGUAGE,),
    )
)

# --- Living labs and what they learned -----------------------------------------------------------


def labs() -> QuerySet[LivingLab]:
    return LivingLab.objects.visible_to(NOBODY).select_related("hub")


def _lab_documents(keys: Sequence[str]) -> Iterator[Document]:
    for row in labs().filter(pk__in=_numbers(keys)).prefetch_related("entries"):
        country = reference.countries().get(row.hub.country_id or "")
        yield Document(
            kind=LAB,
            object_id=str(row.pk),
            title=row.name,
            summary=_lines(row.summary, row.practice),
            body=_lines(
                row.hub.name,
                row.hub.acronym,
                *(sorted(set(country.names.values())) if country else ()),
                row.supporter,
                row.question,
                *(_lines(entry.title, plain(entry.body)) for entry in row.entries.all()),
            ),
            published_at=_moment(row.starts),
            facets={
                "status": [row.status],
                "country": [row.hub.country_id] if row.hub.country_id else [],
                "year": [row.starts[:4]] if row.starts else [],
            },
        )


def _lab_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    rows = in_order(labs(), keys)
    said = passages(LAB, [str(row.pk) for row in rows], marker)
    return [
        Hit(
            title=marker.mark(row.name),
            url=row.get_absolute_url(),
            text=fuller(marker, row.summary, said.get(str(row.pk), "")),
            meta=f"{row.get_status_display()} · {row.hub.name}",
        )
        for row in rows
    ]


register(
    Kind(
        code=LAB,
        title=_("Living labs"),
        one=_("Living lab"),
        position=50,
        public=lambda: keys_of(labs()),
        documents=_lab_documents,
        hits=_lab_hits,
        facets=(Facet("status", _("Status"), named(LabStatus)), COUNTRY, YEAR),
    )
)


def lessons() -> QuerySet[Lesson]:
    return Lesson.objects.shown().filter(lab__is_public=True).select_related("lab__hub")


def _lesson_documents(keys: Sequence[str]) -> Iterator[Document]:
    for row in lessons().filter(pk__in=_numbers(keys)):
        country = row.lab.hub.country_id
        yield Document(
            kind=LESSON,
            object_id=str(row.pk),
            title=row.text,
            summary=row.detail,
            body=_lines(row.lab.name, row.lab.hub.name),
            published_at=row.written_at,
            facets={"lab": [str(row.lab_id)], "country": [country] if country else []},
        )


def _lesson_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    return [
        Hit(
            title=marker.mark(row.text),
            url=row.get_absolute_url(),
            text=marker.excerpt(row.detail) or Truncator(row.detail).words(30),
            meta=row.lab.name,
        )
        for row in in_order(lessons(), keys)
    ]


register(
    Kind(
        code=LESSON,
        title=_("Lessons"),
        one=_("Lesson"),
        position=52,
        public=lambda: keys_of(lessons()),
        documents=_lesson_documents,
        hits=_lesson_hits,
        facets=(COUNTRY,),
    )
)

# --- The library ---------------------------------------------------------------------------------


def _works() -> QuerySet[LibraryItem]:
    return LibraryItem.objects.visible_to(NOBODY).select_related("reference")


def _works_public() -> Iterable[int]:
    return _works().order_by("reference").values_list("reference", flat=True)


def _work_documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = list(_works().filter(reference__in=_numbers(keys)).prefetch_related("tags"))  # type: ignore[misc]  # taggit
    cited = citing.cited_by([row.reference_id for row in rows])
    for row in rows:
        yield library.document_of(row, cited.get(row.reference_id, set()))


def _work_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    rows = _works().filter(reference__in=_numbers(keys))
    found = {str(row.reference_id): row for row in rows}
    return [
        Hit(
            title=marker.mark(row.reference.title, row.reference.language or "en"),
            url=row.get_absolute_url(),
            text=marker.excerpt(row.abstract, row.reference.language or "en")
            if row.abstract
            else "",
            meta=" · ".join(
                filter(
                    None,
                    (
                        row.reference.authors,
                        str(row.get_publication_display()),
                        row.reference.date[:4],
                    ),
                )
            ),
            language=row.reference.language,
        )
        for row in (found[key] for key in keys if key in found)
    ]


register(
    Kind(
        code=library.KIND,
        title=_("Library"),
        one=_("Work in the library"),
        position=80,
        public=_works_public,
        documents=_work_documents,
        hits=_work_hits,
        facets=(
            YEAR,
            LANGUAGE,
            Facet("tag", _("Tag")),
        ),
        list_name="community:library",
    )
)
