"""The catalogue as a list: which groups of facets it has, and what their values are called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue import finding
from catalogue.cards import Card, cards_in_order
from catalogue.choices import Kind, Level, Stage
from catalogue.filters import SolutionFilter
from core.facets import (
    FEW,
    FIXED,
    LONGEST_VALUE,
    MOST_VALUES,
    FacetedList,
    Group,
    Offer,
    Option,
    Order,
    exactly,
    in_order_of,
)
from core.marking import Marker
from core.text import fold
from hubs import reference
from hubs.directory import names_of
from hubs.places import places

if TYPE_CHECKING:
    from django.http import QueryDict

__all__ = ["FEW", "PER_PAGE", "SolutionList", "exactly"]

PER_PAGE = 20
#: Marks in the order of the list; the last three only where a record bears them.
LEVELS = (
    Level.ADOPTED, Level.VALIDATED, Level.PROMISING, Level.IN_REVIEW, Level.DOCUMENTED,
    Level.EXPIRED, Level.SUSPENDED, finding.EXAMPLE,
)  # fmt: skip
#: Groups that show where a choice was brought along, as from the statistics.
YEARS = ("year", "started")
#: Whoever has come to this page looks for something: to narrow the list leads there sooner.
DEEP = 50
#: So many values are offered to narrow it by.
MOST_WAYS = 6
ALWAYS_SHOWN = {str(level) for level in LEVELS[:5]}


class Narrower(NamedTuple):
    """The group that divides an answer best, and its most used values."""

    name: str
    offers: list[Offer]


class SolutionList(FacetedList):
    """The answer to the parameters of one address."""

    kind = finding.KIND
    filter_class = SolutionFilter
    url_name = "catalogue:solutions"
    csv_url_name = "catalogue:solutions-csv"
    per_page = PER_PAGE
    one_each = "label"
    always: ClassVar = {"label": ALWAYS_SHOWN}

    @cached_property
    def hub_names(self) -> dict[str, str]:
        """Hubs of public records by address: those with the most records, and those asked for.
        One that is not listed is not named."""
        return self._named([slug for slug, _slug in self.common_hubs.rows])

    def _named(self, slugs: Iterable[str]) -> dict[str, str]:
        wanted = {slug for slug in slugs if slug in self.universe["hub"]}
        return names_of(wanted)

    @property
    def common_hubs(self) -> Order:
        """The hubs with the most records, listed or not."""
        return super().order("hub", label=str)

    def asked(self, data: QueryDict) -> QueryDict:
        """The same question, where a hub that became part of another is asked for as that
        one. A query or two only if some address of a hub is not known."""
        sent = [slug[:LONGEST_VALUE] for slug in data.getlist("hub")[:MOST_VALUES]]
        unknown = {*sent} - self.hub_names.keys()
        if not unknown:
            return data
        now = finding.standing(unknown)
        self.hub_names.update(self._named(now.values()))
        changed = data.copy()
        changed.setlist("hub", [now.get(slug, slug) for slug in sent])
        return changed

    def known(self) -> dict[str, Collection[str]]:
        return {
            "label": {*Level.values, finding.EXAMPLE},
            "sector": reference.sectors(),
            "region": reference.regions(),
            "country": reference.countries(),
            "sdg": {str(number) for number in reference.goals()},
            "kind": set(Kind.values),
            "stage": set(Stage.values),
            "language": reference.languages(),
            "hub": self.hub_names,
            "tag": self.universe["tag"],
            "year": self.universe["year"],
            "started": self.universe["started"],
        }

    @cached_property
    def cards(self) -> list[Card]:
        mark = str if self.query.blank else Marker(self.query).mark
        return cards_in_order(self.found.ids, mark=mark)

    @cached_property
    def groups(self) -> list[Group]:
        """The groups worth showing, in a readable order."""
        made = [
            self.group("label", key=in_order_of(LEVELS)),
            self.group("sector"),
            places(self),
            self.group("sdg", key=int, prefix=True),
            self.group("kind", key=in_order_of(Kind)),
            self.group("stage", key=in_order_of(Stage)),
            self.group("language"),
            self.group("hub"),
            self.group("tag"),
            *(self.group(name, key=int) for name in YEARS if name in self.filters.selected),
        ]
        return [group for group in made if group.is_worth_showing]

    @cached_property
    def narrower(self) -> Narrower | None:
        """Far down a long list, a way to shorten it; nothing before, or if nothing divides it.

        A value that half of the records have tells most, one that all have tells nothing. What is
        chosen in a group already is left alone: more of its values would make the list longer.
        """
        if self.page.number < DEEP:
            return None
        chosen = self.filters.selected.keys()
        free = [
            group
            for group in self.groups
            if not chosen & ({"region", "country"} if group.tree else {group.key})
        ]
        best = max(free, key=lambda group: self._divides(self._most_used(group)), default=None)
        if best is None or not self._divides(self._most_used(best)):
            return None
        parameter = "region" if best.tree else best.key
        offers = [
            Offer(option.label, option.count or 0, self.address(**{parameter: [option.value]}))
            for option in self._most_used(best)
            if option.count
        ]
        return Narrower(best.name, offers)

    @staticmethod
    def _most_used(group: Group) -> list[Option]:
        options = [branch.region for branch in group.tree] or group.options
        return sorted(options, key=lambda option: -(option.count or 0))[:MOST_WAYS]

    def _divides(self, options: Iterable[Option]) -> float:
        parts = [(option.count or 0) / self.total for option in options]
        return sum(part * (1 - part) for part in parts)

    def words_from(self, name: str) -> object | None:
        match name:
            case "sector":
                return reference.sectors()
            case "sdg":
                return reference.goals()
            case "language":
                return reference.languages()
        return FIXED

    def order(
        self,
        name: str,
        key: Callable[[str], Any] | None = None,
        label: Callable[[str], str] | None = None,
    ) -> Order:
        if name != "hub":
            return super().order(name, key, label)
        order, names = self.common_hubs, self.hub_names
        rows = [(slug, names[slug]) for slug, _slug in order.rows if slug in names]
        rows.sort(key=lambda row: (-order.counted[row[0]], fold(row[1])))
        offered = len(rows) if order.offered == len(order.rows) else order.offered
        return order._replace(rows=rows, offered=offered)

    def label_of(self, group: str, value: str) -> str:
        match group:
            case "sector":
                return reference.sector_name(value)
            case "country":
                return reference.country_name(value)
            case "region":
                return reference.region_name(value)
            case "sdg":
                return reference.goal_name(value)
            case "label":
                return _("Example") if value == finding.EXAMPLE else str(Level(value).label)
            case "kind":
                return str(Kind(value).label)
            case "stage":
                return str(Stage(value).label)
            case "language":
                return reference.language_name(value)
            case "hub":
                return self.hub_names.get(value, value)
        return value

    @property
    def figures_url(self) -> str:
        """The same question as figures. The page stands above the apps, so it is known by name."""
        query = self.filters.parameters(sort=None)
        return f"{reverse('statistics:overview')}{'?' if query else ''}{query.urlencode()}"

    @property
    def page_title(self) -> str:
        if self.query.blank:
            return _("Solutions")
        return _("“%(words)s”, solutions") % {"words": self.query.text}
