"""What is new in what a person follows, read when they ask for it.

One function per kind. Each takes the keys of what is followed as a sub-select, gives at most
``MOST`` of each sort, the newest, and leaves out what the person may not read now.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.choices import Publication
from catalogue.models import Solution, Version
from community.choices import ArticleState, Attention, DiscussionState, PostState
from community.models import (
    Article,
    Chapter,
    Discussion,
    LabEntry,
    Lesson,
    LivingLab,
    MonthlyTheme,
    Reading,
    TrialReport,
)
from community.models.members import Member
from community.models.synthesis import SynthesisVersion
from events.models import Commitment, CommitmentUpdate, Event
from hubs.models import Hub, HubRevision

if TYPE_CHECKING:
    from accounts.models import User

    Rows = QuerySet[Any]

#: So many of one sort.
MOST = 20


@dataclass(frozen=True, slots=True)
class News:
    """One thing that is new: what happened, where to read it, in which record."""

    subject: int
    at: dt.datetime
    what: str
    title: str
    url: str


# --- What several kinds have -------------------------------------------------------------------


def _discussions(user: User, since: dt.datetime, ids: Rows, column: str) -> list[News]:
    """Discussions of a place with posts since then by others. One query. Muted ones are silent."""
    muted = Reading.objects.filter(user=user, attention=Attention.MUTED).values("discussion")
    rows = _with_posts(
        Discussion.objects.visible_to(user).filter(**{f"{column}__in": ids}).exclude(pk__in=muted),
        user,
        since,
    )
    return [_posts(row, since, getattr(row, f"{column}_id")) for row in rows]


def _with_posts(rows: Rows, user: User, since: dt.datetime) -> Rows:
    by_others = ~Q(posts__author=user) | Q(posts__author=None)
    shown = Q(posts__state=PostState.SHOWN, posts__shown_at__gt=since)
    return (
        rows.filter(last_post_at__gt=since, shown_posts__gt=0)
        .exclude(state__in=(DiscussionState.MERGED, DiscussionState.HIDDEN))
        .annotate(new_posts=Count("posts", filter=shown & by_others))
        .filter(new_posts__gt=0)
        .order_by("-last_post_at", "-pk")[:MOST]
    )


def _posts(row: Any, since: dt.datetime, subject: int) -> News:
    what = (
        _("New discussion")
        if row.started_at > since
        else ngettext("%(n)d new post", "%(n)d new posts", row.new_posts) % {"n": row.new_posts}
    )
    return News(subject, row.last_post_at, what, row.title, row.get_absolute_url())


def _published(since: dt.datetime, path: str = "") -> dict[str, Any]:
    return {f"{path}state": ArticleState.PUBLISHED, f"{path}published_at__gt": since}


def _article(row: Article, subject: int) -> News:
    at = row.published_at or row.changed_at
    return News(subject, at, _("New blog post"), row.title, row.get_absolute_url())


def _articles(since: dt.datetime, ids: Rows, column: str) -> list[News]:
    """Blog posts of a theme, chapter or lab. One query."""
    rows = Article.objects.filter(**{f"{column}__in": ids}, **_published(since))
    return [
        _article(row, getattr(row, f"{column}_id"))
        for row in rows.defer("body").order_by("-published_at", "-pk")[:MOST]
    ]


def _articles_about(since: dt.datetime, ids: Rows, many: str, column: str) -> list[News]:
    """Blog posts that name a solution, hub or event. One query."""
    through: Any = getattr(Article, many).through
    rows = through.objects.filter(**{f"{column}__in": ids}, **_published(since, "article__"))
    rows = rows.select_related("article").defer("article__body")
    return [
        _article(row.article, getattr(row, f"{column}_id"))
        for row in rows.order_by("-article__published_at", "-pk")[:MOST]
    ]


def _events(user: User, since: dt.datetime, ids: Rows, through: Any, column: str) -> list[News]:
    """Meetings of a theme or chapter that were added or changed. One query."""
    seen = Event.objects.visible_to(user).filter(updated_at__gt=since)
    rows = through.objects.filter(**{f"{column}__in": ids}, event__in=seen).select_related("event")
    return [
        News(
            getattr(row, f"{column}_id"),
            row.event.updated_at,
            _("Meeting added or changed"),
            row.event.name,
            row.event.get_absolute_url(),
        )
        for row in rows.order_by("-event__updated_at", "-pk")[:MOST]
    ]


# --- Kind by kind ------------------------------------------------------------------------------


def of_themes(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    seen = MonthlyTheme.objects.visible_to(user).filter(pk__in=ids).order_by().values("pk")
    versions = SynthesisVersion.objects.filter(
        synthesis__theme__in=seen, published_at__gt=since
    ).select_related("synthesis__theme")
    return [
        *_discussions(user, since, seen, "theme"),
        *_articles(since, seen, "theme"),
        *_events(user, since, seen, MonthlyTheme.events.through, "monthlytheme"),
        *(
            News(
                row.synthesis.theme_id,
                row.published_at,
                _("Synthesis published"),
                row.synthesis.theme.title,
                row.synthesis.get_absolute_url(),
            )
            for row in versions.defer("content").order_by("-published_at", "-pk")[:MOST]
        ),
    ]


def of_chapters(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    """Of private chapters only for those who may enter them."""
    seen = Chapter.objects.open_to(user).filter(pk__in=ids).order_by().values("pk")
    return [
        *_discussions(user, since, seen, "chapter"),
        *_articles(since, seen, "chapter"),
        *_events(user, since, seen, Chapter.events.through, "chapter"),
    ]


def of_labs(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    seen = LivingLab.objects.visible_to(user).filter(pk__in=ids).order_by().values("pk")
    entries = LabEntry.objects.filter(lab__in=seen, written_at__gt=since).select_related("lab")
    lessons = Lesson.objects.shown().filter(lab__in=seen, written_at__gt=since)
    return [
        *_discussions(user, since, seen, "lab"),
        *_articles(since, seen, "lab"),
        *(
            News(row.lab_id, row.written_at, _("In the journal"), row.title,
                 row.lab.get_absolute_url())
            for row in entries.defer("body").order_by("-written_at", "-pk")[:MOST]
        ),
        *(
            News(row.lab_id, row.written_at, _("New lesson"), row.text, row.lab.get_absolute_url())
            for row in lessons.select_related("lab").order_by("-written_at", "-pk")[:MOST]
        ),
    ]  # fmt: skip


def of_members(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    """Discussions a member started and blog posts they wrote, as far as the reader sees both."""
    rows = Member.objects.filter(pk__in=ids, user__is_active=True).values_list("user", "pk")
    by: dict[int | None, int] = dict(rows)
    authors = Member.objects.filter(pk__in=ids, user__is_active=True).order_by().values("user")
    started = Discussion.objects.visible_to(user).filter(
        started_by__in=authors, started_at__gt=since, shown_posts__gt=0
    )
    started = started.exclude(state__in=(DiscussionState.MERGED, DiscussionState.HIDDEN))
    wrote = Article.objects.filter(begun_by__in=authors, **_published(since))
    return [
        *(
            News(by[row.started_by_id], row.started_at, _("New discussion"), row.title,
                 row.get_absolute_url())
            for row in started.order_by("-started_at", "-pk")[:MOST]
        ),
        *(
            _article(row, by[row.begun_by_id])
            # What a member only brought in for a guest is not theirs.
            for row in wrote.filter(guests=None).defer("body").order_by("-published_at")[:MOST]
        ),
    ]  # fmt: skip


def of_solutions(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    seen = Solution.objects.public().filter(pk__in=ids).order_by().values("pk")
    versions = Version.objects.filter(solution__in=seen, published_at__gt=since)
    trials = TrialReport.objects.shown().filter(solution__in=seen, shown_at__gt=since)
    return [
        *_discussions(user, since, seen, "solution"),
        *_articles_about(since, seen, "solutions", "solution"),
        *(
            News(
                row.solution_id,
                row.published_at or since,
                _("New version published"),
                _("Version %(n)d") % {"n": row.number},
                row.solution.get_absolute_url(),
            )
            for row in versions.select_related("solution")
            .defer("content", "private_content")
            .order_by("-published_at", "-pk")[:MOST]
        ),
        *(
            News(
                row.solution_id,
                row.shown_at or since,
                _("Somebody tried it"),
                row.organisation,
                row.get_absolute_url(),
            )
            for row in trials.order_by("-shown_at", "-pk")[:MOST]
        ),
    ]


def of_hubs(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    seen = Hub.objects.visible_to(user).filter(pk__in=ids).order_by().values("pk")
    changed = (
        HubRevision.objects.filter(hub__in=seen, at__gt=since)
        .order_by()
        .values("hub", "hub__slug")
        .annotate(last=Max("at"), n=Count("pk"))
        .order_by("-last", "hub")
    )
    shared = Solution.objects.public().filter(
        hub__in=seen, published_at__gt=since, publication=Publication.PUBLIC
    )
    return [
        *_articles_about(since, seen, "hubs", "hub"),
        *(
            News(
                row["hub"],
                row["last"],
                ngettext("%(n)d change", "%(n)d changes", row["n"]) % {"n": row["n"]},
                _("Profile of the hub"),
                reverse("hubs:hub", args=[row["hub__slug"]]),
            )
            for row in changed[:MOST]
        ),
        *(
            News(
                row.hub_id or 0,
                row.published_at or since,
                _("New solution"),
                row.public_version.content.get("title", "") if row.public_version else "",
                row.get_absolute_url(),
            )
            for row in shared.select_related("public_version").order_by("-published_at")[:MOST]
        ),
    ]


def of_events(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    seen = Event.objects.visible_to(user).filter(pk__in=ids)
    keys = seen.order_by().values("pk")
    return [
        *_discussions(user, since, keys, "event"),
        *_articles_about(since, keys, "events", "event"),
        *(
            News(row.pk, row.updated_at, _("The record changed"), row.name, row.get_absolute_url())
            for row in seen.filter(updated_at__gt=since).order_by("-updated_at", "-pk")[:MOST]
        ),
    ]


def of_discussions(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    rows = _with_posts(Discussion.objects.visible_to(user).filter(pk__in=ids), user, since)
    return [_posts(row, since, row.pk) for row in rows]


def of_commitments(user: User, since: dt.datetime, ids: Rows) -> list[News]:
    seen = Commitment.objects.visible_to(user).filter(pk__in=ids).order_by().values("pk")
    rows = CommitmentUpdate.objects.filter(commitment__in=seen, at__gt=since)
    return [
        News(
            row.commitment_id,
            row.at,
            _("Update"),
            row.get_progress_display(),
            row.commitment.get_absolute_url(),
        )
        for row in rows.select_related("commitment__event").order_by("-at", "-pk")[:MOST]
    ]
