"""A synthesis as one reader may see it: the one way every page, file and comparison goes.

Who somebody is follows from what their account shows today: a name that was closed since is not
printed, one that changed is printed as it is now. Organisation and country are those of the day
of publication, since somebody spoke from there, and only while the person still shows that field.
Words are printed while their post can be read by everybody who reads the synthesis. A source whose
words cannot be shown keeps its place and says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalogue.differences import Effort, Paragraph, Piece, paragraphs_of, pieces_of
from community.choices import PostState
from community.models import (
    Conclusion,
    Discussion,
    MonthlyTheme,
    Post,
    Synthesis,
    SynthesisVersion,
    VersionSource,
)
from community.models.synthesis import OPEN_DISCUSSIONS
from community.operations.synthesis import content_of
from community.people import Seen, seen_as, with_people
from core.plaintext import comma
from core.text import plain

#: What became of a source: shown, its author withdrew it, moderators hid it, it is out of sight.
SHOWN, WITHDRAWN, HIDDEN, AWAY = "shown", "withdrawn", "hidden", "away"


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a conclusion, as far as it may be shown."""

    uid: str
    url: str
    number: int
    written_at: dt.datetime
    fate: str
    quote: str = ""
    insight: str = ""
    who: Seen | None = None
    affiliation: str = ""
    discussion: str = ""
    is_changed: bool = False

    @property
    def is_shown(self) -> bool:
        return self.fate == SHOWN

    @property
    def told(self) -> str:
        """Why its words are not here."""
        return {
            WITHDRAWN: _("This post was withdrawn by its author."),
            HIDDEN: _("This post was hidden by the moderators."),
            AWAY: _("This post is not shown at present."),
        }.get(self.fate, "")


@dataclass(frozen=True, slots=True)
class Concluded:
    """One conclusion with its sources."""

    uid: str
    number: int
    sentence: str
    explanation: str
    sources: tuple[Source, ...]

    @property
    def anchor(self) -> str:
        """Its address within the page; it stays when conclusions change places."""
        return f"c-{self.uid}"

    @property
    def lost(self) -> int:
        """How many of its sources are not shown any more."""
        return sum(not source.is_shown for source in self.sources)


@dataclass(slots=True)
class Reading:
    """A synthesis to read: a published version, or a preview (number 0)."""

    theme: MonthlyTheme
    title: str
    number: int
    intro: str
    questions: list[str]
    further: str
    conclusions: list[Concluded]
    published_at: dt.datetime | None = None
    published_by: Seen | None = None
    note: str = ""
    contributors: list[Seen] = field(default_factory=list)
    facilitators: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.conclusions)

    @property
    def url(self) -> str:
        return reverse("community:synthesis", args=[self.theme.slug])

    @property
    def version_url(self) -> str:
        return reverse("community:synthesis-version", args=[self.theme.slug, self.number])

    @property
    def lasting_url(self) -> str:
        """The address of this version that is cited, the same in every language."""
        with translation.override(settings.LANGUAGE_CODE):
            return settings.PORTAL_URL + self.version_url

    @property
    def citation(self) -> str:
        """How to cite this version: facilitators, year, title, what it is, address."""
        published = timezone.localtime(self.published_at) if self.published_at else timezone.now()
        named = ", ".join(self.facilitators) or settings.PORTAL_NAME
        told = _(
            "%(people)s (%(year)s): %(title)s. Synthesis of the theme of %(month)s, version"
            " %(n)d. %(portal)s. %(url)s"
        )
        return told % {
            "people": named,
            "year": f"{published:%Y}",
            "title": self.title,
            "month": date_format(self.theme.first_day, "YEAR_MONTH_FORMAT"),
            "n": self.number,
            "portal": settings.PORTAL_NAME,
            "url": self.lasting_url,
        }


def _fate(post: Post | None, theme: MonthlyTheme, elsewhere: set[int]) -> str:
    if post is None or post.state == PostState.WITHDRAWN:
        return WITHDRAWN if post else AWAY
    if post.state == PostState.HIDDEN:
        return HIDDEN
    discussion = post.discussion
    here = discussion.theme_id == theme.pk and discussion.state in OPEN_DISCUSSIONS
    return SHOWN if post.state == PostState.SHOWN and (here or discussion.pk in elsewhere) else AWAY


