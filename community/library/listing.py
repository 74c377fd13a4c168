"""Which entries readers find: kept in step with what cites them, and with the search.

The search holds what everybody may read, and by which kinds of public record a work is cited.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable

from claims.models import Reference
from community.choices import ItemState, PublicationKind
from community.library import citing, kinds  # noqa: F401 (kinds registers itself)
from community.library.identifiers import address_key, title_key
from community.models import LibraryItem
from core import search
from core.partialdate import PATTERN
from core.text import base_language

KIND = "reference"
S = ItemState
AT_ONCE = 500
#: What the words of a citation say of the kind of publication; the first that fits counts.
_SAID = [
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"chapter \d", PublicationKind.CHAPTER),
        ("communiqu|declaration|partnership for effective", PublicationKind.COMMUNIQUE),
        ("proceedings|conference|conclusions and key messages", PublicationKind.PROCEEDINGS),
        ("(?:working|issues|discussion|practice) paper", PublicationKind.PAPER),
        ("webinar|video", PublicationKind.RECORDING),
        ("case stud", PublicationKind.CASE),
        ("guide|toolkit|handbook", PublicationKind.GUIDE),
    )
]


def publication_of(reference: Reference) -> PublicationKind:
    """The kind of publication a reference of before says it is; moderators correct it."""
    if reference.kind == Reference.Kind.PAGE:
        return PublicationKind.PAGE
    for words, kind in _SAID:
        if words.search(f"{reference.title} {reference.citation}"):
            return kind
    if reference.kind == Reference.Kind.PUBLICATION:
        return PublicationKind.REPORT
    return PublicationKind.OTHER


def ensure(references: Iterable[Reference]) -> None:
    """Give references their entries. A hub's own statement gets none."""
    LibraryItem.objects.bulk_create(
        [
            LibraryItem(
                reference=row,
                publication=publication_of(row),
                title_key=title_key(row.title),
                address_key=address_key(row.url),
                state=S.UNLISTED,
                is_automatic=True,
            )
            for row in references
            if row.kind != Reference.Kind.OWN
        ],
        ignore_conflicts=True,
    )


def refresh(keys: Collection[int]) -> int:
    """Make the entries of these references, and what the search has of them, agree with what
    cites them. Returns how many entries are new. The same number of queries for one or many."""
    wanted, made = list(dict.fromkeys(keys)), 0
    for start in range(0, len(wanted), AT_ONCE):
        made += _refresh(wanted[start : start + AT_ONCE])
    return made


def _refresh(keys: list[int]) -> int:
    rows = Reference.objects.filter(pk__in=keys).exclude(kind=Reference.Kind.OWN)
    missing = list(rows.filter(library_item=None, merged_into=None))
    if missing:
        ensure(missing)
    items = list(
        LibraryItem.objects.filter(reference__in=keys)
        .exclude(reference__kind=Reference.Kind.OWN)
        .select_related("reference")
        .prefetch_related("tags")  # type: ignore[misc]  # taggit
    )
    cited = citing.cited_by([item.reference_id for item in items if item.state != S.MERGED])
    for item in items:
        row = item.reference
        told = {"title_key": title_key(row.title), "address_key": address_key(row.url)}
        if item.is_automatic and item.state in (S.LISTED, S.UNLISTED):
            told["state"] = S.LISTED if row.pk in cited else S.UNLISTED
        changed = {name: value for name, value in told.items() if getattr(item, name) != value}
        if changed:
            LibraryItem.objects.filter(pk=item.pk).update(**changed)
            for name, value in changed.items():
                setattr(item, name, value)
    listed = [item for item in items if item.state == S.LISTED]
    search.index_many(document_of(item, cited.get(item.reference_id, set())) for item in listed)
    gone = {str(key) for key in keys} - {str(item.reference_id) for item in listed}
    if gone:
        search.remove_many(KIND, gone)
    return len(missing)


def document_of(item: LibraryItem, cited: Collection[str]) -> search.Document:
    """What the search keeps of a listed entry."""
    row = item.reference
    tags = sorted(tag.name for tag in item.tags.all())
    said = [row.authors, row.publisher, item.container, row.site]
    written = [item.abstract, " ".join(tags), item.doi, item.isbn, row.citation]
    return search.Document(
        kind=KIND,
        object_id=str(row.pk),
        title=row.title,
        summary="\n".join(text for text in said if text),
        body="\n".join(text for text in written if text),
        language=base_language(row.language) if row.language else "en",
        facets={
            "kind": [item.publication],
            "year": [row.date[:4]] if row.date else [],
            "language": [base_language(row.language)] if row.language else [],
            "tag": tags,
            "cited": sorted(cited),
        },
        published_at=_moment(row.date),
    )


def _moment(date: str) -> dt.datetime | None:
    """When it appeared, for the order of the list; of a year its first day."""
    found = PATTERN.fullmatch(date)
    if found is None:
        return None
    try:
        return dt.datetime(
            int(found["y"]), int(found["m"] or 1), int(found["d"] or 1), tzinfo=dt.UTC
        )
    except ValueError:
        return None


def astray() -> list[int]:
    """References whose entry is not listed although something public cites it, or the reverse."""
    rows = LibraryItem.objects.filter(is_automatic=True, state__in=(S.LISTED, S.UNLISTED))
    states = dict(rows.values_list("reference", "state"))
    keys, found = list(states), []
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        cited = citing.cited_by(some)
        found += [key for key in some if (key in cited) != (states[key] == S.LISTED)]
    return found
