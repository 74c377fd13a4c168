"""The library as a list: its facets and orders. A fixed number of statements, however many
entries there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import django_filters as filters
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.choices import PublicationKind
from community.library import citing, listing
from community.models import LibraryItem
from core import search
from core.facets import FacetedList, FacetFilter, Group, ValuesFilter
from hubs import reference

if TYPE_CHECKING:
    from django.db.models import QuerySet

PER_PAGE = 25
#: More than this nobody exports at once.
MOST_EXPORTED = 10_000


class LibraryFilter(FacetFilter):
    """Everything the library can be asked for. The declaration order is the canonical one."""

    plain_sort = "newest"

    q = filters.CharFilter(label=gettext_lazy("Words"))
    kind = ValuesFilter(label=gettext_lazy("Kind"))
    cited = ValuesFilter(label=gettext_lazy("Cited by"))
    year = ValuesFilter(label=gettext_lazy("Year"))
    language = ValuesFilter(label=gettext_lazy("Language"))
    tag = ValuesFilter(label=gettext_lazy("Tag"))
    sort = filters.ChoiceFilter(
        label=gettext_lazy("Sort by"),
        choices=[
            ("relevance", gettext_lazy("Best match")),
            ("newest", gettext_lazy("Newest first")),
            ("title", gettext_lazy("Title")),
        ],
    )


class LibraryList(FacetedList):
    """The answer to the parameters of one address."""

    kind = listing.KIND
    filter_class = LibraryFilter
    url_name = "community:library"
    csv_url_name = "community:library-export"
    per_page = PER_PAGE
    one_each = "kind"

    def known(self) -> dict[str, Collection[str]]:
        return {
            "kind": PublicationKind.values,
            "cited": citing.KINDS,
            "year": self.universe["year"],
            "language": {*self.universe["language"], *reference.languages()},
            "tag": self.universe["tag"],
        }

    def label_of(self, group: str, value: str) -> str:
        match group:
            case "kind":
                return str(PublicationKind(value).label)
            case "cited":
                return str(citing.KINDS[value].label)
            case "language":
                return reference.language_name(value)
        return value

    @cached_property
    def groups(self) -> list[Group]:
        made = [
            self.group("kind"),
            self.group("cited"),
            self.group("year", lambda year: -int(year)),
            self.group("language"),
            self.group("tag"),
        ]
        return [group for group in made if group.is_worth_showing]

    @cached_property
    def rows(self) -> list[LibraryItem]:
        return self._items(self.found.ids)

    def _items(self, ids: Collection[str]) -> list[LibraryItem]:
        found = {str(row.reference_id): row for row in self._fetched(ids)}
        return [found[key] for key in ids if key in found]

    @staticmethod
    def _fetched(ids: Collection[str]) -> QuerySet[LibraryItem]:
        rows = LibraryItem.objects.filter(reference__in=[int(key) for key in ids])
        return rows.select_related("reference").prefetch_related("tags")  # type: ignore[misc]

    @property
    def page_title(self) -> str:
        if self.query.blank:
            return _("Library")
        return _("“%(words)s”, library") % {"words": self.query.text}

    def everything_found(self, at_once: int = 200) -> Iterator[LibraryItem]:
        """Every entry that answers, in the order of the list."""
        found = search.find(
            self.kind, self.query, self.filters.selected,
            sort=self.filters.sort, per_page=MOST_EXPORTED,
        )  # fmt: skip
        for start in range(0, len(found.ids), at_once):
            yield from self._items(found.ids[start : start + at_once])
