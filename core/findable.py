"""Every kind of record that can be found: what should be in the search, and how it is shown.

An app registers its kinds in ``KINDS``, each in one entry. The search page, its pages by kind, the
suggestions, saved searches and ``manage.py check_index`` read them there, so a later kind is one
entry more. An entry says of each record whether everybody reads it *now*: what is written into the
search, what is compared with it and what an answer shows rest on the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db import transaction

from core.models import SearchDocument, SearchFacet
from core.search import Document, index_many, remove_many
from core.search.documents import NO_DATE

if TYPE_CHECKING:
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from core.marking import Marker

#: Records looked at in one go.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of an answer. ``language`` is that of its title and text, where it is known."""

    title: SafeString | str
    url: str
    text: SafeString | str = ""
    meta: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of values by which the answers of a kind can be narrowed."""

    name: str
    label: StrOrPromise
    #: A value in the words of the page.
    named: Callable[[str], str] = str
    #: What the values are ordered by; without it, the most common come first.
    order: Callable[[str], Any] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record."""

    code: str
    #: The heading over its answers, and what stands beside one of them in a list of several kinds.
    title: StrOrPromise
    one: StrOrPromise
    #: Where it stands among the kinds.
    position: int
    #: The keys of all records everybody reads.
    public: Callable[[], Iterable[Any]]
    #: What the search keeps of those of these records that everybody reads.
    documents: Callable[[Sequence[str]], Iterable[Document]]
    #: How those of these records that everybody reads are shown, in this order.
    hits: Callable[[Sequence[str], Marker], Sequence[Any]]
    facets: tuple[Facet, ...] = ()
    #: The answers are cards of the catalogue.
    has_cards: bool = False
    #: The name of the address of a list of its own, with more filters; it takes ``q``.
    list_name: str = ""
    #: Whether titles say enough to be suggested while somebody types.
    is_suggested: bool = True


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known."""
    KINDS[kind.code] = kind
    return kind


def kinds() -> list[Kind]:
    """All kinds, in the order in which pages show them."""
    return sorted(KINDS.values(), key=lambda kind: (kind.position, kind.code))


def passages(kind: str, keys: Collection[str], marker: Marker) -> dict[str, SafeString | str]:
    """Where the words asked for stand in the text of each record. One query, none for none."""
    if not keys:
        return {}
    bodies = SearchDocument.objects.filter(kind=kind, object_id__in=list(keys)).values_list(
        "object_id", "body", "language"
    )
    return {key: marker.excerpt(body, language) for key, body, language in bodies}


# --- Writing -------------------------------------------------------------------------------------


def _portions(keys: Iterable[Any]) -> Iterator[list[str]]:
    waiting = iter(dict.fromkeys(map(str, keys)))
    while portion := list(islice(waiting, AT_ONCE)):
        yield portion


def refresh(code: str, keys: Iterable[Any]) -> None:
    """Make the search say of these records what everybody reads of them now, and nothing of the
    others. In the caller's transaction."""
    for portion in _portions(keys):
        found = list(KINDS[code].documents(portion))
        index_many(found)
        gone = set(portion).difference(document.object_id for document in found)
        if gone:
            remove_many(code, sorted(gone))


def replace(code: str, group: str, value: str, documents: Iterable[Document]) -> None:
    """Make these the only documents of a kind that have a value: the parts of one record, of which
    some may be gone, with their keys."""
    found = list(documents)
    index_many(found)
    there = SearchFacet.objects.filter(kind=code, group=group, value=value[:100])
    before = set(there.values_list("document__object_id", flat=True))
    gone = before.difference(document.object_id for document in found)
    if gone:
        remove_many(code, sorted(gone))


# --- Comparing -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Astray:
    """What the search says of one kind and should not, by key."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [*self.missing, *self.extra, *self.outdated]

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.outdated)


def check(*, thorough: bool = True) -> dict[str, Astray]:
    """Compare what can be found with what everybody reads, kind by kind. Kinds that agree are left
    out; a kind that nobody registered any more is named with all it has left behind.

    Which records there are is quickly compared; what is said of each takes a reading of all.
    """
    found = {kind.code: _compare(kind) if thorough else _count(kind) for kind in kinds()}
    orphans = SearchDocument.objects.exclude(kind__in=list(KINDS))
    for code, key in orphans.values_list("kind", "object_id").iterator():
        found.setdefault(code, Astray()).extra.append(key)
    return {code: astray for code, astray in found.items() if astray}


def _count(kind: Kind) -> Astray:
    rows = SearchDocument.objects.filter(kind=kind.code)
    there, public = set(rows.values_list("object_id", flat=True)), {*map(str, kind.public())}
    return Astray(missing=sorted(public - there), extra=sorted(there - public))


def _compare(kind: Kind) -> Astray:
    rows = SearchDocument.objects.filter(kind=kind.code)
    left = set(rows.values_list("object_id", flat=True))
    astray = Astray()
    for portion in _portions(kind.public()):
        there = {row.object_id: row for row in rows.filter(object_id__in=portion)}
        values: dict[int, set[tuple[str, str]]] = {row.pk: set() for row in there.values()}
        facets = SearchFacet.objects.filter(document__in=list(values))
        for key, group, value in facets.values_list("document", "group", "value"):
            values[key].add((group, value))
        for document in kind.documents(portion):
            left.discard(document.object_id)
            row = there.get(document.object_id)
            if row is None:
                astray.missing.append(document.object_id)
            elif not _agrees(row, values[row.pk], document):
                astray.outdated.append(document.object_id)
    astray.extra += sorted(left)
    return astray


def _agrees(row: SearchDocument, values: set[tuple[str, str]], document: Document) -> bool:
    wanted = {
        (group, str(value)[:100])
        for group, some in document.facets.items()
        for value in some
        if value
    }
    return wanted == values and (
        row.title,
        row.summary,
        row.body,
        row.language,
        row.published_at,
        row.rank,
        row.uptake,
    ) == (
        document.title[:300],
        document.summary,
        document.body,
        document.language[:10] or "en",
        document.published_at or NO_DATE,
        document.rank,
        document.uptake,
    )


def mend(*, thorough: bool = True) -> Mapping[str, Astray]:
    """Make findable what everybody reads, and nothing else; returns what was amiss. In small
    transactions, so that nobody waits for it."""
    found = check(thorough=thorough)
    for code, astray in found.items():
        for portion in _portions(astray.keys):
            with transaction.atomic():
                if code in KINDS:
                    refresh(code, portion)
                else:
                    remove_many(code, portion)
    return found
