"""What the directory of members answers, at a cost that does not grow with it.

No answer looks through more than ``LOOKED_THROUGH`` entries. Where one condition of the question
(a word, the values of one group) leaves no more than that, they are compared with the other
conditions one by one: the answer is whole, its total and its order are exact, and so are the
counts of up to ``MOST_COUNTED`` members. Where every condition leaves more, the directory is read
in its order, one stretch at a time, and says where to go on; then nothing is counted, except what
is kept (see ``DirectoryCount``).

Each condition is looked up for one entry after the other. ``IN`` and ``EXISTS`` would let a
database gather everybody who meets it, which is what grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.utils.translation import get_language

from community.finding import LONGEST_WORD
from community.models import DirectoryCount, DirectoryEntry, DirectoryFacet, DirectoryWord
from community.models.directory import GROUPS
from core.text import form, stem

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from core.search import SearchQuery

#: Entries one answer looks through at most.
LOOKED_THROUGH = 2_000
#: Of more members than this, nothing is counted beside the values.
MOST_COUNTED = 1_000
#: Groups of which a member has one value at most, so that counts of values can be added.
ONE_EACH = ("country", "kind")
#: A stem shorter than this would find too much.
SHORTEST_STEM = 4
#: After the last letter of any script.
BEYOND = chr(0x10FFFF)

Counts = Mapping[str, Mapping[str, int]]
Selected = Mapping[str, Sequence[str]]


class _Rows(Subquery):
    """How many rows another question has; with a limit in it, no more are read."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS limited)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Condition:
    """Something members of the answer have: one of these values, or words that begin so."""

    model: type[DirectoryFacet | DirectoryWord]
    where: Q
    #: The group of values; nothing for words.
    group: str = ""

    def rows(self, audience: str) -> QuerySet[Any]:
        """Everything that meets it, by the index of the condition."""
        return self.model._default_manager.filter(self.where, audience=audience)

    def of(self, entry: str) -> Subquery:
        """What of one entry meets it, or nothing, by the index of the entry."""
        rows = self.model._default_manager.filter(self.where, entry=OuterRef(entry))
        return Subquery(rows.values("pk")[:1])


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, as keys of entries in their order."""

    entries: Sequence[int]
    #: Whether these are all there are.
    is_complete: bool = True
    #: How many there are: exactly, or unknown.
    total: int | None = None
    #: The last entry looked at, if there are others behind it.
    looked_to: int | None = None
    #: The groups that were counted, with how many members each value would leave.
    counts: Counts = field(default_factory=dict)


class Question:
    """Words and values asked for by readers of one kind, in one of two orders."""

    def __init__(
        self,
        audience: str,
        query: SearchQuery,
        selected: Selected,
        *,
        whole: Counts,
        newest: bool = False,
    ) -> None:
        self.audience, self.newest, self.whole = audience, newest, whole
        self.is_void = query.wordless
        self.everything = whole[""].get("", 0)
        self.values = [_values(group, values) for group, values in selected.items()]
        self.bounds = {
            group: min(sum(whole[group].get(value, 0) for value in values), self.everything)
            for group, values in selected.items()
        }
        phrases = [word for phrase in query.phrases for word in phrase.words]
        wanted = [*map(_beginnings, query.words), *([word] for word in phrases)]
        self.words = [_words(beginnings) for beginnings in wanted]
        self.barred = [_words([word]) for word in _excluded(query)]
        self.selected = selected

    # --- How much there is ------------------------------------------------------------------

    @cached_property
    def sizes(self) -> list[int]:
        """How much meets each word, counted until it is too much. One query, none without."""
        if not self.words:
            return []
        counted = [
            _Rows(word.rows(self.audience).values("entry")[: LOOKED_THROUGH + 1])
            for word in self.words
        ]
        rows = DirectoryCount.objects.filter(audience=self.audience, group="", value="")
        named = {f"word_{n}": one for n, one in enumerate(counted)}
        found = rows.annotate(**named).values_list(*named).first()
        return list(found or [0] * len(counted))

    def _smallest(self, conditions: Iterable[tuple[int, Condition]]) -> Condition | None:
        """The condition that leaves least, if that is little enough."""
        few = [(size, n, one) for n, (size, one) in enumerate(conditions) if size <= LOOKED_THROUGH]
        return min(few)[2] if few else None

    @cached_property
    def first(self) -> Condition | None:
        """The condition everything else is compared with. A word before values: no count of a
        group leaves it out."""
        by_words = self._smallest(zip(self.sizes, self.words, strict=True))
        return by_words or self._smallest(
            (self.bounds[value.group], value) for value in self.values
        )

    @property
    def is_small(self) -> bool:
        return self.first is not None or self.everything <= LOOKED_THROUGH

    @property
    def known_total(self) -> int | None:
        """How many there are, where one group alone was asked for and its counts tell."""
        if self.words or self.barred or len(self.selected) != 1:
            return None
        ((group, values),) = self.selected.items()
        if group in ONE_EACH or len(values) == 1:
            return sum(self.whole[group].get(value, 0) for value in values)
        return None

    # --- The answer -------------------------------------------------------------------------

    def answer(self, *, after: int | None = None, counted: bool = True) -> Answer:
        """Who meets everything. ``after`` says which entry the last stretch ended with."""
        if self.is_void:
            return Answer([], total=0, counts={group: {} for group in GROUPS})
        return self._all(counted=counted) if self.is_small else self._stretch(after)

    def _all(self, *, counted: bool) -> Answer:
        found = self._compared(self.first, self.values)
        entries = [key for key, *missing in found if not any(missing)]
        if not counted:
            return Answer(entries, total=len(entries))
        # Whom each selected group leaves, if it is not asked for itself.
        without: dict[str, list[int]] = {}
        for n, value in enumerate(self.values):
            if value is not self.first:
                without[value.group] = [
                    key for key, *m in found if not any(m[:n]) and not any(m[n + 1 :])
                ]
        counts = self._alone()
        if self.first in self.values and len(self.values) > 1:
            # Without the group everything was compared with, by the next smallest.
            others = [value for value in self.values if value is not self.first]
            second = self._smallest((self.bounds[value.group], value) for value in others)
            if second is not None:
                rows = self._compared(second, others)
                without[self.first.group] = [key for key, *m in rows if not any(m)]
        free = [group for group in GROUPS if group not in self.selected]
        asked = [(free, entries), *(([group], keys) for group, keys in without.items())]
        return Answer(entries, total=len(entries), counts=_counted(asked) | counts)

    def _compared(
        self, first: Condition | None, values: Sequence[Condition]
    ) -> list[tuple[Any, ...]]:
        """Everybody who meets the first condition and all words, in order, each with whether
        they miss the values of each group. One query."""
        entry = "entry" if first is not None else "pk"
        if first is not None:
            rows = first.rows(self.audience)
            key = DirectoryEntry.objects.filter(pk=OuterRef("entry"))
            rows = rows.alias(place=Subquery(key.values(self._order[0])[:1]))
            place = "place"
        else:
            rows = DirectoryEntry.objects.filter(audience=self.audience)
            place = self._order[0]
        rows = self._narrowed(rows, entry, leaving=first)
        flags = {
            f"has_{n}": value.of(entry) for n, value in enumerate(values) if value is not first
        }
        sign = "-" if self.newest else ""
        found = rows.annotate(**flags).order_by(f"{sign}{place}", f"{sign}{entry}")
        got = dict.fromkeys(found.values_list(entry, *flags))
        if not flags:
            return [(key, *(False for _v in values)) for (key,) in got]
        held = [value is first for value in values]
        return [(key, *_missing(iter(has), held)) for key, *has in got]

    def _narrowed(
        self, rows: QuerySet[Any], entry: str, *, leaving: Condition | None = None
    ) -> QuerySet[Any]:
        """Those with all words and none of the excluded ones."""
        for n, word in enumerate(self.words):
            if word is not leaving:
                rows = rows.alias(**{f"with_{n}": word.of(entry)})
                rows = rows.filter(**{f"with_{n}__isnull": False})
        for n, word in enumerate(self.barred):
            rows = rows.alias(**{f"barred_{n}": word.of(entry)})
            rows = rows.filter(**{f"barred_{n}__isnull": True})
        return rows

    def _alone(self) -> dict[str, Mapping[str, int]]:
        """The counts of a group nothing else is asked for beside: those of the whole list."""
        if self.words or self.barred or len(self.values) != 1:
            return {}
        group = self.values[0].group
        return {group: self.whole[group]}

    # --- One stretch ------------------------------------------------------------------------

    @property
    def _order(self) -> tuple[str, str]:
        return ("joined_at", "pk") if self.newest else ("name_sort", "pk")

    def _stretch(self, after: int | None) -> Answer:
        """Who meets everything among the next entries. Two queries, three when going on."""
        sign = "-" if self.newest else ""
        place, key = self._order
        rows = DirectoryEntry.objects.filter(audience=self.audience)
        begun = rows.filter(pk=after).values_list(place, key).first() if after else None
        if begun:
            rows = rows.filter(_beyond(place, *begun, forwards=not self.newest))
        ordered = rows.order_by(f"{sign}{place}", f"{sign}{key}")
        last = ordered.values_list(place, key)[LOOKED_THROUGH - 1 : LOOKED_THROUGH + 1]
        ends = list(last)
        if len(ends) > 1:
            ordered = ordered.exclude(_beyond(place, *ends[0], forwards=not self.newest))
            ordered = ordered.filter(**{f"{place}__{'gte' if self.newest else 'lte'}": ends[0][0]})
        for n, value in enumerate(self.values):
            ordered = ordered.alias(**{f"has_{n}": value.of("pk")})
            ordered = ordered.filter(**{f"has_{n}__isnull": False})
        found = list(self._narrowed(ordered, "pk").values_list("pk", flat=True))
        is_complete = begun is None and len(ends) < 2
        return Answer(
            found,
            is_complete=is_complete,
            total=len(found) if is_complete else self.known_total,
            looked_to=ends[0][1] if len(ends) > 1 else None,
            counts=self._alone(),
        )


def _missing(has: Iterator[Any], held: Sequence[bool]) -> Iterator[bool]:
    for is_held in held:
        yield not is_held and next(has) is None


def _beyond(place: str, value: Any, pk: int, *, forwards: bool) -> Q:
    """What stands behind an entry. The first part says the same as the second, but as a range
    of the index."""
    way = "gt" if forwards else "lt"
    return Q(**{f"{place}__{way}e": value}) & (
        Q(**{f"{place}__{way}": value}) | Q(**{place: value, f"pk__{way}": pk})
    )


def _values(group: str, values: Sequence[str]) -> Condition:
    return Condition(DirectoryFacet, Q(group=group, value__in=values), group)


def _words(beginnings: Iterable[str]) -> Condition:
    where = Q()
    for beginning in beginnings:
        first = beginning[:LONGEST_WORD]
        where |= Q(word__gte=first, word__lt=first + BEYOND)
    return Condition(DirectoryWord, where)


def _excluded(query: SearchQuery) -> list[str]:
    found: list[str] = []
    for barred in query.excluded:
        found += [form(barred)] if isinstance(barred, str) else barred.words
    return [word for word in found if word]


def _beginnings(word: str) -> list[str]:
    """A word as typed and, where it is inflected, its stem in the language of the page."""
    found = [form(word)]
    root = stem(word, get_language() or "en")
    if len(root) >= SHORTEST_STEM and not found[0].startswith(root):
        found.append(root)
    elif len(root) >= SHORTEST_STEM:
        found = [root]
    return found


def _counted(asked: Sequence[tuple[Sequence[str], Sequence[int]]]) -> dict[str, dict[str, int]]:
    """How many of these entries have each value of these groups; a group of too many entries is
    left out. One query."""
    few = [(groups, keys) for groups, keys in asked if groups and len(keys) <= MOST_COUNTED]
    found: dict[str, dict[str, int]] = {group: {} for groups, _keys in few for group in groups}
    parts = []
    for groups, keys in few:
        if keys:
            rows = DirectoryFacet.objects.filter(entry__in=keys, group__in=groups)
            parts.append(rows.order_by().values_list("group", "value").annotate(n=Count("pk")))
    if parts:
        first, *others = parts
        for group, value, n in first.union(*others, all=True) if others else first:
            found[group][value] = n
    return found
