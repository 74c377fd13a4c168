"""The catalogue as a list: which groups of facets it has, and what their values are called."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from catalogue import finding
from catalogue.cards import Card, cards_of, in_order
from catalogue.choices import Kind, Level, Stage
from catalogue.filters import SolutionFilter
from core.facets import (
    FEW,
    LONGEST_VALUE,
    MOST_VALUES,
    FacetedList,
    Group,
    exactly,
    in_order_of,
)
from core.marking import Marker
from hubs import reference
from hubs.models import Hub
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
ALWAYS_SHOWN = {str(level) for level in LEVELS[:5]}


class SolutionList(FacetedList):
    """The answer to the parameters of one address."""

    kind = finding.KIND
    filter_class = SolutionFilter
    url_name = "catalogue:solutions"
    csv_url_name = "catalogue:solutions-csv"
    per_page = PER_PAGE
    one_each = "label"

    @cached_property
    def hub_names(self) -> dict[str, str]:
        """Hubs of public records by address. One that is not listed is not named."""
        rows = Hub.objects.filter(slug__in={*self.universe["hub"]}, is_listed=True)
        return {hub.slug: hub.short for hub in rows.only("slug", "name", "acronym")}

    def asked(self, data: QueryDict) -> QueryDict:
        """The same question, where a hub that became part of another is asked for as that
        one. A query only if some address of a hub is not known."""
        sent = data.getlist("hub")[:MOST_VALUES]
        unknown = [slug[:LONGEST_VALUE] for slug in sent if slug not in self.hub_names]
        if not unknown:
            return data
        now = finding.standing(unknown)
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
        }

    @cached_property
    def cards(self) -> list[Card]:
        return cards_of(in_order(self.found.ids), mark=Marker(self.query).mark)

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
        ]
        return [group for group in made if group.is_worth_showing]

    def values(self, name: str) -> list[str]:
        values = {*super().values(name)}
        if name == "label":
            values |= ALWAYS_SHOWN
        if name == "hub":
            values &= {*self.hub_names}
        return list(values)

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
    def page_title(self) -> str:
        if self.query.blank:
            return _("Solutions")
        return _("“%(words)s”, solutions") % {"words": self.query.text}