def _elsewhere(posts: Iterable[Post | None], theme: MonthlyTheme) -> set[int]:
    """Discussions outside this theme (posts are moved) that everybody reads. One query at most."""
    moved = {post.discussion_id for post in posts if post and post.discussion.theme_id != theme.pk}
    if not moved:
        return set()
    seen = Discussion.objects.visible_to(AnonymousUser()).filter(state__in=OPEN_DISCUSSIONS)
    return set(seen.filter(pk__in=moved).values_list("pk", flat=True))


def _affiliation(post: Post, organisation: str, country: str, viewer: Any) -> str:
    """What was written down then, as far as the person shows it today."""
    author = post.author
    if author is None or author.closed_at is not None:
        return ""
    pairs = (("organisation", organisation), ("country", country))
    return comma().join(
        value for name, value in pairs if value and author.profile.may_see(name, viewer)
    )


def _source(
    post: Post | None,
    fate: str,
    viewer: Any,
    *,
    uid: str,
    number: int,
    written_at: dt.datetime,
    revision: int,
    quote: str,
    insight: str,
    organisation: str,
    country: str,
) -> Source:
    url = reverse("community:post", args=[uid])
    if post is None or fate != SHOWN:
        return Source(uid, url, number, written_at, fate)
    return Source(
        uid=uid,
        url=url,
        number=post.number,
        written_at=written_at,
        fate=fate,
        quote=quote,
        insight=insight,
        who=seen_as(post.author, viewer),
        affiliation=_affiliation(post, organisation, country, viewer),
        discussion=post.discussion.title,
        is_changed=post.revision != revision,
    )


def read_version(version: SynthesisVersion, theme: MonthlyTheme, viewer: Any) -> Reading:
    """A published version. Three queries, however long it is; a fourth if posts were moved."""
    rows = version.sources.select_related("post__discussion", "post__author")
    kept: dict[tuple[str, str], VersionSource] = {
        (row.conclusion, row.post_uid): row for row in with_people(rows, "post__author")
    }
    elsewhere = _elsewhere((row.post for row in kept.values()), theme)
    content = version.content
    conclusions = []
    for one in content["conclusions"]:
        sources = []
        for told in one["sources"]:
            row = kept[one["uid"], told["post"]]
            sources.append(
                _source(
                    row.post,
                    _fate(row.post, theme, elsewhere),
                    viewer,
                    uid=row.post_uid,
                    number=told["number"],
                    written_at=row.written_at,
                    revision=row.post_revision,
                    quote=row.quote,
                    insight=row.insight,
                    organisation=row.organisation,
                    country=row.country,
                )
            )
        conclusions.append(
            Concluded(
                one["uid"], one["number"], one["sentence"], one["explanation"], tuple(sources)
            )
        )
    return Reading(
        theme=theme,
        title=content["title"],
        number=version.number,
        intro=content["intro"],
        questions=content["questions"],
        further=content["reading"],
        conclusions=conclusions,
        published_at=version.published_at,
        published_by=seen_as(version.published_by, viewer) if version.published_by_id else None,
        note=version.note,
        contributors=_contributors(conclusions),
        facilitators=[person.name for person in theme.facilitators.all()],
    )


def preview(row: Synthesis, conclusions: Sequence[Conclusion], viewer: Any) -> Reading:
    """The working copy as readers will see it."""
    theme, content = row.theme, content_of(row, conclusions)
    posts = [source.post for one in conclusions for source in one.sources.all()]
    elsewhere = _elsewhere(posts, theme)
    concluded = []
    for number, one in enumerate(conclusions, 1):
        sources = []
        for source in one.sources.all():
            post = source.post
            seen = seen_as(post.author, AnonymousUser())
            insight = getattr(post, "insight", None)
            sources.append(
                _source(
                    post,
                    _fate(post, theme, elsewhere),
                    viewer,
                    uid=post.uid,
                    number=post.number,
                    written_at=post.written_at,
                    revision=post.revision,
                    quote=source.quote,
                    insight=insight.text if insight else "",
                    organisation=seen.organisation,
                    country=seen.country,
                )
            )
        concluded.append(Concluded(one.uid, number, one.sentence, one.explanation, tuple(sources)))
    return Reading(
        theme=theme,
        title=content["title"],
        number=0,
        intro=row.intro,
        questions=content["questions"],
        further=row.reading,
        conclusions=concluded,
        contributors=_contributors(concluded),
        facilitators=[person.name for person in theme.facilitators.all()],
    )


