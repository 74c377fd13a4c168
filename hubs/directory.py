"""The directory seen as a whole: hubs on the map, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hubs import reference

if TYPE_CHECKING:
    from hubs.models import Hub


@dataclass(slots=True)
class Point:
    """The hubs of one country, as one dot."""

    label: str
    url: str
    lon: float
    lat: float
    count: int = 0
    pilot: bool = False


def points(hubs: Iterable[Hub]) -> list[Point]:
    """One dot per country; a country with a single hub leads straight to it."""
    table = reference.countries()
    by_country: dict[str, list[Hub]] = {}
    for hub in hubs:
        if hub.country_id in table:
            by_country.setdefault(hub.country_id, []).append(hub)
    found = []
    for code, members in by_country.items():
        country = table[code]
        if country.latitude is None or country.longitude is None:
            continue
        alone = members[0] if len(members) == 1 else None
        url = alone.get_absolute_url() if alone else f"{reverse('hubs:hubs')}?country={code}#list"
        pilots = sum(hub.is_pilot for hub in members)
        found.append(
            Point(
                label=country.name,
                url=url,
                lon=country.longitude,
                lat=country.latitude,
                count=len(members) - pilots,
                pilot=pilots > 0,
            )
        )
    return found


def kinds(hubs: Iterable[Hub]) -> Counter[str]:
    return Counter(hub.kind for hub in hubs)


def in_words(hubs: Iterable[Hub]) -> str:
    """How many there are: "20 hubs and 4 pilots". A pilot is no hub yet."""
    members = list(hubs)
    pilots = sum(hub.is_pilot for hub in members)
    count = len(members) - pilots
    words = ngettext("%(n)s hub", "%(n)s hubs", count) % {"n": count}
    if not pilots:
        return words
    more = ngettext("%(n)s pilot", "%(n)s pilots", pilots) % {"n": pilots}
    return _("%(hubs)s and %(pilots)s") % {"hubs": words, "pilots": more}


def countries(hubs: Iterable[Hub]) -> int:
    """In how many countries there is a hub."""
    return len({hub.country_id for hub in hubs if hub.country_id and not hub.is_pilot})
