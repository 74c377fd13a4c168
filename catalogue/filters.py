"""The parameters of the catalogue's list: names, values, and what to say about unknown ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.models import SearchDocument
from core.search import SearchQuery
from core.search.asking import LONGEST_QUERY

#: More alternatives of one group than this are not looked at.
MOST_VALUES = 50
LONGEST_VALUE = 100


class Values(forms.MultipleChoiceField):
    """Values of one group as sent: cut to size and without repetition, never refused."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["choices"] = ()
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> list[str]:
        sent = (str(item).strip()[:LONGEST_VALUE] for item in list(value or ())[: 4 * MOST_VALUES])
        return list(dict.fromkeys(item for item in sent if item))[:MOST_VALUES]

    def validate(self, value: Any) -> None:
        """Which values mean something is known only beside the catalogue's own."""


class ValuesFilter(filters.Filter):
    """One group of facets."""

    field_class = Values


class SolutionFilter(filters.FilterSet):
    """Everything the list can be asked for. The declaration order is the canonical one.

    ``known`` says which values of each group mean something; what else was sent is kept
    apart in ``unknown``, so that a page can say what it left out.
    """

    q = filters.CharFilter(label=_("Words"))
    label = ValuesFilter(label=_("Mark"))
    sector = ValuesFilter(label=_("Sector"))
    region = ValuesFilter(label=_("Region"))
    country = ValuesFilter(label=_("Country"))
    sdg = ValuesFilter(label=_("Goal"))
    kind = ValuesFilter(label=_("Kind"))
    stage = ValuesFilter(label=_("Stage"))
    language = ValuesFilter(label=_("Language"))
    hub = ValuesFilter(label=_("Hub"))
    tag = ValuesFilter(label=_("Tag"))
    sort = filters.ChoiceFilter(
        label=_("Sort by"),
        choices=[
            ("relevance", _("Best match")),
            ("label", _("Most thoroughly checked")),
            ("newest", _("Newest")),
            ("title", _("Title")),
        ],
    )

    class Meta:
        model = SearchDocument
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, known: Mapping[str, Collection[str]]) -> None:
        super().__init__(data, queryset=SearchDocument.objects.none())
        self.errors  # noqa: B018 (validates, and leaves in cleaned_data what is usable)
        cleaned = self.form.cleaned_data
        self.query = SearchQuery.parse(cleaned.get("q") or "")
        self.was_cut = len(" ".join((cleaned.get("q") or "").split())) > LONGEST_QUERY
        self.sort = cleaned.get("sort") or ("relevance" if not self.query.blank else "label")
        self.selected: dict[str, list[str]] = {}
        self.unknown: list[tuple[str, str]] = []
        for name in groups():
            values = cleaned.get(name) or []
            mine = sorted(value for value in values if value in known[name])
            if mine:
                self.selected[name] = mine
            label = str(self.filters[name].label)
            self.unknown += [(label, value) for value in values if value not in known[name]]
        if "sort" in self.errors:
            sent = str(data.get("sort", ""))[:LONGEST_VALUE]
            self.unknown.append((str(self.filters["sort"].label), sent))

    @property
    def sorts(self) -> list[tuple[str, str]]:
        """The orders that make sense: by match only where there are words."""
        offered = self.filters["sort"].extra["choices"]
        return [
            (code, str(label))
            for code, label in offered
            if code != "relevance" or not self.query.blank
        ]

    @property
    def default_sort(self) -> str:
        return "label" if self.query.blank else "relevance"

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


def groups() -> list[str]:
    """Names of the facet groups, in their canonical order."""
    return [
        name for name, one in SolutionFilter.base_filters.items() if isinstance(one, ValuesFilter)
    ]
