"""Which works are one: for certain, or perhaps.

Certain is an identifier, an address that leads to more than a front page, or the same title in
the same year by the same authors. Perhaps is a title that is nearly the same, or begins the same,
where year and authors do not say otherwise. People decide about the second kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models import Q
from django.utils.translation import gettext as _

from community.choices import ItemState
from community.library.identifiers import address_key, doi_of, isbn_of, surnames, title_key
from community.models import Distinct, LibraryItem

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: Titles shorter than this are too common to say anything alone: "Governance", "Annual report".
TELLING = 24
#: So many letters at the beginning say that two titles may be one with and without its subtitle.
BEGINNING = 30
#: A page of duplicates compares so many entries that begin alike, at most.
MOST_ALIKE = 50
AT_ONCE = 500

COUNTED, COUNTED_SECONDS = "library-pairs", 600
IDENTIFIED, WORDS = "identified", "words"


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a work is compared."""

    doi: str
    isbn: str
    address: str
    title: str
    year: str
    names: frozenset[str]
    #: A chapter or article shares the ISBN of its book.
    is_part: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Traits:
        """Of a work as it is told."""
        return cls(
            doi=doi_of(told.get("doi", "") or "") or doi_of(told.get("url", "") or ""),
            isbn=isbn_of(told.get("isbn", "") or ""),
            address=address_key(told.get("url", "") or ""),
            title=title_key(told["title"]),
            year=(told.get("date", "") or "")[:4],
            names=frozenset(surnames(told.get("authors", "") or "")),
            is_part=told.get("publication", "") in ("chapter", "article"),
        )

    @classmethod
    def of_item(cls, item: LibraryItem) -> Traits:
        row = item.reference
        return cls(
            doi=item.doi or doi_of(row.url),
            isbn=item.isbn,
            address=item.address_key,
            title=item.title_key,
            year=row.date[:4],
            names=frozenset(surnames(row.authors)),
            is_part=item.publication in ("chapter", "article"),
        )


def certainly(one: Traits, other: Traits) -> str:
    """Why two works are one: an identifier or their words; "" if that is not certain."""
    if one.doi and one.doi == other.doi:
        return IDENTIFIED
    if one.doi and other.doi:
        return ""
    same_title = bool(one.title) and one.title == other.title
    if one.isbn and one.isbn == other.isbn and not (one.is_part or other.is_part):
        return IDENTIFIED
    if one.address and one.address == other.address and (same_title or not one.is_part):
        return IDENTIFIED
    same_makers = one.year == other.year and one.names == other.names
    if same_title and same_makers and (one.names or len(one.title) >= TELLING):
        return WORDS
    return ""


def perhaps(one: Traits, other: Traits) -> bool:
    """Whether a person should look."""
    if one.doi and other.doi and one.doi != other.doi:
        return False
    if one.year and other.year and abs(int(one.year) - int(other.year)) > 1:
        return False
    if one.title == other.title and one.title:
        same_year = bool(one.year) and one.year == other.year
        return same_year or len(one.title) >= TELLING or bool(one.names & other.names)
    shorter, longer = sorted((one.title, other.title), key=len)
    begins = len(shorter) >= BEGINNING and longer.startswith(shorter)
    return begins or (len(shorter) >= TELLING and _nearly(shorter, longer))


def _nearly(one: str, other: str) -> bool:
    """Whether two long titles differ by a letter or two at one place."""
    if len(other) - len(one) > 2:
        return False
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    end = 0
    while end < len(one) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return max(len(one), len(other)) - start - end <= 2


def _standing() -> QuerySet[LibraryItem]:
    """Entries that a new work may turn out to be. What was refused stays refused."""
    return LibraryItem.objects.exclude(state__in=(ItemState.MERGED, ItemState.WITHDRAWN))


def certain(told: Mapping[str, Any], *, by_words: bool = True) -> LibraryItem | None:
    """The entry that a work is for certain."""
    mine = Traits.of(told)
    for item in _candidates([mine]):
        why = certainly(mine, Traits.of_item(item))
        if why == IDENTIFIED or (why and by_words):
            return item
    return None


def mark_of(told: Mapping[str, Any]) -> str:
    """The same for two works of one file that are one for certain."""
    mine = Traits.of(told)
    names = " ".join(sorted(mine.names))
    return mine.doi or f"{mine.title} {mine.year} {names}"


