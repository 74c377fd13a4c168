"""The directory of members as one reader sees it: its facets, its orders, its pages.

Asked in a fixed number of statements, which cost the same however many members there are: of the
list as a whole the counts are kept and nobody pages further than ``MOST_PAGES``; how much is
looked through for anything narrower stands in ``seeking``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import OrganisationKind
from community import finding, seeking
from community.filters import MemberFilter
from community.models import Chapter, DirectoryEntry, Member
from community.people import Seen, seen_as
from core import search
from core.facets import Counts, FacetedList, Group, Offer
from core.text import fold
from hubs import reference

if TYPE_CHECKING:
    from django.http import QueryDict

PER_PAGE = 30
MOST_PAGES = 100
#: No key of the database has more digits.
LONGEST_NUMBER = 19


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
    """The members of these entries in their order, as one reader sees them. Two queries."""
    members = (
        Member.objects.active()
        .filter(is_listed=True, entries__in=list(keys))
        .annotate(entry=F("entries__pk"))
        .select_related("user__profile")
        .prefetch_related("user__profile__languages")
    )
    found = {member.entry: member for member in members}
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


def entry_number(sent: str | None) -> int | None:
    """The entry a long answer goes on after; none for what is no number."""
    return int(sent) if sent and sent.isdecimal() and len(sent) < LONGEST_NUMBER else None


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
        self.after = entry_number(data.get("after"))
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

    def question(
        self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]
    ) -> seeking.Question:
        newest = self.filters.sort == "newest"
        return seeking.Question(self.audience, query, selected, whole=self.universe, newest=newest)

    @cached_property
    def answer(self) -> seeking.Answer:
        """What was found, if something was asked for."""
        return self.question(self.query, self.filters.selected).answer(after=self.after)

    @property
    def reads_on(self) -> bool:
        """Whether this is a stretch of a long answer, and not a numbered page."""
        return not self.is_whole and not self.answer.is_complete

    def find(self, page: int) -> search.Found:
        if not self.is_whole:
            start = 0 if self.reads_on else (min(page, MOST_PAGES) - 1) * PER_PAGE
            keys = list(self.answer.entries[start : start + PER_PAGE])
        elif (start := (min(page, MOST_PAGES) - 1) * PER_PAGE) < self.everything:
            keys = finding.page_of(
                DirectoryEntry.objects.filter(audience=self.audience),
                newest=self.filters.sort == "newest",
                start=start,
                stop=start + PER_PAGE,
            )
        else:
            keys = []
        return search.Found(self.total, tuple(map(str, keys)))

    def count_values(
        self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]
    ) -> Counts:
        if query.blank and not selected:
            counts: dict[str, Mapping[str, int]] = {**finding.whole(self.audience)}
        else:
            counts = {**self.answer.counts}
        if "chapter" in counts:
            known = self.chapters
            counts["chapter"] = {k: n for k, n in counts["chapter"].items() if k in known}
        return counts

    def count_of(self, name: str, value: str) -> int | None:
        counted = self.counts.get(name)
        return None if counted is None else counted.get(value, 0)

    @cached_property
    def everything(self) -> int:
        return self.universe[""].get("", 0)

    @property
    def is_counted(self) -> bool:
        """Whether the total is known, or only how many there are at least."""
        return self.is_whole or self.answer.total is not None

    @cached_property
    def total(self) -> int:
        if self.is_whole:
            return self.everything
        return len(self.answer.entries) if self.answer.total is None else self.answer.total

    @cached_property
    def page(self) -> Page:
        shown = 0 if self.reads_on else min(self.total, MOST_PAGES * PER_PAGE)
        return Paginator(range(shown), PER_PAGE).get_page(self.asked_page)

    @property
    def beyond(self) -> int:
        """Where the pages end before the list does: how many they show."""
        most = MOST_PAGES * PER_PAGE
        if self.reads_on or self.total <= most or self.page.number < MOST_PAGES:
            return 0
        return most

    @property
    def further_url(self) -> str:
        """Where a long answer goes on, after the last member shown or looked at."""
        if not self.reads_on:
            return ""
        entries = self.answer.entries
        after = entries[PER_PAGE - 1] if len(entries) > PER_PAGE else self.answer.looked_to
        return self._from(after) if after else ""

    @property
    def first_url(self) -> str:
        return self.address()

    @property
    def canonical(self) -> str:
        return self._from(self.after) if self.reads_on and self.after else super().canonical

    def _from(self, after: int) -> str:
        address = self.address()
        return f"{address}{'&' if '?' in address else '?'}after={after}"

    @property
    def looked_through(self) -> int:
        return seeking.LOOKED_THROUGH

    @cached_property
    def offers(self) -> list[Offer]:
        return [] if self.reads_on else super().offers

    def how_many(self, query: search.SearchQuery, selected: Mapping[str, Sequence[str]]) -> int:
        """For an empty answer: how many there would be; of a long one, how many at least."""
        if query.blank and not selected:
            return self.everything
        found = self.question(query, selected).answer(counted=False)
        return len(found.entries) if found.total is None else found.total

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