def _contributors(conclusions: Iterable[Concluded]) -> list[Seen]:
    """Whoever wrote a post that is shown, once each, in the order they are met."""
    found: dict[tuple[str, str], Seen] = {}
    for one in conclusions:
        for source in one.sources:
            if source.who is not None and (source.who.handle or source.who.url):
                found.setdefault((source.who.handle, source.who.name), source.who)
    return list(found.values())


def latest(theme: MonthlyTheme) -> SynthesisVersion | None:
    """The version readers see. One query."""
    rows = SynthesisVersion.objects.filter(synthesis__theme=theme)
    rows = rows.select_related("published_by__profile", "published_by__member")
    return rows.order_by("-number").first()


# --- What changed ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConclusionChange:
    """What happened to one conclusion between two versions."""

    kind: str  # added, removed, changed, moved
    number: int
    before: int
    sentence: tuple[Piece, ...] = ()
    explanation: tuple[Paragraph, ...] = ()
    sources_added: int = 0
    sources_removed: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed from one version to the next. Only the keepers' own text is compared: what
    members wrote is counted, so that nothing taken away comes back this way."""

    intro: tuple[Paragraph, ...] = ()
    conclusions: tuple[ConclusionChange, ...] = ()
    questions: tuple[Piece, ...] = ()
    reading: tuple[Paragraph, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.intro or self.conclusions or self.questions or self.reading)


def changes_between(old: dict[str, Any], new: dict[str, Any]) -> Changes:
    """Compare two contents. The work is bounded (``catalogue.differences``)."""
    effort = Effort()

    def text(name: str) -> tuple[Paragraph, ...]:
        before, after = plain(old[name]), plain(new[name])
        return paragraphs_of(before, after, effort) if before != after else ()

    gone = [line for line in old["questions"] if line not in new["questions"]]
    came = [line for line in new["questions"] if line not in old["questions"]]
    return Changes(
        intro=text("intro"),
        conclusions=tuple(_conclusions(old["conclusions"], new["conclusions"], effort)),
        questions=tuple(
            [Piece("removed", line) for line in gone] + [Piece("added", line) for line in came]
        ),
        reading=text("reading"),
    )


def _conclusions(
    old: list[dict[str, Any]], new: list[dict[str, Any]], effort: Effort
) -> Iterable[ConclusionChange]:
    before = {one["uid"]: one for one in old}
    after = {one["uid"] for one in new}
    stayed = [one["uid"] for one in old if one["uid"] in after]
    order = {uid: place for place, uid in enumerate(stayed)}
    place = 0
    for one in new:
        was = before.get(one["uid"])
        if was is None:
            told = (Piece("added", one["sentence"]),)
            yield ConclusionChange("added", one["number"], 0, sentence=told)
            continue
        had, has = ({row["post"] for row in row_of["sources"]} for row_of in (was, one))
        texts = plain(was["explanation"]), plain(one["explanation"])
        changed = ConclusionChange(
            "changed" if was["sentence"] != one["sentence"] or texts[0] != texts[1] or had != has
            else "moved",
            one["number"],
            was["number"],
            sentence=pieces_of(was["sentence"], one["sentence"], effort),
            explanation=paragraphs_of(*texts, effort) if texts[0] != texts[1] else (),
            sources_added=len(has - had),
            sources_removed=len(had - has),
        )  # fmt: skip
        is_moved = order[one["uid"]] != place
        place += 1
        if changed.kind == "changed" or is_moved:
            yield changed
    for one in old:
        if one["uid"] not in after:
            told = (Piece("removed", one["sentence"]),)
            yield ConclusionChange("removed", 0, one["number"], sentence=told)
