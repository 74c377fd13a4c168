"""What a member gave to others, worked out from facts each time it is asked.

Nothing here is a score and nobody is ranked: each kind says how it is counted and leads to what it
counts. The kinds are those of the specification (§7): validated solutions, adopted elsewhere,
reviews done on time, insights, syntheses; and what a community lives from besides, articles and
reports of trials.

Reviews are blind. So of them only a number is known, of cases that are over, and other readers see
it from three on: a single review could be told from the day it appeared.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_countries import countries

from catalogue.choices import Publication
from catalogue.models import Solution
from community.choices import Outcome, PostState
from community.models import Article, Discussion, Insight, TrialReport
from validation.choices import CaseState, RecordState, SeatState
from validation.choices import Outcome as Decided
from validation.models import Record, Seat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.contrib.auth.models import AnonymousUser
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

#: Facts looked at for one kind; who has more is told "at least".
MOST = 1_000
#: Other readers see the number of reviews from here on.
REVIEWS_SHOWN = 3
#: So many of the latest facts are named.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was given: when, and where it can be read (nothing, for a review)."""

    on: dt.date
    label: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a member gave of one kind. ``how`` says how it is counted."""

    kind: str
    text: str
    how: StrOrPromise
    facts: tuple[Fact, ...]

    @property
    def count(self) -> int:
        return len(self.facts)

    @property
    def named(self) -> tuple[Fact, ...]:
        """The latest of those that can be read."""
        return tuple(fact for fact in self.facts if fact.url)[:NAMED]


def _day(moment: dt.datetime | None) -> dt.date:
    return timezone.localdate(moment) if moment else timezone.localdate()


def _in_team(prefix: str, user: User) -> Q:
    """Owned by the person, or with them among its contributors."""
    return Q(**{f"{prefix}owner": user}) | Q(**{f"{prefix}contributors__user": user})


def _validated(user: User, viewer: User | AnonymousUser) -> Iterable[Fact]:
    teams = Solution.objects.filter(_in_team("", user), publication=Publication.PUBLIC)
    rows = Record.objects.filter(
        solution__in=teams, state=RecordState.IN_FORCE, label=Decided.VALIDATED
    ).select_related("solution__public_version")
    for row in rows.order_by("-issued_at", "-pk")[:MOST]:
        yield Fact(_day(row.issued_at), str(row.solution), row.solution.get_absolute_url())


def _adopted(user: User, viewer: User | AnonymousUser) -> Iterable[Fact]:
    teams = Solution.objects.filter(_in_team("", user), publication=Publication.PUBLIC)
    rows = (
        TrialReport.objects.shown()
        .filter(solution__in=teams, outcome__in=(Outcome.WORKED, Outcome.PARTLY))
        .exclude(user=user)
        .select_related("solution__public_version")
    )
    for row in rows.order_by("-shown_at", "-pk")[:MOST]:
        label = f"{row.solution}: {row.organisation}, {countries.name(row.country)}"
        yield Fact(_day(row.shown_at), label, row.solution.get_absolute_url())


def _reviews(user: User, viewer: User | AnonymousUser) -> Iterable[Fact]:
    rows = Seat.objects.filter(
        user=user,
        state=SeatState.SENT,
        sent_at__lte=F("due_at"),
        case__state=CaseState.DECIDED,
    )
    found = [Fact(_day(row.case.ended_at)) for row in rows.select_related("case")[:MOST]]
    is_own = viewer.is_authenticated and viewer.pk == user.pk
    return found if is_own or len(found) >= REVIEWS_SHOWN else ()


def _insights(user: User, viewer: User | AnonymousUser) -> Iterable[Fact]:
    rows = (
        Insight.objects.filter(
            post__author=user,
            post__state=PostState.SHOWN,
            post__discussion__in=Discussion.objects.visible_to(viewer),
        )
        .exclude(picked_by=user)
        .select_related("post")
    )
    for row in rows.order_by("-picked_at", "-pk")[:MOST]:
        yield Fact(_day(row.picked_at), row.text, row.post.get_absolute_url())


def _articles(user: User, viewer: User | AnonymousUser) -> Iterable[Fact]:
    for row in Article.objects.published().filter(begun_by=user, reference=None)[:MOST]:
        yield Fact(_day(row.published_at), row.title, row.get_absolute_url())


def _trials(user: User, viewer: User | AnonymousUser) -> Iterable[Fact]:
    rows = TrialReport.objects.shown().filter(user=user, solution__publication=Publication.PUBLIC)
    for row in rows.select_related("solution__public_version").order_by("-shown_at")[:MOST]:
        yield Fact(_day(row.shown_at), str(row.solution), row.solution.get_absolute_url())


#: Kind to how it is counted in words and in the database, in the order they are shown.
KINDS: dict[str, tuple[StrOrPromise, Callable[..., Iterable[Fact]]]] = {
    "validated": (
        _("Public solutions of a team they belong to, with the label “Validated” in force."),
        _validated,
    ),
    "adopted": (
        _("Trials of such a solution by others elsewhere that worked, at least in part."),
        _adopted,
    ),
    "reviews": (
        _("Reviews sent by the day they were due, in cases now decided. Which ones is secret."),
        _reviews,
    ),
    "insights": (_("Posts that a facilitator or coordinator picked as an insight."), _insights),
    "articles": (_("Blog posts that editors published."), _articles),
    "trials": (_("Reports of own trials of a solution by others."), _trials),
}


def said_of(kind: str, n: int) -> str:
    """ "3 validated solutions": a kind and its number in words."""
    texts = {
        "validated": ngettext("%(n)d validated solution", "%(n)d validated solutions", n),
        "adopted": ngettext(
            "%(n)d solution taken up elsewhere", "%(n)d times a solution was taken up elsewhere", n
        ),
        "reviews": ngettext("%(n)d review on time", "%(n)d reviews on time", n),
        "insights": ngettext("%(n)d insight", "%(n)d insights", n),
        "syntheses": ngettext("%(n)d synthesis", "%(n)d syntheses", n),
        "articles": ngettext("%(n)d blog post", "%(n)d blog posts", n),
        "trials": ngettext("%(n)d report of a trial", "%(n)d reports of trials", n),
    }
    return texts[kind] % {"n": n}


def said(counts: dict[str, int]) -> list[str]:
    """Numbers by kind, in words, in the order of the kinds."""
    return [said_of(kind, counts[kind]) for kind in KINDS if counts.get(kind)]


def recognitions_of(
    user: User, viewer: User | AnonymousUser, *, year: int | None = None
) -> list[Recognition]:
    """What this person gave, as far as the reader may see it; in one year or at all.

    One query for each kind. The member's own choice to show it is asked by the page.
    """
    found = []
    for kind, (how, facts_of) in KINDS.items():
        facts = tuple(
            fact for fact in facts_of(user, viewer) if year is None or fact.on.year == year
        )
        if facts:
            found.append(Recognition(kind, said_of(kind, len(facts)), how, facts))
    return found
