"""Writing: what becomes findable, in the transaction that makes it public."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate, islice

from django.db import transaction

from core.models import SearchDocument, SearchFacet
from core.search.engines import engine
from core.search.looking import look_again
from core.search.vocabulary import Entry, adjust, entries, stem_form
from core.text import fold, form, tokens

#: A record without a date comes after all others.
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
#: What is analysed of each field: characters, words. Beyond it text is kept but not found.
#: PostgreSQL limits a vector to a megabyte and to 16,383 positions.
LIMITS = {"title": (300, 400), "summary": (10_000, 1_400), "body": (100_000, 14_000)}
#: Keeps words and stems at the same places where a word has no stem.
NO_STEM = "~"
#: Few enough that others, who wait for their turn, do not wait long.
_AT_ONCE = 200
_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)])
_WRITTEN = (
    "language", "title", "summary", "body", "title_words", "summary_words", "body_words",
    "title_stems", "summary_stems", "body_stems", "title_sort", "published_at", "rank", "uptake",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """What is public of one record, in plain text."""

    kind: str
    object_id: str
    title: str
    published_at: datetime | None
    summary: str = ""
    body: str = ""
    language: str = "en"
    facets: Mapping[str, Iterable[str]] = field(default_factory=dict)
    rank: int = 0
    uptake: int = 0


def index(
    kind: str,
    object_id: str | int,
    *,
    title: str,
    summary: str = "",
    body: str = "",
    language: str = "en",
    facets: Mapping[str, Iterable[str]],
    published_at: datetime | None,
    rank: int = 0,
    uptake: int = 0,
) -> None:
    """Make a record findable, or change what is found of it, in the current transaction."""
    index_many(
        [
            Document(
                kind=kind,
                object_id=str(object_id),
                title=title,
                summary=summary,
                body=body,
                language=language,
                facets=facets,
                published_at=published_at,
                rank=rank,
                uptake=uptake,
            )
        ]
    )


def index_many(documents: Iterable[Document]) -> int:
    """The same for many records, in batches; returns their number."""
    waiting = iter(documents)
    number = 0
    look_again()
    while batch := list(islice(waiting, _AT_ONCE)):
        # The last of several documents of one record counts.
        _index_batch({(doc.kind, doc.object_id): doc for doc in batch})
        number += len(batch)
    return number


def remove(kind: str, object_id: str | int) -> None:
    """Take a record out of the search, in the current transaction."""
    remove_many(kind, [object_id])


def remove_many(kind: str, object_ids: Iterable[str | int]) -> int:
    """Take several records of a kind out of the search; returns how many were in it."""
    keys = iter(map(str, object_ids))
    number = 0
    look_again()
    while batch := list(islice(keys, _AT_ONCE)):
        with transaction.atomic(savepoint=False):
            engine().take_turn()
            gone = list(
                SearchDocument.objects.select_for_update().filter(kind=kind, object_id__in=batch)
            )
            SearchFacet.objects.filter(document__in=gone).delete()
            SearchDocument.objects.filter(pk__in=[row.pk for row in gone]).delete()
            words = Counter(entry for row in gone for entry in vocabulary_of(row))
            adjust({entry: -uses for entry, uses in words.items()})
        number += len(gone)
    return number


def note_uptake(kind: str, object_id: str | int, uptake: int) -> None:
    """In how many places a record is used now, in the current transaction; its words stay. What
    stands behind everything else (a rank below nought) is used nowhere."""
    look_again()
    engine().take_turn()
    known = SearchDocument.objects.filter(kind=kind, object_id=str(object_id), rank__gte=0)
    known.exclude(uptake=uptake).update(uptake=uptake)


def analyse(row: SearchDocument) -> set[Entry]:
    """Fill the columns that the engines read; returns the document's vocabulary."""
    found: set[str] = set()
    stem_of: dict[str, str] = {}
    for name, (characters, _words) in LIMITS.items():
        written = _tokens_of(row, name)
        new = set(written).difference(found)
        found |= new
        stem_of |= {token: stem_form(token, row.language) or NO_STEM for token in new}
        folded = list(map(form, written))
        # Compatibility characters unfold into many.
        fitting = bisect_right(list(accumulate(map(len, folded))), characters)
        forms = [word for word in folded[:fitting] if word]
        stems = [
            stem_of[token] for token, word in zip(written[:fitting], folded, strict=False) if word
        ]
        setattr(row, f"{name}_words", " ".join(forms))
        setattr(row, f"{name}_stems", " ".join(stems) if {*stems} != {NO_STEM} else "")
    row.title_sort = fold(row.title)[:300]
    return entries(row.language, found)


def vocabulary_of(row: SearchDocument) -> set[Entry]:
    """What the vocabulary has of a document."""
    return entries(row.language, [token for name in LIMITS for token in _tokens_of(row, name)])


def _tokens_of(row: SearchDocument, name: str) -> list[str]:
    characters, words = LIMITS[name]
    return tokens(getattr(row, name)[:characters])[:words]


def _row(document: Document) -> SearchDocument:
    return SearchDocument(
        kind=document.kind,
        object_id=document.object_id,
        language=document.language[:10] or "en",
        title=document.title.translate(_UNSTORABLE)[:300],
        summary=document.summary.translate(_UNSTORABLE),
        body=document.body.translate(_UNSTORABLE),
        published_at=document.published_at or NO_DATE,
        rank=document.rank,
        uptake=document.uptake,
    )


@transaction.atomic(savepoint=False)
def _index_batch(documents: Mapping[tuple[str, str], Document]) -> None:
    # Reading the words takes longest, so it comes before the turn for which others wait.
    words: Counter[Entry] = Counter()
    rows = [_row(document) for document in documents.values()]
    for row in rows:
        words.update(analyse(row))
    engine().take_turn()
    before = SearchDocument.objects.select_for_update().filter(
        kind__in={kind for kind, _key in documents}, object_id__in={key for _kind, key in documents}
    )
    replaced: list[int] = []
    for row in before.only("kind", "object_id", "language", *LIMITS):
        if (row.kind, row.object_id) in documents:
            replaced.append(row.pk)
            words.subtract(vocabulary_of(row))
    SearchDocument.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "object_id"],
        update_fields=list(_WRITTEN),
    )
    if replaced:  # nobody else writes meanwhile: what is new has no facets yet
        SearchFacet.objects.filter(document__in=replaced).delete()
    SearchFacet.objects.bulk_create(
        SearchFacet(document=row, kind=row.kind, group=group, value=value)
        for row, document in zip(rows, documents.values(), strict=True)
        for group, values in document.facets.items()
        for value in dict.fromkeys(str(value)[:100] for value in values)
        if value
    )
    adjust(words)
