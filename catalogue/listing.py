"""The catalogue as a list: one question, its answer, and how to narrow or widen it.

Everything is asked in a fixed number of statements, whatever the number of records, values
or parameters: the values there are, the counts, the page of ids, the records, the hubs'
names. An empty answer costs a few more, to say what to drop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from catalogue import finding
from catalogue.cards import Card, cards_of, in_order
from catalogue.choices import Kind, Level, Stage
from catalogue.filters import SolutionFilter
from core import search
from core.marking import Marker
from core.text import fold
from hubs import reference
from hubs.models import Hub

if TYPE_CHECKING:
    from django.http import QueryDict

PER_PAGE = 20
#: Of long groups no more values than this are listed; the others are found by searching.
MOST_OPTIONS = 48
#: An answer with fewer hits than this offers the words that may have been meant.
FEW = 3
#: How many filters an empty answer tries without.
MOST_OFFERS = 4
#: Marks in the order of the list; the last three only where a record bears them.
LEVELS = (
    Level.ADOPTED, Level.VALIDATED, Level.PROMISING, Level.IN_REVIEW, Level.DOCUMENTED,
    Level.EXPIRED, Level.SUSPENDED, finding.EXAMPLE,
)  # fmt: skip
ALWAYS_SHOWN = {str(level) for level in LEVELS[:5]}

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Option:
    """One tick box."""

    value: str
    label: str
    count: int
    checked: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A region and the countries in it: those ticked stand open, the rest can be opened."""

    region: Option
    opened: list[Option]
    folded: list[Option]

    @property
    def region_alone(self) -> list[Option]:
        return [self.region]


