"""A member's page as one reader sees it: what they can help with, and what they contributed.

Everything is asked for this reader: what they may not see is neither shown nor counted. Held and
hidden posts are counted for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from catalogue.models import Solution
from community.choices import ArticleState, DiscussionState
from community.listing import Row, row_of
from community.models import Article, Discussion, Insight, Member, Post, TrialReport
from core.text import plain

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: So many of each are shown, the latest.
POSTS, FEW = 8, 5
#: Counting ends here: "more than 1,000" says enough.
MOST_COUNTED = 1_000
EXCERPT = 200


@dataclass(slots=True)
class Given:
    """What a member contributed, as far as the reader may see it."""

    posts: list[Post] = field(default_factory=list)
    counted: int = 0
    insights: list[Insight] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    trials: list[TrialReport] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.posts or self.articles or self.trials)

    @property
    def many(self) -> bool:
        return self.counted > MOST_COUNTED


@dataclass(slots=True)
class MemberPage:
    """``row`` holds the open fields; ``about`` only if it is open."""

    member: Member
    row: Row
    about: str
    solutions: list[Solution]
    given: Given


def page_of(member: Member, viewer: Any, *, is_own: bool = False) -> MemberPage:
    """``is_own``: the member looks at their own page and sees what they do not show."""
    user = member.user
    profile = user.profile
    row = row_of(member, viewer)
    if not user.is_active:
        row = Row(row.seen, "", "", [], "", member)
    names_them = user.is_active and profile.may_see("name", viewer)
    about = profile.about if user.is_active and profile.may_see("about", viewer) else ""
    shows = member.shows_recognition or is_own
    return MemberPage(
        member=member,
        row=row,
        about=about,
        # A record of the catalogue names its people: to link it would tell the name.
        solutions=_solutions(user) if names_them and shows else [],
        given=_given(user, viewer, names_them=names_them) if shows else Given(),
    )


def _solutions(user: Any) -> list[Solution]:
    """Public records that name them among their people."""
    rows = Solution.objects.public().filter(pk__in=user.contributions.values("solution"))
    return list(rows.order_by("-pk")[:FEW])


def _given(user: Any, viewer: Any, *, names_them: bool) -> Given:
    shown = _posts(user, viewer)
    posts = list(shown.select_related("discussion").order_by("-written_at", "-pk")[:POSTS])
    counted = len(posts)
    if counted == POSTS:
        counted = shown.order_by()[: MOST_COUNTED + 1].count()
    insights = Insight.objects.filter(post__in=shown).select_related("post__discussion")
    articles = Article.objects.filter(begun_by=user, state=ArticleState.PUBLISHED)
    if not names_them:
        # A byline is a name; who keeps theirs to themselves is not led from one to the other.
        articles = articles.filter(byline="")
    trials = TrialReport.objects.shown().filter(
        user=user, solution__in=Solution.objects.visible_to(viewer)
    )
    return Given(
        posts=posts,
        counted=counted,
        insights=list(insights.order_by("-picked_at", "-pk")[:FEW]) if posts else [],
        articles=list(articles.order_by("-published_on", "-pk")[:FEW]),
        trials=list(trials.select_related("solution").order_by("-submitted_at", "-pk")[:FEW]),
    )


def _posts(user: Any, viewer: Any) -> QuerySet[Post]:
    """Posts everybody in a discussion reads, in discussions this reader sees."""
    hidden = Q(state=DiscussionState.HIDDEN)
    seen = Discussion.objects.visible_to(viewer).exclude(hidden)
    return Post.objects.shown().filter(author=user, discussion__in=seen)


def excerpt_of(post: Post) -> str:
    """The first words of a post."""
    text = " ".join(plain(post.body).split())
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rsplit(' ', 1)[0]} …"
