"""The parameters of the hub directory: what they are called and which values they know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from core import search
from hubs import finding, reference
from hubs.models import Hub

if TYPE_CHECKING:
    from django.db.models import QuerySet

LONGEST_TEXT = 200
#: More hubs than any directory has; a limit so that a query cannot ask for everything.
MOST_HITS = 500


def sector_choices() -> list[tuple[str, str]]:
    return [(code, row.name) for code, row in reference.sectors().items()]


def country_choices() -> list[tuple[str, str]]:
    return sorted(
        ((code, row.name) for code, row in reference.countries().items()),
        key=lambda pair: pair[1],
    )


class HubFilter(filters.FilterSet):
    """Kind, sector, country and text. A value it does not know is left out, and named."""

    q = filters.CharFilter(method="found", label=_("Name or text"))
    kind = filters.ChoiceFilter(choices=Hub.Kind, label=_("Kind"), empty_label=_("All"))
    sector = filters.ChoiceFilter(
        field_name="sectors", choices=sector_choices, label=_("Sector"), empty_label=_("All")
    )
    country = filters.ChoiceFilter(
        field_name="country_id", choices=country_choices, label=_("Country"), empty_label=_("All")
    )

    class Meta:
        model = Hub
        fields: list[str] = []

    def found(self, queryset: QuerySet[Hub], name: str, value: str) -> QuerySet[Hub]:
        """Hubs whose entry in the search matches, in the order of the directory."""
        found = search.find(finding.KIND, search.SearchQuery.parse(value), per_page=MOST_HITS)
        return queryset.filter(pk__in=[int(key) for key in found.ids])

    def without(self, name: str) -> QuerySet[Hub]:
        """Hubs that fit every parameter but one, whose own options are to be counted."""
        queryset = self.queryset.all()
        for other, value in self.chosen.items():
            if other != name:
                queryset = self.filters[other].filter(queryset, value)
        return queryset.distinct()

    @property
    def unknown(self) -> dict[str, str]:
        """Parameters whose value means nothing here, by label."""
        return {
            str(self.filters[name].label): str(self.data.get(name, ""))[:LONGEST_TEXT]
            for name in self.errors
        }

    @property
    def chosen(self) -> dict[str, Any]:
        """Parameters in force, by name."""
        self.errors  # noqa: B018 (validates, and leaves in cleaned_data what is known)
        return {name: value for name, value in self.form.cleaned_data.items() if value}
