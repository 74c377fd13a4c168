"""The hub directory as a list: its facets, its orders, its map.

Asked in a fixed number of statements, whatever the number of hubs: the values there are and
the counts, what answers, one line per country, and the hubs of the page with their sectors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import F, Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import search
from core.facets import FIXED, FacetedList, Group
from core.text import fold
from hubs import choices as c
from hubs import directory, finding, reference
from hubs.filters import HubFilter
from hubs.models import Hub
from hubs.places import places

if TYPE_CHECKING:
    from django.http import QueryDict
    from django_stubs_ext import StrOrPromise

    from hubs.models import HubQuerySet

PER_PAGE = 50
#: More hubs than any directory has; a limit so that a query cannot ask for everything.
MOST_HITS = 10_000
#: As many hubs of no single country are named beside the map.
MOST_NAMED = 12
STAGES: dict[str, StrOrPromise] = {
    "hub": gettext_lazy("Knowledge hub"),
    "pilot": gettext_lazy("Pilot, no hub yet"),
}


class HubDirectory(FacetedList):
    """The answer to the parameters of one address, for one reader."""

    kind = finding.KIND
    filter_class = HubFilter
    url_name = "hubs:hubs"
    csv_url_name = "hubs:hubs-csv"
    per_page = PER_PAGE
    one_each = "kind"

    def __init__(self, data: QueryDict, user: Any) -> None:
        self.user = user
        super().__init__(data)

    def known(self) -> dict[str, Collection[str]]:
        return {
            "kind": Hub.Kind.values,
            "sector": reference.sectors(),
            "region": reference.regions(),
            "country": reference.countries(),
            "model": c.OrganisationalModel.values,
            "function": c.Function.values,
            "modality": c.Modality.values,
            "language": reference.languages(),
            "stage": STAGES,
        }

    # --- The answer -----------------------------------------------------------------------

    @property
    def plain_order(self) -> str:
        """How the search sorts what answers: best first where there are words, else by name."""
        return "title" if self.query.blank else "relevance"

    @cached_property
    def answering(self) -> search.Found:
        """All that answers, in its plain order."""
        return self._answering_by(self.plain_order)

    def _answering_by(self, sort: str) -> search.Found:
        return search.find(
            self.kind, self.query, self.filters.selected, sort=sort, per_page=MOST_HITS
        )

    @cached_property
    def matching(self) -> HubQuerySet:
        """The hubs that answer, in no order. All of them need no list of keys."""
        listed = Hub.objects.filter(is_listed=True, merged_into=None)
        if self.is_whole:
            return listed
        return listed.filter(pk__in=[int(key) for key in self.answering.ids])

    def find(self, page: int) -> search.Found:
        """By what only the hubs know they are sorted here; all else is the search's matter."""
        sort, start, stop = self.filters.sort, (page - 1) * PER_PAGE, page * PER_PAGE
        if sort in search.SORTS and (self.is_whole or sort != self.plain_order):
            return super().find(page)
        total = self.everything if self.is_whole else self.answering.total
        corrected = {} if self.is_whole else self.answering.corrected
        if sort in search.SORTS:
            ids = self.answering.ids[start:stop]
        else:
            ids = tuple(map(str, self._sorted(start, stop)))
        return search.Found(total, ids, corrected)

    def _sorted(self, start: int, stop: int) -> list[int]:
        """The keys of one page, in the order asked for; by name among equals."""
        if self.filters.sort == "country":
            return self._by_country(start, stop)
        first = {
            "oldest": F("founded").asc(nulls_last=True),
            "youngest": F("founded").desc(nulls_last=True),
            "confirmed": F("confirmed_at").desc(nulls_last=True),
        }[self.filters.sort]
        rows = self.matching.order_by(first, "name", "pk")
        return list(rows.values_list("pk", flat=True)[start:stop])

    def _by_country(self, start: int, stop: int) -> list[int]:
        """By the names of countries in the page's language, which the database does not know.

        How many each country has is known from the census, so only those of the page are read.
        """
        wanted, skipped, passed = [], 0, 0
        for place in sorted(self.census, key=_place_order):
            if passed + place.total <= start:
                skipped = passed = passed + place.total
            elif passed < stop:
                wanted.append(place.country)
                passed += place.total
        order = {code: position for position, code in enumerate(wanted)}
        within = Q(country__in=[code for code in wanted if code])
        rows = self.matching.filter(within | Q(country=None) if "" in wanted else within)
        keys = sorted(
            rows.values_list("pk", "country", "name"),
            key=lambda row: (order[row[1] or ""], fold(row[2]), row[0]),
        )
        return [key for key, _country, _name in keys[start - skipped : stop - skipped]]

    @cached_property
    def rows(self) -> list[tuple[Hub, str]]:
        """Each hub of the page, with its sectors and the name of its place."""
        hubs = Hub.objects.filter(pk__in=self.found.ids).prefetch_related("sectors")
        found = {str(hub.pk): hub for hub in hubs}
        return [(found[key], place_of(found[key])) for key in self.found.ids if key in found]

    @cached_property
    def unlisted(self) -> list[Hub]:
        """Hubs not listed yet, for their people and portal moderators, before anything is
        asked: the search holds what is public."""
        if not self.is_whole or not self.user.is_authenticated:
            return []
        rows = Hub.objects.visible_to(self.user).filter(is_listed=False)
        return list(rows.order_by("name", "pk")[:PER_PAGE])

    @property
    def page_title(self) -> str:
        if self.query.blank:
            return _("Hubs")
        return _("“%(words)s”, hubs") % {"words": self.query.text}

    def everybody(self, *fetched: str | Prefetch[Any], at_once: int = 200) -> Iterator[Hub]:
        """Every hub that answers, in the order of the list, with what is to be fetched."""
        if self.filters.sort in search.SORTS:
            keys = [int(key) for key in self._answering_by(self.filters.sort).ids]
        else:
            keys = self._sorted(0, MOST_HITS)
        rows = Hub.objects.prefetch_related(*fetched)
        for start in range(0, len(keys), at_once):
            found = rows.in_bulk(keys[start : start + at_once])
            yield from (found[key] for key in keys[start : start + at_once] if key in found)

    # --- The map --------------------------------------------------------------------------

    @cached_property
    def census(self) -> list[directory.Place]:
        """How many there are in each country, under the same filters."""
        return directory.census(self.matching)

    @property
    def in_words(self) -> str:
        return directory.in_words(self.census)

    @cached_property
    def points(self) -> list[directory.Point]:
        """Dots that narrow the list to where they stand."""
        return directory.points(self.census, self.address(country=None))

    @property
    def elsewhere(self) -> int:
        """How many belong to no single country, and so to no dot."""
        return sum(place.total for place in self.census if not place.country)

    @cached_property
    def named_elsewhere(self) -> list[Hub]:
        """The first of these, by name."""
        if not self.elsewhere:
            return []
        rows = self.matching.filter(country=None).only("slug", "name", "acronym")
        return list(rows.order_by("name", "pk")[:MOST_NAMED])

    @property
    def more_elsewhere(self) -> int:
        return self.elsewhere - len(self.named_elsewhere)

    # --- Ways to narrow -------------------------------------------------------------------

    @cached_property
    def groups(self) -> list[Group]:
        """The groups worth showing; kinds have their tabs."""
        made = [
            self.group("sector"),
            places(self),
            self.group("model"),
            self.group("function"),
            self.group("modality"),
            self.group("language"),
            self.group("stage"),
        ]
        return [group for group in made if group.is_worth_showing]

    def words_from(self, name: str) -> object | None:
        match name:
            case "sector":
                return reference.sectors()
            case "language":
                return reference.languages()
        return FIXED

    def label_of(self, group: str, value: str) -> str:
        match group:
            case "kind":
                return str(Hub.Kind(value).label)
            case "sector":
                return reference.sector_name(value)
            case "region":
                return reference.region_name(value)
            case "country":
                return reference.country_name(value)
            case "model":
                return str(c.OrganisationalModel(value).label)
            case "function":
                return str(c.Function(value).label)
            case "modality":
                return str(c.Modality(value).label)
            case "language":
                return reference.language_name(value)
        return str(STAGES.get(value, value))

    @cached_property
    def tabs(self) -> list[tuple[StrOrPromise, str, bool, int]]:
        """Kinds with their counts under the other filters: each hub is of one kind."""
        chosen, counts = self.filters.selected.get("kind", []), self.counts["kind"]
        tabs: list[tuple[StrOrPromise, str, bool, int]] = [
            (_("All"), self.address(kind=None), not chosen, sum(counts.values()))
        ]
        return tabs + [
            (label, self.address(kind=[code]), chosen == [code], counts.get(code, 0))
            for code, label in Hub.Kind.choices
            if code in self.universe["kind"] or code in chosen
        ]


def place_of(hub: Hub) -> str:
    """The hub's country, or the region of one across countries, in the page's language."""
    if hub.country_id:
        return reference.country_name(hub.country_id)
    return reference.region_name(hub.region_id) if hub.region_id else ""


def _place_order(place: directory.Place) -> tuple[bool, str, str]:
    """Countries by their names in the page's language; hubs of no single one come last."""
    return (not place.country, fold(reference.country_name(place.country)), place.country)