def _candidates(traits: Iterable[Traits]) -> list[LibraryItem]:
    """Entries that share anything telling with any of these works, the oldest first."""
    wanted = Q()
    asked = list(traits)
    for column, name in (("doi", "doi"), ("isbn", "isbn"), ("address_key", "address")):
        if values := {getattr(one, name) for one in asked} - {""}:
            wanted |= Q(**{f"{column}__in": values})
    if titles := {one.title for one in asked} - {""}:
        wanted |= Q(title_key__in=titles)
    dois = {f"doi.org/{one.doi}" for one in asked if one.doi}
    if dois:
        wanted |= Q(address_key__in=dois)
    if not wanted:
        return []
    return list(_standing().filter(wanted).select_related("reference").order_by("pk"))


class Known:
    """The library as it is compared with the works of one upload: a few queries for all."""

    def __init__(self, works: Iterable[Mapping[str, Any]], keys: Iterable[str] = ()) -> None:
        named = _standing().filter(reference__key__in=set(keys) - {""})
        self._named = {item.reference.key: item for item in named.select_related("reference")}
        told = [Traits.of(work) for work in works if work.get("title")]
        self._by: dict[str, list[LibraryItem]] = defaultdict(list)
        begun = {one.title[:TELLING] for one in told if len(one.title) >= TELLING}
        found = {item.pk: item for item in _candidates(told)}
        rows = _standing()
        alike = [
            key
            for key, title in rows.values_list("pk", "title_key").iterator()
            if key not in found and title[:TELLING] in begun
        ]
        for start in range(0, len(alike), AT_ONCE):
            some = rows.filter(pk__in=alike[start : start + AT_ONCE]).select_related("reference")
            found |= {item.pk: item for item in some}
        for item in found.values():
            for key in self._keys(Traits.of_item(item)):
                self._by[key].append(item)

    @staticmethod
    def _keys(traits: Traits) -> list[str]:
        keys = [traits.doi and f"d:{traits.doi}", traits.isbn and f"i:{traits.isbn}",
                traits.address and f"a:{traits.address}", traits.title and f"t:{traits.title}",
                traits.title[:TELLING] and f"b:{traits.title[:TELLING]}"]  # fmt: skip
        return [key for key in keys if key]

    def match(
        self, told: Mapping[str, Any], key: str = ""
    ) -> tuple[LibraryItem | None, LibraryItem | None]:
        """The entry a work is for certain, and one it may be. A work of our own export says
        under which key it is here."""
        mine, maybe = Traits.of(told), None
        if (own := self._named.get(key)) is not None and own.title_key == mine.title:
            return own, None
        for key in self._keys(mine):
            for item in self._by[key]:
                other = Traits.of_item(item)
                if certainly(mine, other):
                    return item, None
                if maybe is None and perhaps(mine, other):
                    maybe = item
        return None, maybe


# --- Pairs in the library ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that may be one work, and what they have in common."""

    one: LibraryItem
    other: LibraryItem
    why: str


def pairs(limit: int = 0) -> list[Pair]:
    """Entries that may be one and were not found to be two, the surest first."""
    rows = _standing().exclude(state=ItemState.REFUSED).defer("abstract")
    items = list(rows.select_related("reference").order_by("pk"))
    distinct = set(Distinct.objects.values_list("one", "other"))
    buckets: dict[str, list[tuple[LibraryItem, Traits]]] = defaultdict(list)
    for item in items:
        traits = Traits.of_item(item)
        for mark in Known._keys(traits):
            if not mark.startswith("t:"):
                buckets[mark].append((item, traits))
    found: dict[tuple[int, int], tuple[int, Pair]] = {}
    for bucket in buckets.values():
        for place, (one, mine) in enumerate(bucket[:MOST_ALIKE]):
            for other, theirs in bucket[place + 1 : MOST_ALIKE]:
                key = (one.pk, other.pk)
                if key in distinct or key in found:
                    continue
                sure = certainly(mine, theirs)
                if sure or perhaps(mine, theirs):
                    rank = 0 if sure == IDENTIFIED else 1 if sure else 2
                    found[key] = (rank, Pair(one, other, _why(mine, theirs)))
    ordered = [pair for _rank, pair in sorted(found.values(), key=lambda row: row[0])]
    return ordered[:limit] if limit else ordered


def number_of_pairs() -> int:
    """How many pairs there are, as of the last minutes."""
    return int(cache.get_or_set(COUNTED, lambda: len(pairs()), COUNTED_SECONDS) or 0)


def forget_number() -> None:
    """A pair was looked at: count anew."""
    cache.delete(COUNTED)


def _why(one: Traits, other: Traits) -> str:
    if one.doi and one.doi == other.doi:
        return _("Same DOI")
    if one.isbn and one.isbn == other.isbn:
        return _("Same ISBN")
    if one.address and one.address == other.address:
        return _("Same address")
    if one.title == other.title and one.names == other.names:
        return _("Same title and authors")
    if one.title == other.title:
        return _("Same title")
    return _("Nearly the same title")
