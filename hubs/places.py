"""Regions and countries as one group of facets, for any list whose records lie somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.facets import Branch, Group, Option
from core.text import fold
from hubs import reference

if TYPE_CHECKING:
    from core.facets import FacetedList


class Continent(NamedTuple):
    """A continent and its countries by name, in one language."""

    code: str
    name: str
    countries: list[tuple[str, str]]


#: For each language, the tables the names were taken from and what was made of them.
_worlds: dict[str | None, tuple[object, object, list[Continent]]] = {}


def world() -> list[Continent]:
    """All continents by name in the language of the page, each with its countries by name."""
    countries, regions = reference.countries(), reference.regions()
    kept = _worlds.get(get_language())
    if kept and kept[0] is countries and kept[1] is regions:
        return kept[2]
    inside: dict[str, list[tuple[str, str]]] = {}
    for code, row in countries.items():
        if row.region_id:
            inside.setdefault(row.region_id, []).append((code, reference.country_name(code)))
    made = [
        Continent(code, name, sorted(inside[code], key=lambda row: fold(row[1])))
        for name, code in sorted((reference.region_name(code), code) for code in inside)
    ]
    _worlds[get_language()] = countries, regions, made
    return made


def places(answer: FacetedList) -> Group:
    """Continents, each with its countries; a smaller region only where it is chosen."""
    selected = answer.filters.selected
    regions, countries = selected.get("region", ()), selected.get("country", ())
    count_of, in_region = answer.counter("country"), answer.counter("region")
    branches = []
    for code, name, inside in world():
        opened, folded = [], []
        for country, label in inside:
            count = count_of(country)
            if country in countries:
                opened.append(Option(country, label, count, True))
            elif count != 0:
                folded.append(Option(country, label, count, False))
        region = Option(code, name, in_region(code), code in regions)
        if region.count != 0 or region.checked or opened or folded:
            branches.append(Branch(region, opened, folded))
    continents = {continent.code for continent in world()}
    if smaller := [code for code in regions if code not in continents]:
        branches += [Branch(answer.option("region", code), [], []) for code in smaller]
        branches.sort(key=lambda branch: branch.region.label)
    return Group("place", _("Region and country"), tree=branches)
