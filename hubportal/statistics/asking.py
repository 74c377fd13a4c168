"""What is asked for: the catalogue's own parameters, counted and not listed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.listing import SolutionList
from core import search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Of the catalogue's groups, those by which hubs are filed, too.
OF_HUBS = ("sector", "region", "country")

#: Stands for a value yet to come: a character that no question keeps and no value has.
HERE = "\ue000"


class Question(SolutionList):
    """The catalogue's answer to these parameters as counts alone: no record is read.

    Counts follow the rule of the list: a group is counted as if nothing were chosen in it, so that
    what was not chosen can be compared; the choices in all other groups hold.
    """

    def __init__(self, data: QueryDict, here: str, also: Mapping[str, str] | None = None) -> None:
        #: The address of the page that asks, and its parameters that are no filters.
        self.here, self.also = here, also or {}
        super().__init__(data)

    def find(self, page: int) -> search.Found:
        """How many records answer. Each has one mark, so the counts of marks tell."""
        marks = self.counts[self.one_each]
        chosen = self.filters.selected.get(self.one_each)
        total = sum(marks.get(mark, 0) for mark in chosen or marks)
        understood = self.query.understood
        return search.Found(total, (), understood.corrected if understood else {})

    @cached_property
    def chosen_of_hubs(self) -> dict[str, list[str]]:
        """The choices that hubs can be narrowed by as well."""
        chosen = self.filters.selected
        return {name: chosen[name] for name in OF_HUBS if name in chosen}

    @property
    def not_of_hubs(self) -> str:
        """The names of the filters in force that say nothing about a hub."""
        names = [self.filters.label(name) for name in self.filters.selected if name not in OF_HUBS]
        return ", ".join([*names, *([] if self.query.blank else [self.filters.label("q")])])

    # --- Addresses ------------------------------------------------------------------------

    def parameters(self, **changes: Any) -> QueryDict:
        """The filters and what else this page was asked for, without order and page."""
        query = self.filters.parameters(**(changes | {"sort": None, "page": None}))
        for name, value in self.also.items():
            query[name] = value
        return query

    def address(self, **changes: Any) -> str:
        return with_parameters(self.here, self.parameters(**changes))

    @property
    def without_words(self) -> str:
        return self.address(q=None)

    @property
    def canonical(self) -> str:
        return self.address()

    def at(self, name: str, *args: str) -> str:
        """Another page of the statistics under the same filters."""
        return with_parameters(reverse(f"statistics:{name}", args=args), self.parameters())

    def list_url(self, **changes: Sequence[str]) -> str:
        """The catalogue's list under the same filters, some of them changed."""
        query = self.filters.parameters(**(changes | {"sort": None, "page": None}))
        return with_parameters(reverse("catalogue:solutions"), query)

    def value_url(self, group: str, value: str) -> str:
        """The same where one value stands in place of any other of its group. Pages hold hundreds
        of these, so the rest of the address is put together once for each group."""
        if group not in self._around:
            before, _here, after = self.list_url(**{group: [HERE]}).rpartition(quote(HERE))
            self._around[group] = before, after
        before, after = self._around[group]
        return f"{before}{quote(value, safe='')}{after}"

    @cached_property
    def _around(self) -> dict[str, tuple[str, str]]:
        """What stands before and after the value in these addresses, by group."""
        return {}

    @property
    def page_title(self) -> str:
        return _("Statistics")


def with_parameters(url: str, query: QueryDict) -> str:
    return f"{url}{'?' if query else ''}{query.urlencode()}"
