"""The content of a record as one document: frozen, hashed, compared, checked.

``content`` maps each public field of ``catalogue.fields`` to a JSON value:

* text, rich, choice, date: a string ("" when empty; rich text is cleaned HTML)
* number: a string as written, or None; flag: true or false
* one: a code (language), ``{"slug", "name"}`` (hub) or ``{"reference", "title"}`` (lineage)
* many: a list of codes; tags and modalities as their words
* rows: a list of objects; evidence carries its reference "E1", "E2" … and, when open, its
  link and file

plus ``translations`` (language to texts, quality and the fingerprint of their source).
``private`` holds the contact for verification and the link and file of restricted evidence.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue import fields as f
from catalogue.choices import Access, Form

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from catalogue.models import Evidence, Solution

Content = dict[str, Any]


def canonical(value: Any) -> bytes:
    """One spelling of a JSON value, for fingerprints: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def fingerprint(*values: Any) -> str:
    """SHA-256 over the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(list(values))).hexdigest()


@dataclass(frozen=True, slots=True)
class Document:
    """What a record says now, in the shape in which it is frozen."""

    content: Content
    private: Content = field(default_factory=dict)

    @property
    def hash(self) -> str:
        return fingerprint(self.content, self.private)


def document_of(solution: Solution) -> Document:
    """Read the working copy. A fixed number of queries, whatever the number of rows."""
    content: Content = {}
    private: Content = {}
    for item in f.FIELDS:
        value = _value(solution, item)
        (private if item.private else content)[item.name] = value
    content["evidence"], private["evidence"] = _evidence(solution)
    private["team"] = [
        row.user_id for row in solution.contributors.all() if row.user_id is not None
    ]
    content["translations"] = {
        row.language_id: {
            "texts": row.texts,
            "quality": row.quality,
            "source_hash": row.source_hash,
        }
        for row in solution.translations.all()
    }
    content["collection"] = solution.collection
    content["is_example"] = solution.is_example
    return Document(content, private)


def with_parts(solutions: QuerySet[Solution]) -> QuerySet[Solution]:
    """All that ``document_of`` reads, in a fixed number of queries for the whole set."""
    return solutions.select_related(  # type: ignore[misc]  # taggit
        "hub", "adapted_from__public_version"
    ).prefetch_related(
        "sectors",
        "goals",
        "targets",
        "countries",
        "tags",
        "offer_languages",
        "blocks",
        "indicators",
        "contributors",
        "translations",
        "evidence__file",
    )


def _value(solution: Solution, item: f.Field) -> Any:
    name = item.name
    match item.kind:
        case f.NUMBER:
            value = getattr(solution, name)
            return (
                None
                if value is None
                else format(value, "f")
                if name.startswith("cost_") and name != "cost_year"
                else str(value)
            )
        case f.FLAG:
            return bool(getattr(solution, name))
        case f.ONE:
            return _one(solution, name)
        case f.MANY:
            if name == "modalities":
                return list(solution.modalities)
            if name == "tags":
                return sorted(tag.name for tag in solution.tags.all())
            return [row.pk for row in getattr(solution, name).all()]
        case f.ROWS:
            return [] if name == "evidence" else _rows(solution, name)
        case _:
            return str(getattr(solution, name))


def _one(solution: Solution, name: str) -> Any:
    if name == "language":
        return solution.language_id
    if name == "hub":
        hub = solution.hub
        return hub and {"slug": hub.slug, "name": hub.name, "short": hub.short}
    origin = solution.adapted_from
    if origin is None or origin.public_version is None:
        return None
    return {"reference": origin.reference, "title": origin.public_version.content["title"]}


ROW_FIELDS: dict[str, tuple[str, ...]] = {
    "blocks": ("title", "purpose", "enabling", "lessons", "role"),
    "indicators": (
        "name",
        "unit",
        "baseline",
        "baseline_on",
        "latest",
        "latest_on",
        "source",
        "disaggregation",
    ),
    "contributors": ("name", "role", "organisation"),
}


def _rows(solution: Solution, name: str) -> list[Content]:
    return [
        {column: getattr(row, column) for column in ROW_FIELDS[name]}
        for row in getattr(solution, name).all()
    ]


def _evidence(solution: Solution) -> tuple[list[Content], dict[str, Content]]:
    """Public rows, and the sources of restricted ones by their reference."""
    public, restricted = [], {}
    is_read = "evidence" in getattr(solution, "_prefetched_objects_cache", {})
    rows = solution.evidence.all() if is_read else solution.evidence.select_related("file")
    for number, row in enumerate(rows, start=1):
        ref = f"E{number}"
        public.append(
            {
                "ref": ref,
                "title": row.title,
                "kind": row.kind,
                "author": row.author,
                "dated_on": row.dated_on,
                "language": row.language_id or "",
                "criteria": list(row.criteria),
                "access": row.access,
                **(_source(row) if row.access == Access.OPEN else {"url": "", "file": None}),
            }
        )
        if row.access != Access.OPEN:
            restricted[ref] = _source(row)
    return public, restricted


def _source(row: Evidence) -> Content:
    stored = row.file
    return {
        "url": row.url,
        "file": stored
        and {
            "key": str(stored.key),
            "name": stored.name,
            "content_type": stored.content_type,
            "size": stored.size,
            "sha256": stored.sha256,
        },
    }


# --- Completeness ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that must be added before the record can be submitted in that form."""

    field: str
    page: str
    message: str


