"""What is counted beside solutions: hubs and what they state, the community, commitments.

Only what a visitor may read is counted, whoever asks: a figure is the same for everybody. Every
function asks once, whatever the number of records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db.models import Count, F, Q
from django.db.models.functions import Substr, TruncMonth
from django.utils import timezone

from claims.weighing import best
from community.choices import ArticleState
from community.models import Article, Discussion, MonthlyTheme, Post, TrialReport
from events import tracker
from hubs import reference
from hubs.models import Hub, HubClaim

if TYPE_CHECKING:
    from events.choices import Standing
    from hubs.models import HubQuerySet

Chosen = Mapping[str, Sequence[str]]
OFFERED, SOUGHT, BALANCE = "offered", "sought", "balance"
#: More hubs than this are not named one by one.
MOST_HUBS = 500
#: Where the activity of the community is kept, and for how many seconds.
ACTIVITY, KEPT_FOR = "statistics-activity", 600
#: Letters of "2013-04".
MONTH = 7


class Place(NamedTuple):
    """Where something is filed: a country, or a region for what is of no single one; or neither."""

    country: str
    region: str

    @property
    def regions(self) -> set[str]:
        """The regions it counts in, as in the directory of hubs."""
        found = reference.regions_of([self.country])
        return found | {self.region} if self.region else found


class Services(NamedTuple):
    """How many services one hub states that it offers, and that it seeks."""

    slug: str
    name: str
    offered: int
    sought: int


class Month(NamedTuple):
    """What the community did in one month, written like "2013-04"."""

    month: str
    themes: int
    posts: int
    articles: int


def listed_hubs(chosen: Chosen) -> HubQuerySet:
    """The hubs of the directory, narrowed by sector, region and country. No query yet."""
    hubs = Hub.objects.filter(is_listed=True, merged_into=None).order_by()
    if sectors := chosen.get("sector"):
        filed = Hub.sectors.through.objects.filter(sector__in=sectors)
        hubs = hubs.filter(pk__in=filed.values("hub"))
    if countries := chosen.get("country"):
        hubs = hubs.filter(country__in=countries)
    if regions := chosen.get("region"):
        hubs = hubs.filter(
            Q(country__region__in=regions)
            | Q(country__subregion__in=regions)
            | Q(region__in=regions)
        )
    return hubs


def names_of_hubs(slugs: Collection[str]) -> dict[str, str]:
    """The names of those that are listed, by address."""
    rows = Hub.objects.filter(slug__in=slugs, is_listed=True).order_by()
    return {
        slug: short or name for slug, short, name in rows.values_list("slug", "acronym", "name")
    }


def hubs_by_place(chosen: Chosen) -> Counter[Place]:
    """How many hubs there are in each place, pilots apart."""
    rows = listed_hubs(chosen).filter(is_pilot=False).values_list("country", "region")
    return _placed(rows.annotate(n=Count("pk")))


def services_by_place(topic: str, chosen: Chosen) -> Counter[Place]:
    """How many services the hubs of each place offer, or seek."""
    rows = HubClaim.objects.filter(topic=topic, hub__in=listed_hubs(chosen)).order_by()
    return _placed(rows.values_list("hub__country", "hub__region").annotate(n=Count("pk")))


def _placed(rows: Iterable[Any]) -> Counter[Place]:
    return Counter({Place(country or "", region or ""): n for country, region, n in rows})


def trials_by_place(chosen: Chosen) -> Counter[Place]:
    """How many checked reports say that a solution was tried in each country, by somebody else
    than the institution it comes from."""
    reports = TrialReport.objects.shown().filter(is_own=False)
    if sectors := chosen.get("sector"):
        reports = reports.filter(solution__sectors__in=sectors)
    rows = reports.order_by().values_list("country").annotate(n=Count("pk", distinct=True))
    countries, regions = chosen.get("country"), {*chosen.get("region", ())}
    return Counter(
        {
            Place(code, ""): n
            for code, n in rows
            if (not countries or code in countries)
            and (not regions or regions & reference.regions_of([code]))
        }
    )


def services_of_hubs(chosen: Chosen) -> list[Services]:
    """What each hub offers and seeks; those that state most come first."""
    rows = (
        HubClaim.objects.filter(topic__in=(OFFERED, SOUGHT), hub__in=listed_hubs(chosen))
        .order_by()
        .values_list("hub__slug", "hub__name")
        .annotate(
            offered=Count("pk", filter=Q(topic=OFFERED)),
            sought=Count("pk", filter=Q(topic=SOUGHT)),
            stated=Count("pk"),
        )
        .order_by("-stated", "hub__name", "hub__slug")
    )
    return [Services(*row[:4]) for row in rows[:MOST_HUBS]]


def balances(chosen: Chosen) -> list[HubClaim]:
    """What each hub states about exchanges as a provider: the claim shown first on its page."""
    claims = (
        HubClaim.objects.filter(topic=BALANCE, hub__in=listed_hubs(chosen))
        .exclude(low=None, high=None)
        .select_related("hub", "reference")
        .order_by("hub__name", "hub", "position", "pk")[: 2 * MOST_HUBS]
    )
    of_hub: dict[int, list[HubClaim]] = {}
    for claim in claims:
        of_hub.setdefault(claim.hub_id, []).append(claim)
    return [best(stated) for stated in of_hub.values()][:MOST_HUBS]


def activity() -> list[Month]:
    """The months in which the community did something, in order.

    All posts are read for it, so the answer is kept for some minutes.
    """
    found: list[Month] | None = cache.get(ACTIVITY)
    if found is None:
        found = _activity()
        cache.set(ACTIVITY, found, KEPT_FOR)
    return found


def _activity() -> list[Month]:
    """The same, counted now. Three queries."""
    nobody = AnonymousUser()
    themes = Counter(MonthlyTheme.objects.visible_to(nobody).values_list("month", flat=True))
    read = Discussion.objects.visible_to(nobody).order_by().values("pk")
    written = (
        Post.objects.shown()
        .filter(discussion__in=read)
        .order_by()
        .annotate(begun=TruncMonth("written_at"))
        .values_list("begun")
        .annotate(n=Count("pk"))
    )
    posts = Counter({f"{begun:%Y-%m}": n for begun, n in written})
    published = (
        Article.objects.filter(state=ArticleState.PUBLISHED)
        .order_by()
        .annotate(day=Substr(F("published_on"), 1, MONTH))
        .values_list("day")
        .annotate(n=Count("pk"))
    )
    articles = Counter({day: n for day, n in published if len(day) == MONTH})
    return [
        Month(month, themes[month], posts[month], articles[month])
        for month in sorted({*themes, *posts, *articles})
        if len(month) == MONTH
    ]


def commitments() -> Counter[Standing]:
    """How many promises stand where."""
    rows = tracker.rows(AnonymousUser(), tracker.Chosen(), timezone.localdate())
    return Counter(row.standing for row in rows)
