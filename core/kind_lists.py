"""The page of one kind in the search over everything: a list that its facets narrow."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from core import search
from core.facets import FacetedList, FacetFilter, Group, Offer, ValuesFilter
from core.findable import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

PER_PAGE = 20


class KindFilter(FacetFilter):
    """What the page of a kind can be asked for. ``kind_list`` adds its groups."""

    plain_sort = "newest"
    #: Says which kind it is, in every address.
    code: ClassVar[str]

    def parameters(self, **changes: Sequence[str] | str | None) -> QueryDict:
        query = super().parameters(**changes)
        query["kind"] = self.code
        return query


class KindList(FacetedList):
    """The answer to one address about one kind. Everybody is shown the same."""

    #: Which kind it is; a class of it knows it.
    about: ClassVar[Kind]
    url_name = "search"
    csv_url_name = ""
    per_page = PER_PAGE
    one_each = ""

    def known(self) -> dict[str, Collection[str]]:
        """The values there are."""
        return {name: self.universe[name] for name in self.filter_class.groups()}

    def label_of(self, group: str, value: str) -> str:
        facets = {facet.name: facet for facet in self.about.facets}
        return facets[group].named(value) if group in facets else value

    @cached_property
    def everything(self) -> int:
        return self.how_many(search.SearchQuery(), {})

    @property
    def beginnings(self) -> list[Offer]:
        """What to drop says enough."""
        return []

    @cached_property
    def groups(self) -> list[Group]:
        made = [self.group(facet.name, facet.order) for facet in self.about.facets]
        return [group for group in made if group.is_worth_showing]


@cache
def kind_list(code: str) -> type[KindList]:
    """The list of a kind that is registered."""
    about = KINDS[code]
    declared: dict[str, Any] = {
        "__module__": __name__,
        "code": code,
        "q": filters.CharFilter(label=_("Words")),
    }
    for facet in about.facets:
        # The kind of record has the word already.
        declared[facet.name] = ValuesFilter(label=facet.label)
    declared["sort"] = filters.ChoiceFilter(
        label=_("Sort by"),
        choices=[
            ("relevance", _("Best match")),
            ("newest", _("Newest first")),
            ("title", _("Title")),
        ],
    )
    filter_class = type(f"{code.title()}Filter", (KindFilter,), declared)
    return type(
        f"{code.title()}List",
        (KindList,),
        {"__module__": __name__, "about": about, "kind": code, "filter_class": filter_class},
    )