def gaps(document: Document, form: str) -> list[Gap]:
    """What is missing for this form, in the order of the pages. Empty: it can be submitted."""
    both = document.content | {
        k: v for k, v in document.private.items() if k in f.BY_NAME and f.BY_NAME[k].private
    }
    found = [
        Gap(item.name, item.page, _("Add: %(field)s") % {"field": item.label})
        for item in f.FIELDS
        if item.needed_for(form) and both[item.name] in ("", None, [], False)
    ]
    found += _time_gaps(document.content)
    found += _row_gaps(document)
    blocks = len(document.content["blocks"])
    if form == Form.FULL and 0 < blocks < f.MIN_BLOCKS:
        found.append(
            Gap(
                "blocks",
                "approach",
                ngettext(
                    "Describe at least %(n)d building block.",
                    "Describe at least %(n)d building blocks.",
                    f.MIN_BLOCKS,
                )
                % {"n": f.MIN_BLOCKS},
            )
        )
    return sorted(found, key=lambda gap: f.PAGE_CODES.index(gap.page))


def _time_gaps(content: Content) -> list[Gap]:
    """Start and end that do not go together."""
    start, end = content["started_on"], content["ended_on"]
    found = []
    if content["is_running"] and end:
        found.append(
            Gap("ended_on", "place", _("Give an end, or say that it is still running, not both."))
        )
    if start and not end and not content["is_running"]:
        found.append(
            Gap("is_running", "place", _("Say that it is still running, or when it ended."))
        )
    if start and end and end < start[: len(end)]:
        found.append(Gap("ended_on", "place", _("The end lies before the start.")))
    return found


#: What a row must say to be of use; a row left half empty is a gap in every form.
ROW_NEEDS: dict[str, tuple[str, ...]] = {
    "blocks": ("title", "purpose", "role"),
    "indicators": ("name", "latest"),
    "evidence": ("title", "kind"),
    "contributors": ("name", "role"),
}


def _row_gaps(document: Document) -> list[Gap]:
    """Rows that somebody began and did not finish, each with its number."""
    found = []
    for name, needs in ROW_NEEDS.items():
        item = f.BY_NAME[name]
        for number, row in enumerate(document.content[name], start=1):
            lacks = any(not row[column] for column in needs)
            if name == "evidence":
                source = document.private["evidence"].get(row["ref"], row)
                lacks = lacks or not (source["url"] or source["file"])
            if lacks:
                text = _("Finish number %(number)d of: %(field)s")
                found.append(Gap(name, item.page, text % {"number": number, "field": item.label}))
    return found


# --- Translations ------------------------------------------------------------------------


def source_hash(content: Content) -> str:
    """Fingerprint of the texts a translation is made from."""
    return fingerprint(
        {item.name: content.get(item.name, "") for item in f.FIELDS if item.translatable}
    )


def translated(content: Content, language: str) -> Content:
    """The content with the texts of one language laid over it; the rest stays as it is."""
    entry = content.get("translations", {}).get(language)
    if not entry:
        return content
    texts = {name: text for name, text in entry["texts"].items() if text and name in f.BY_NAME}
    return content | texts


def is_outdated(content: Content, language: str) -> bool:
    """Whether the text has changed since the translation was made."""
    entry = content.get("translations", {}).get(language)
    return bool(entry) and entry["source_hash"] != source_hash(content)


# --- Differences -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two versions."""

    field: str
    before: Any
    after: Any


def changes(before: Content, after: Content) -> list[Change]:
    """The fields that differ, in the order of the form; translations last."""
    names = [item.name for item in f.FIELDS if not item.private] + ["translations"]
    return [
        Change(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]