@dataclass(frozen=True, slots=True)
class Group:
    """One group of facets; ``tree`` instead of ``options`` for regions and countries."""

    key: str
    name: str
    options: list[Option] = field(default_factory=list)
    tree: list[Branch] = field(default_factory=list)
    most: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter to drop, what that would give, and where."""

    label: str
    count: int
    url: str


class SolutionList:
    """The answer to the parameters of one address."""

    def __init__(self, data: QueryDict) -> None:
        blank = search.SearchQuery()
        #: Every value some public record has, with how many have it.
        self.universe: Counts = search.facet_counts(finding.KIND, blank, None, finding.GROUPS)
        self.hub_names = _hub_names({*self.universe["hub"]})
        self.filters = SolutionFilter(data, known=self._known())
        self.query = self.filters.query
        self.asked_page = _page_number(data.get("page"))
        self.found = self._find(self.asked_page)
        if not self.found.ids and self.found.total and self.asked_page > 1:
            self.found = self._find(self.page.number)

    def _find(self, page: int) -> search.Found:
        return search.find(
            finding.KIND,
            self.query,
            self.filters.selected,
            sort=self.filters.sort,
            page=page,
            per_page=PER_PAGE,
        )

    def _known(self) -> dict[str, Any]:
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

    # --- The answer -----------------------------------------------------------------------

    @property
    def total(self) -> int:
        return self.found.total

    @cached_property
    def everything(self) -> int:
        """How many records there are in all: each has exactly one mark."""
        return sum(self.universe["label"].values())

    @cached_property
    def page(self) -> Page:
        """The page shown: a number beyond the last one gives the last."""
        return Paginator(range(self.total), PER_PAGE).get_page(self.asked_page)

    @cached_property
    def cards(self) -> list[Card]:
        return cards_of(in_order(self.found.ids), mark=Marker(self.query).mark)

    @cached_property
    def counts(self) -> Counts:
        if self.query.blank and not self.filters.selected:
            return self.universe
        return search.facet_counts(finding.KIND, self.query, self.filters.selected, finding.GROUPS)

    # --- Ways to narrow -------------------------------------------------------------------

    @cached_property
    def groups(self) -> list[Group]:
        """The groups worth showing, in a readable order."""
        made = [
            self._group("label", key=_in_order_of(LEVELS)),
            self._group("sector"),
            self._places(),
            self._group("sdg", key=int, prefix=True),
            self._group("kind", key=_in_order_of(Kind)),
            self._group("stage", key=_in_order_of(Stage)),
            self._group("language"),
            self._group("hub"),
            self._group("tag"),
        ]
        return [
            group for group in made if group.tree or len(group.options) > 1 or self._is_used(group)
        ]

    def _is_used(self, group: Group) -> bool:
        return any(option.checked for option in group.options) or group.key == "label"

    def _group(
        self, name: str, key: Callable[[str], Any] | None = None, *, prefix: bool = False
    ) -> Group:
        values = self._values(name)
        if key is not None:
            values.sort(key=key)
        options = [self._option(name, value, prefix=prefix) for value in values]
        if key is None:
            # By how common a value is in the whole catalogue, so that nothing moves about
            # while somebody filters.
            common = self.universe[name]
            options.sort(key=lambda option: (-common.get(option.value, 0), fold(option.label)))
        note = ""
        if len(options) > MOST_OPTIONS:
            options = [o for i, o in enumerate(options) if i < MOST_OPTIONS or o.checked]
            note = _("The %(n)s most used. Search finds the others.") % {"n": MOST_OPTIONS}
        label = str(SolutionFilter.base_filters[name].label)
        return Group(name, label, options, note=note)

    def _values(self, name: str) -> list[str]:
        values = {*self.universe[name], *self.filters.selected.get(name, ())}
        if name == "label":
            values |= ALWAYS_SHOWN
        if name == "hub":
            values &= {*self.hub_names}  # a hub that is not listed is not named either
        return list(values)

    def _option(self, name: str, value: str, *, prefix: bool = False) -> Option:
        label = self.label_of(name, value)
        return Option(
            value=value,
            label=f"{value}. {label}" if prefix else label,
            count=self.counts[name].get(value, 0),
            checked=value in self.filters.selected.get(name, ()),
        )

    def _places(self) -> Group:
        """Continents, each with its countries; a smaller region only where it is chosen."""
        table, chosen = reference.countries(), self.filters.selected.get("region", ())
        continents = {row.region_id for row in table.values() if row.region_id}
        countries = [self._option("country", value) for value in self._values("country")]
        branches = []
        for code in sorted({*self._values("region")}, key=reference.region_name):
            if code not in continents and code not in chosen:
                continue
            inside = sorted(
                (o for o in countries if o.value in table and table[o.value].region_id == code),
                key=lambda option: fold(option.label),
            )
            branches.append(
                Branch(
                    self._option("region", code),
                    [option for option in inside if option.checked],
                    [option for option in inside if not option.checked],
                )
            )
        most = max((branch.region.count for branch in branches), default=0)
        return Group("place", _("Region and country"), tree=branches, most=most)

    def label_of(self, group: str, value: str) -> str:
        """A value in the words of the page."""
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

    # --- Addresses ------------------------------------------------------------------------

    def address(self, **changes: Any) -> str:
        """The list's address for the same question with some parameters changed."""
        query = self.filters.parameters(**changes).urlencode()
        return f"{reverse('catalogue:solutions')}{'?' if query else ''}{query}"

    @property
    def canonical(self) -> str:
        number = self.page.number
        return self.address(page=str(number) if number > 1 else None)

    @property
    def clear_url(self) -> str:
        return self.address(**dict.fromkeys(self.filters.selected))

    @property
    def csv_url(self) -> str:
        query = self.filters.parameters().urlencode()
        return f"{reverse('catalogue:solutions-csv')}{'?' if query else ''}{query}"

    @cached_property
    def chips(self) -> list[tuple[str, str, str]]:
        """Filters in force: group, value, and the address without it."""
        return [
            (
                str(SolutionFilter.base_filters[group].label),
                self.label_of(group, value),
                self.address(**{group: self.filters.without(group, value).get(group)}),
            )
            for group, values in self.filters.selected.items()
            for value in values
        ]

    # --- What was understood --------------------------------------------------------------

    @cached_property
    def corrected(self) -> list[tuple[str, str]]:
        """Words no record has, with those searched in addition."""
        return [(word, ", ".join(others)) for word, others in self.found.corrected.items()]

    @property
    def exactly_url(self) -> str:
        return self.address(q=exactly(self.query, self.found.corrected))

    @cached_property
    def meant(self) -> str:
        """The question as it may have been meant, where the answer is thin."""
        if self.query.blank or self.total >= FEW:
            return ""
        return search.did_you_mean(self.query) or ""

    @property
    def meant_url(self) -> str:
        return self.address(q=self.meant)

    @cached_property
    def offers(self) -> list[Offer]:
        """For an empty answer: what to drop, and how many records that gives, most first."""
        if self.total:
            return []
        offers = []
        tried = [*self.filters.selected, *([] if self.query.blank else ["q"])]
        for name in tried[:MOST_OFFERS]:
            query = search.SearchQuery() if name == "q" else self.query
            count = search.find(finding.KIND, query, self.filters.without(name), per_page=1).total
            if count:
                offers.append(Offer(self._in_words(name), count, self.address(**{name: None})))
        return sorted(offers, key=lambda offer: -offer.count)

    @cached_property
    def beginnings(self) -> list[Offer]:
        """Where dropping one filter does not help: each of them alone, to begin again with."""
        if self.total or self.offers:
            return []
        url = reverse("catalogue:solutions")
        begun = [
            Offer(
                self.label_of(group, value),
                self.universe[group].get(value, 0),
                f"{url}?{urlencode({group: value})}",
            )
            for group, values in self.filters.selected.items()
            for value in values[:MOST_OFFERS]
        ]
        return sorted((o for o in begun if o.count), key=lambda offer: -offer.count)

    def _in_words(self, name: str) -> str:
        label = SolutionFilter.base_filters[name].label
        values = [self.query.text] if name == "q" else self.filters.selected[name]
        return f"{label}: {', '.join(self.label_of(name, value) for value in values)}"


def exactly(query: search.SearchQuery, corrected: Iterable[str]) -> str:
    """The same question with quotes around words that would be corrected otherwise."""
    corrected = set(corrected)
    return " ".join(
        f'"{part}"' if part.casefold() in corrected else part for part in query.text.split()
    )


def _hub_names(slugs: set[str]) -> dict[str, str]:
    rows = Hub.objects.filter(slug__in=slugs, is_listed=True).only("slug", "name", "acronym")
    return {hub.slug: hub.short for hub in rows}


def _page_number(sent: str | None) -> int:
    """A number from what was sent; the first page for what is none, the last beyond it."""
    try:
        return min(max(int(str(sent)[:20]), 1), 10**9)
    except ValueError:
        return 1


def _in_order_of(values: Iterable[str]) -> Callable[[str], int]:
    places = {str(value): place for place, value in enumerate(values)}
    return lambda value: places.get(value, len(places))
