"""The directory seen as a whole, from counts alone: hubs on the map, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.prepared import Prepared
from hubs import reference
from hubs.models import Hub

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from hubs.models import Country, HubQuerySet

#: More dots than this hide each other.
MOST_DOTS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """How many hubs a country has, pilots apart: a pilot is no hub yet. ``country`` is "" for
    those that are not of one country. ``slug`` is the address of one of them."""

    country: str
    hubs: int
    pilots: int
    slug: str

    @property
    def total(self) -> int:
        return self.hubs + self.pilots


@dataclass(frozen=True, slots=True)
class Point:
    """The hubs of one country, or of one region, as one dot."""

    label: str
    url: str
    lon: float
    lat: float
    count: int
    pilot: bool


def _counted(hubs: HubQuerySet) -> QuerySet[Any, Any]:
    return (
        hubs.order_by()
        .values_list("country")
        .annotate(
            hubs=Count("pk", filter=Q(is_pilot=False)),
            pilots=Count("pk", filter=Q(is_pilot=True)),
            one=Min("slug"),
        )
    )


_listed = Prepared(lambda: _counted(Hub.objects.filter(is_listed=True)))


def census(hubs: HubQuerySet | None = None) -> list[Place]:
    """How many of these hubs, or of all that are listed, each country has. One query, counted by
    the database."""
    rows = _listed().rows() if hubs is None else _counted(hubs)
    return [Place(code or "", count, pilots, slug) for code, count, pilots, slug in rows]


def points(places: Iterable[Place], list_url: str = "") -> list[Point]:
    """One dot per country; a country with a single hub leads straight to it.

    The others lead to the list at ``list_url``, narrowed to the country. Of very many countries
    the dots would hide each other: then one stands for each region, where most of its hubs are.
    """
    table = reference.countries()
    seen = [
        (place, country)
        for place in places
        if (country := table.get(place.country)) and country.latitude is not None
    ]
    list_url = list_url or reverse("hubs:hubs")
    if len(seen) > MOST_DOTS:
        return _of_regions(seen, list_url)
    return [
        _point(
            country.name,
            reverse("hubs:hub", args=[place.slug])
            if place.total == 1
            else narrowed(list_url, "country", country.pk),
            [place],
            country,
        )
        for place, country in seen
    ]


def _of_regions(seen: Iterable[tuple[Place, Country]], list_url: str) -> list[Point]:
    inside: dict[str, list[tuple[Place, Country]]] = {}
    for place, country in seen:
        region = country.subregion_id or country.region_id
        if region:
            inside.setdefault(region, []).append((place, country))
    return [
        _point(
            reference.region_name(region),
            narrowed(list_url, "region", region),
            [place for place, _country in members],
            max(members, key=lambda pair: (pair[0].total, pair[0].country))[1],
        )
        for region, members in inside.items()
    ]


def _point(label: str, url: str, places: Iterable[Place], at: Country) -> Point:
    counted = list(places)
    return Point(
        label=label,
        url=url,
        lon=at.longitude or 0,
        lat=at.latitude or 0,
        count=sum(place.hubs for place in counted),
        pilot=any(place.pilots for place in counted),
    )


def narrowed(list_url: str, group: str, value: str) -> str:
    """The list at this address with one more filter."""
    return f"{list_url}{'&' if '?' in list_url else '?'}{group}={value}#results"


def in_words(places: Iterable[Place]) -> str:
    """How many there are: "20 hubs and 4 pilots"."""
    counted = list(places)
    count = sum(place.hubs for place in counted)
    pilots = sum(place.pilots for place in counted)
    words = ngettext("%(n)s hub", "%(n)s hubs", count) % {"n": count}
    if not pilots:
        return words
    more = ngettext("%(n)s pilot", "%(n)s pilots", pilots) % {"n": pilots}
    return _("%(hubs)s and %(pilots)s") % {"hubs": words, "pilots": more}


def countries(places: Iterable[Place]) -> int:
    """In how many countries there is a hub."""
    return sum(1 for place in places if place.country and place.hubs)


def names_of(slugs: Collection[str]) -> dict[str, str]:
    """The short names of the listed ones among these hubs, by address, for lists that name many.

    Written out, since to put the statement together takes ten times as long as to run it.
    """
    if not slugs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT slug, acronym, name FROM hubs_hub"  # noqa: S608 (placeholders)
            f" WHERE is_listed AND slug IN ({', '.join(['%s'] * len(slugs))})",
            list(slugs),
        )
        return {slug: acronym or name for slug, acronym, name in cursor.fetchall()}
