"""The directory of members as one reader sees it: its facets, its orders, its pages.

Asked in a fixed number of statements. The list as a whole costs the same however many members
there are: its counts are kept, and nobody pages further than ``MOST_PAGES``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from accounts.models import OrganisationKind
from community import finding
from community.filters import MemberFilter
from community.models import Chapter, Member
from community.people import Seen, seen_as
from core import search
from core.facets import Counts, FacetedList, Group
from core.text import fold
from hubs import reference

if TYPE_CHECKING:
    from django.http import QueryDict

PER_PAGE = 30
MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A member in the list: what this reader may see, and no more."""

    seen: Seen
    position: str
    kind: str
    languages: list[Any]
    expertise: str
    member: Member


def rows_of(keys: Sequence[int], viewer: Any) -> list[Row]:
    """These members in this order, as one reader sees them. Two queries."""
    found = (
        Member.objects.active()
        .filter(is_listed=True)
        .select_related("user__profile")
        .prefetch_related("user__profile__languages")
        .in_bulk(list(keys))
    )
    return [row_of(found[key], viewer) for key in keys if key in found]


def row_of(member: Member, viewer: Any) -> Row:
    profile = member.user.profile

    def shown(name: str, value: Any) -> Any:
        return value if profile.may_see(name, viewer) else type(value)()

    return Row(
        seen=seen_as(member.user, viewer),
        position=shown("position", profile.position),
        kind=shown("organisation_kind", str(profile.get_organisation_kind_display())),
        languages=shown("languages", list(profile.languages.all())),
        expertise=shown("expertise", profile.expertise),
        member=member,
    )


class MemberDirectory(FacetedList):
    """The answer to the parameters of one address, for one reader."""

    kind = "member"
    filter_class = MemberFilter
    url_name = "community:members"
    csv_url_name = ""
    per_page = PER_PAGE
    one_each = ""

    def __init__(self, data: QueryDict, viewer: Any) -> None:
        self.viewer = viewer
        self.audience = finding.audience_of(viewer)
        super().__init__(data)

    @cached_property
    def chapters(self) -> dict[str, str]:
        """Chapters everybody knows of: who belongs to them is shown to members. Private ones and
        those not announced narrow nothing."""
        if not self.viewer.is_authenticated:
            return {}
        rows = Chapter.objects.filter(is_public=True, is_private=False)
        return {str(key): name for key, name in rows.values_list("pk", "name")}

    def known(self) -> dict[str, Collection[str]]:
        return {
            "country": reference.countries(),
            "kind": OrganisationKind.values,
            "language": reference.languages(),
            "chapter": self.chapters,
        }

    # --- The answer -------------------------------------------------------------------------

    def count_values(
        self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]
    ) -> Counts:
        if query.blank and not selected:
            counts = finding.whole(self.audience)
        else:
            counts = finding.count_values(self.audience, query, selected)
        counts["chapter"] = {k: n for k, n in counts["chapter"].items() if k in self.chapters}
        return counts

    def how_many(self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]) -> int:
        if query.blank and not selected:
            return self.everything
        return finding.matching(self.audience, query, selected).count()

    @cached_property
    def everything(self) -> int:
        return self.universe[""].get("", 0)

    @cached_property
    def total(self) -> int:
        return self.how_many(self.query, self.filters.selected)

    def find(self, page: int) -> search.Found:
        start = (min(page, MOST_PAGES) - 1) * PER_PAGE
        if start >= self.total:
            return search.Found(self.total)
        keys = finding.page_of(
            finding.matching(self.audience, self.query, self.filters.selected),
            newest=self.filters.sort == "newest",
            start=start,
            stop=start + PER_PAGE,
        )
        return search.Found(self.total, tuple(map(str, keys)))

    @cached_property
    def page(self) -> Page:
        shown = min(self.total, MOST_PAGES * PER_PAGE)
        return Paginator(range(shown), PER_PAGE).get_page(self.asked_page)

    @property
    def beyond(self) -> int:
        """Where the pages end before the list does: how many they show."""
        most = MOST_PAGES * PER_PAGE
        return most if self.total > most and self.page.number == MOST_PAGES else 0

    @cached_property
    def rows(self) -> list[Row]:
        return rows_of([int(key) for key in self.found.ids], self.viewer)

    @property
    def meant(self) -> str:
        """Nothing is guessed: the words of the search are those of public records."""
        return ""

    @property
    def page_title(self) -> str:
        if self.query.blank:
            return _("Members")
        return _("“%(words)s”, members") % {"words": self.query.text}

    # --- Ways to narrow ---------------------------------------------------------------------

    @cached_property
    def groups(self) -> list[Group]:
        made = [
            self.group("country"),
            self.group("kind"),
            self.group("language"),
            self.group("chapter", key=lambda value: fold(self.chapters.get(value, ""))),
        ]
        return [group for group in made if group.is_worth_showing]

    def label_of(self, group: str, value: str) -> str:
        match group:
            case "country":
                return reference.country_name(value)
            case "kind":
                return str(OrganisationKind(value).label)
            case "language":
                return reference.language_name(value)
        return self.chapters.get(value, value)
