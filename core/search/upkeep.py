"""Whether the search says what the documents say, and how to make it so.

The database keeps an engine's rows in step with the documents by itself. What can still go
wrong: a restored backup or an altered table without its triggers, a new version of the
analyser, a vocabulary that two people changed at the very same moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass

from django.db import models, transaction
from django.db.models import F

from core.models import SearchDocument, SearchFacet, SearchWord
from core.search import structure
from core.search.documents import Document, analyse, index_many, remove_many
from core.search.engines import engine
from core.search.vocabulary import Entry, adjust, stem_form
from core.text import form

_AT_ONCE = 500
Tell = Callable[[int, int], None]  # documents done, of all
_ANALYSED = ("title_sort", *structure.COLUMNS)


@dataclass(frozen=True, slots=True)
class Drift:
    """How many things are not as they should be. Nothing is: false."""

    missing_parts: int = 0
    engine_rows: int = 0
    documents: int = 0
    words: int = 0
    facets: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))


def _silently(done: int, of: int) -> None:
    """Nobody waits."""


def check(tell: Tell = _silently) -> Drift:
    """Compare documents, engine rows, vocabulary and facets. Reads everything once."""
    missing = structure.missing()
    documents, uses = 0, Counter[Entry]()
    for rows in _batches(tell):
        documents += len(_outdated(rows, uses))
    wrong, absent = _vocabulary_drift(uses)
    return Drift(
        missing_parts=len(missing),
        engine_rows=0 if missing else engine().rows_astray(),
        documents=documents,
        words=len(wrong | absent),
        facets=_misplaced().count(),
    )


def mend(tell: Tell = _silently) -> Drift:
    """Repair what ``check`` finds, in small transactions; returns what was repaired.

    Readers are not disturbed. Who publishes at the same moment may leave a word miscounted
    by one: the next run finds it.
    """
    missing = structure.missing()
    structure.restore()
    # The engine first: it cannot follow the change of a row that it does not have.
    if astray := engine().rows_astray():
        engine().remake_rows()
    documents, uses = 0, Counter[Entry]()
    for rows in _batches(tell):
        outdated = _outdated(rows, uses)
        with transaction.atomic():
            engine().take_turn()
            SearchDocument.objects.bulk_update(outdated, _ANALYSED)
        documents += len(outdated)
    wrong, absent = _vocabulary_drift(uses)
    with transaction.atomic():
        engine().take_turn()
        keys = list(wrong.values())
        for start in range(0, len(keys), _AT_ONCE):
            SearchWord.objects.filter(pk__in=keys[start : start + _AT_ONCE]).delete()
        adjust({entry: uses[entry] for entry in {*wrong, *absent}})
    facets = 0
    for facet in _misplaced().select_related("document"):
        facets += SearchFacet.objects.filter(pk=facet.pk).update(kind=facet.document.kind)
    return Drift(len(missing), astray, documents, len(wrong | absent), facets)


def rebuild(kind: str, documents: Iterable[Document]) -> tuple[int, int]:
    """Make exactly these the documents of a kind; returns how many were written and removed.

    The search answers throughout: each batch replaces its own documents.
    """
    seen: set[str] = set()

    def noted() -> Iterator[Document]:
        for document in documents:
            seen.add(document.object_id)
            yield document

    written = index_many(noted())
    present = SearchDocument.objects.filter(kind=kind).values_list("object_id", flat=True)
    return written, remove_many(kind, set(present) - seen)


def _batches(tell: Tell) -> Iterator[list[SearchDocument]]:
    """All documents, by key: a cursor kept open would not survive the writes between."""
    last = done = 0
    number = SearchDocument.objects.count()
    while rows := list(SearchDocument.objects.filter(pk__gt=last).order_by("pk")[:_AT_ONCE]):
        last = rows[-1].pk
        yield rows
        done += len(rows)
        tell(done, number)


def _outdated(rows: list[SearchDocument], uses: Counter[Entry]) -> list[SearchDocument]:
    """The rows that the analyser would write differently, so written; counts their words."""
    changed = []
    for row in rows:
        before = [getattr(row, column) for column in _ANALYSED]
        uses.update(analyse(row))
        if before != [getattr(row, column) for column in _ANALYSED]:
            changed.append(row)
    return changed


def _vocabulary_drift(uses: Counter[Entry]) -> tuple[dict[Entry, int], dict[Entry, int]]:
    """Entries of the vocabulary that are wrong, by key, and those that it lacks."""
    wrong: dict[Entry, int] = {}
    absent = dict.fromkeys(uses, 0)
    rows = SearchWord.objects.values_list("pk", "language", "word", "folded", "stem", "uses")
    for key, language, word, folded, stem, number in rows.iterator():
        absent.pop((language, word), None)
        expected = (form(word), stem_form(word, language), uses[language, word])
        if (folded, stem, number) != expected:
            wrong[language, word] = key
    return wrong, absent


def _misplaced() -> models.QuerySet[SearchFacet]:
    return SearchFacet.objects.exclude(kind=F("document__kind"))
