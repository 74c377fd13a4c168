"""Lists of public records that are narrowed by facets: the question, its answer, its addresses.

An app says which groups of values its records have (a ``FacetFilter``) and what they are
called (a ``FacetedList``). Everything is asked in a fixed number of statements, whatever the
number of records, values or parameters: the values there are, the page of ids, the counts.
An empty answer costs a few more, to say what to drop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from heapq import nlargest
from typing import Any, ClassVar, NamedTuple

import django_filters as filters
from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import get_script_prefix, reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import search
from core.models import SearchDocument
from core.search.asking import LONGEST_QUERY
from core.text import fold

#: More alternatives of one group than this are not looked at.
MOST_VALUES = 50
LONGEST_VALUE = 100
#: Of long groups no more values than this are listed; the others are found by searching.
MOST_OPTIONS = 48
#: An answer with fewer hits than this offers the words that may have been meant.
FEW = 3
#: How many filters an empty answer tries without.
MOST_OFFERS = 4

#: What words come from that stay the same as long as this process runs.
FIXED = object()

Counts = Mapping[str, Mapping[str, int]]


# --- The question ----------------------------------------------------------------------------


def values_of(sent: Sequence[str]) -> list[str]:
    """Values of one group as sent: cut to size and without repetition, never refused. Which of
    them mean something is known only beside the list's own."""
    cut = (item.strip()[:LONGEST_VALUE] for item in sent[: 4 * MOST_VALUES])
    return list(dict.fromkeys(item for item in cut if item))[:MOST_VALUES]


class ValuesFilter(filters.Filter):
    """One group of facets."""


class FacetFilter(filters.FilterSet):
    """Everything a list can be asked for: ``q``, groups of values, ``sort``; a subclass
    declares them. The declaration order is the canonical one.

    ``known`` says which values of each group mean something; what else was sent is kept
    apart in ``unknown``, so that a page can say what it left out.
    """

    #: The order of a list without words. With words, the best match comes first.
    plain_sort: ClassVar[str]

    class Meta:
        model = SearchDocument
        fields: ClassVar[list[str]] = []

    def __init__(self, data: QueryDict, *, known: Mapping[str, Collection[str]]) -> None:
        # Read here and not by a form: to copy all filters and build one for each page takes longer
        # than to find the answer. Nothing can be wrong with them but what is said below.
        typed = str(data.get("q", "")).strip()
        self.query = search.SearchQuery.parse(typed)
        self.was_cut = len(" ".join(typed.split())) > LONGEST_QUERY
        asked = str(data.get("sort", ""))
        orders = [code for code, _label in self.base_filters["sort"].extra["choices"]]
        self.sort = asked if asked in orders else self.default_sort
        self.selected: dict[str, list[str]] = {}
        self.unknown: list[tuple[str, str]] = []
        for name in self.groups():
            values = values_of(data.getlist(name))
            mine = sorted(value for value in values if value in known[name])
            if mine:
                self.selected[name] = mine
            self.unknown += [(self.label(name), value) for value in values if value not in mine]
        if asked and asked not in orders:
            self.unknown.append((self.label("sort"), asked[:LONGEST_VALUE]))

    @classmethod
    def groups(cls) -> list[str]:
        """Names of the facet groups, in their canonical order."""
        return [name for name, one in cls.base_filters.items() if isinstance(one, ValuesFilter)]

    @classmethod
    def label(cls, name: str) -> str:
        return str(cls.base_filters[name].label)

    @property
    def sorts(self) -> tuple[tuple[str, str], ...]:
        """The orders that make sense: by match only where there are words."""
        offered = self.base_filters["sort"].extra["choices"]
        return tuple(
            (code, str(label))
            for code, label in offered
            if code != "relevance" or not self.query.blank
        )

    @property
    def default_sort(self) -> str:
        return self.plain_sort if self.query.blank else "relevance"

    def parameters(self, **changes: Sequence[str] | str | None) -> QueryDict:
        """The same question as parameters in their canonical order, with some changed."""
        given: dict[str, Any] = {
            "q": self.query.text,
            **self.selected,
            "sort": self.sort if self.sort != self.default_sort else "",
        } | changes
        query = QueryDict(mutable=True)
        for name in [*self.base_filters, "page"]:
            value = given.get(name)
            if isinstance(value, str) and value:
                query[name] = value
            elif value:
                query.setlist(name, list(value))
        return query

    def without(self, group: str, value: str | None = None) -> dict[str, list[str]]:
        """The selection without one value, or without a whole group."""
        left = [other for other in self.selected.get(group, []) if value and other != value]
        return {name: values for name, values in (self.selected | {group: left}).items() if values}


# --- What a page shows of it -----------------------------------------------------------------


class Option(NamedTuple):
    """One tick box."""

    value: str
    label: str
    #: How many records it would leave; nothing where that was not counted.
    count: int | None  # type: ignore[assignment]  # not the method of tuples
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
    note: str = ""
    #: How many values the whole list has, of which a question may leave fewer.
    offered: int = 0

    @property
    def most(self) -> int:
        """The largest count of a region, which all bars of the tree are drawn to."""
        return max((branch.region.count or 0 for branch in self.tree), default=0)

    @property
    def is_worth_showing(self) -> bool:
        """Whether there is a choice to make, or one to take back."""
        chosen = any(option.checked for option in self.options)
        return bool(self.tree) or (self.offered > 1 and bool(self.options)) or chosen


class Order(NamedTuple):
    """The values of a group with their words, in the order they are listed."""

    counted: Mapping[str, int]
    source: object
    rows: list[tuple[str, str]]
    offered: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter to drop, what that would give, and where."""

    label: str
    count: int
    url: str


class FacetedList(ABC):
    """The answer to the parameters of one address. A subclass says what it is a list of."""

    #: The kind of record in the search.
    kind: ClassVar[str]
    filter_class: ClassVar[type[FacetFilter]]
    #: Names of the addresses of the page, and of the table for a spreadsheet.
    url_name: ClassVar[str]
    csv_url_name: ClassVar[str]
    per_page: ClassVar[int]
    #: A group of which each record has exactly one value.
    one_each: ClassVar[str]
    #: Values that are listed even while no record has them, by group.
    always: ClassVar[Mapping[str, Collection[str]]] = {}

    def __init__(self, data: QueryDict) -> None:
        #: Every value some public record has, with how many have it.
        self.universe: Counts = self.count_values(search.SearchQuery(), {})
        self.filters = self.filter_class(self.asked(data), known=self.known())
        self.query = self.filters.query
        self.asked_page = page_number(data.get("page"))
        self.found = self.find(self.asked_page)
        if not self.found.ids and self.found.total and self.asked_page > 1:
            self.found = self.find(self.page.number)

    def asked(self, data: QueryDict) -> QueryDict:
        """The parameters as they are meant today."""
        return data

    @abstractmethod
    def known(self) -> dict[str, Collection[str]]:
        """The values of each group that mean something."""

    @abstractmethod
    def label_of(self, group: str, value: str) -> str:
        """A value in the words of the page."""

    def find(self, page: int) -> search.Found:
        """The ids of one page, and how many there are in all."""
        return search.find(
            self.kind,
            self.query,
            self.filters.selected,
            sort=self.filters.sort,
            page=page,
            per_page=self.per_page,
        )

    def count_values(
        self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]
    ) -> Counts:
        """How many records each value of each group would leave."""
        return search.facet_counts(self.kind, query, selected, self.filter_class.groups())

    def how_many(self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]) -> int:
        """How many records answer."""
        return search.find(self.kind, query, selected, per_page=1).total

    @property
    def total(self) -> int:
        return self.found.total

    @cached_property
    def everything(self) -> int:
        """How many records there are in all."""
        return sum(self.universe[self.one_each].values())

    @property
    def is_beyond(self) -> bool:
        """Whether a page was asked for that is beyond the last one, which is shown instead."""
        return self.asked_page > self.page.number

    @property
    def is_whole(self) -> bool:
        """Whether nothing was asked for but an order."""
        return self.query.blank and not self.filters.selected

    @cached_property
    def page(self) -> Page:
        """The page shown: a number beyond the last one gives the last."""
        return Paginator(range(self.total), self.per_page).get_page(self.asked_page)

    @cached_property
    def counts(self) -> Counts:
        if self.is_whole:
            return self.universe
        return self.count_values(self.query, self.filters.selected)

    # --- Ways to narrow -------------------------------------------------------------------

    def words_from(self, name: str) -> object | None:
        """What the words of a group are taken from. As long as it is the same object, and the
        counts of the whole list are the same, order and words are kept by this process. Nothing
        where words may change at any time."""
        return None

    def order(
        self,
        name: str,
        key: Callable[[str], Any] | None = None,
        label: Callable[[str], str] | None = None,
    ) -> Order:
        """The values listed: those some record has, in the order of ``key`` or, without one, by
        how common they are in the whole list, so that nothing moves about while somebody
        filters. No more than ``MOST_OPTIONS``."""
        counted, source = self.universe.get(name, {}), self.words_from(name)
        place = (type(self), name, get_language())
        if source is not None:
            kept = _orders.get(place)
            if kept and kept.source is source and _is_same(kept.counted, counted):
                return kept
        values = {*counted, *self.always.get(name, ())} if key else _most_common(counted)
        say = label or (lambda value: self.label_of(name, value))
        rows = [(value, say(value)) for value in values]
        if key:
            rows.sort(key=lambda row: key(row[0]))
        else:
            rows.sort(key=lambda row: (-counted.get(row[0], 0), fold(row[1])))
        offered = max(len(rows), len(counted))
        made = Order(counted, source, rows[:MOST_OPTIONS], offered)
        if source is not None:
            _orders[place] = made
        return made

    def group(
        self, name: str, key: Callable[[str], Any] | None = None, *, prefix: bool = False
    ) -> Group:
        """The values that answers have, and those chosen."""
        order, chosen = self.order(name, key), self.filters.selected.get(name, ())
        rows, always = order.rows, self.always.get(name, ())
        if chosen and (more := {*chosen} - {value for value, _label in rows}):
            rows = rows + self._placed(name, more, key)
        count_of = self.counter(name)
        options = [
            Option(value, f"{value}. {label}" if prefix else label, count, value in chosen)
            for value, label in rows
            if (count := count_of(value)) != 0 or value in chosen or value in always
        ]
        note = ""
        if order.offered > len(order.rows):
            note = _("The %(n)s most used. Search finds the others.") % {"n": MOST_OPTIONS}
        label = self.filter_class.label(name)
        return Group(name, label, options, note=note, offered=order.offered)

    def _placed(
        self, name: str, values: Iterable[str], key: Callable[[str], Any] | None
    ) -> list[tuple[str, str]]:
        """Values beyond those listed, in the same order among themselves."""
        rows = [(value, self.label_of(name, value)) for value in values]
        rows.sort(key=lambda row: (key(row[0]) if key else 0, fold(row[1])))
        return rows

    def option(self, name: str, value: str) -> Option:
        return Option(
            value=value,
            label=self.label_of(name, value),
            count=self.count_of(name, value),
            checked=value in self.filters.selected.get(name, ()),
        )

    def count_of(self, name: str, value: str) -> int | None:
        """How many records a value would leave; nothing where a list does not count that."""
        return self.counter(name)(value)

    def counter(self, name: str) -> Callable[[str], int | None]:
        """The same for all values of a group."""
        counted = self.counts.get(name)
        if counted is None:
            return lambda _value: None
        get = counted.get
        return lambda value: get(value, 0)

    # --- Addresses ------------------------------------------------------------------------

    def address(self, **changes: Any) -> str:
        """The list's address for the same question with some parameters changed."""
        return _to(self.url_name, self.filters.parameters(**changes))

    @cached_property
    def canonical(self) -> str:
        number = self.page.number
        return self.address(page=str(number) if number > 1 else None)

    @cached_property
    def clear_url(self) -> str:
        return self.address(**dict.fromkeys(self.filters.selected))

    @property
    def csv_url(self) -> str:
        return _to(self.csv_url_name, self.filters.parameters())

    @cached_property
    def chips(self) -> list[tuple[str, str, str]]:
        """Filters in force: group, value, and the address without it."""
        return [
            (
                self.filter_class.label(group),
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
            count = self.how_many(query, self.filters.without(name))
            if count:
                offers.append(Offer(self._in_words(name), count, self.address(**{name: None})))
        return sorted(offers, key=lambda offer: -offer.count)

    @cached_property
    def beginnings(self) -> list[Offer]:
        """Where dropping one filter does not help: each of them alone, to begin again with."""
        if self.total or self.offers:
            return []
        url = reverse(self.url_name)
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
        values = [self.query.text] if name == "q" else self.filters.selected[name]
        label = self.filter_class.label(name)
        return f"{label}: {', '.join(self.label_of(name, value) for value in values)}"


#: The order of each group of each list, in each language, as it was last worked out.
_orders: dict[tuple[type, str, str | None], Order] = {}


def _is_same(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether these are the same counts; large ones are compared only where that is quick."""
    return one is other or (type(one) is dict and type(other) is dict and one == other)


def _most_common(counted: Mapping[str, int]) -> list[str]:
    """The values that are listed if not all can be, with all those as common as the last."""
    if len(counted) <= MOST_OPTIONS:
        return list(counted)
    least = nlargest(MOST_OPTIONS, counted.values())[-1]
    return [value for value, number in counted.items() if number >= least]


def _to(name: str, query: QueryDict) -> str:
    path = _path(name, get_language(), get_script_prefix())
    return f"{path}?{query.urlencode()}" if query else path


@cache
def _path(name: str, language: str | None, home: str) -> str:
    return reverse(name)


def exactly(query: search.SearchQuery, corrected: Iterable[str]) -> str:
    """The same question with quotes around words that would be corrected otherwise."""
    corrected = set(corrected)
    return " ".join(
        f'"{part}"' if part.casefold() in corrected else part for part in query.text.split()
    )


def page_number(sent: str | None) -> int:
    """A number from what was sent; the first page for what is none, the last beyond it."""
    try:
        return min(max(int(str(sent)[:20]), 1), 10**9)
    except ValueError:
        return 1


def in_order_of(values: Iterable[str]) -> Callable[[str], int]:
    """A key that puts values into this order; others come after."""
    places = {str(value): place for place, value in enumerate(values)}
    return lambda value: places.get(value, len(places))
