"""Reference data and the hubs known from published sources, read from ``hubs/data``.

The files belong to the product (``DATA-SOURCES.md`` says where each came from). Reference
rows, sources, contradictions and lessons are upserted: what a release corrects arrives,
nothing is deleted, and loading twice changes nothing. Hubs are created when missing and
otherwise left as their people keep them.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import models, transaction

from accounts.models import Language, User
from claims.models import Contradiction, Reference
from core.text import fold
from hubs import operations, reference
from hubs.models import (
    Country,
    CountryAlias,
    Goal,
    Hub,
    HubClaim,
    Lesson,
    LessonHub,
    Region,
    Sector,
    Target,
)
from hubs.topics import TOPICS

DATA = Path(__file__).resolve().parent / "data"
REFERENCE_FILES = (
    "regions.csv",
    "countries.csv",
    "country-aliases.csv",
    "sectors.json",
    "sdg-goals.csv",
    "sdg-targets.csv",
    "languages.csv",
)
HUB_FILES = ("hubs.json", "lessons.json", "sources.json")
#: Names as the portal's languages are coded.
NAME_LANGUAGES = ("en", "fr", "es", "pt", "id", "ar", "zh", "ru")
#: What an entry gives for columns of the hub of the same name.
COLUMNS = (
    "name", "acronym", "summary", "kind", "model", "functions", "modalities", "languages",
    "website",
)  # fmt: skip
#: What an entry gives for columns of a statement of the same name.
CLAIM_TEXTS = (
    "topic", "label", "text", "unit", "qualifier", "starts", "ends", "as_of", "role", "actor",
    "country", "status", "place", "note", "conflict", "derived",
)  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def document(name: str) -> dict[str, Any]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 over names and bytes of files: whether they are what was loaded before."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _names(row: dict[str, str], prefix: str = "name_") -> dict[str, str]:
    return {code: name for code in NAME_LANGUAGES if (name := row.get(f"{prefix}{code}"))}


def _upsert(objects: Sequence[models.Model], *key: str) -> int:
    """Write rows in bulk, replacing all columns of those that exist, which ``key`` tells."""
    model = type(objects[0])
    columns = [
        column.name
        for column in model._meta.concrete_fields
        if not column.primary_key and column.name not in key
    ]
    model._default_manager.bulk_create(
        objects, update_conflicts=True, unique_fields=key, update_fields=columns, batch_size=100
    )
    return len(objects)


# --- Reference data --------------------------------------------------------------------------


@transaction.atomic
def load_reference() -> dict[str, int]:
    """Upsert regions, countries and their other names, sectors, goals, targets, languages.

    Returns the number of rows by kind.
    """
    counts = {
        "languages": _upsert(
            [
                Language(
                    code=row["code"],
                    name=row["name_en"],
                    native_name=row["native_name"],
                    direction=row["direction"],
                )
                for row in rows("languages.csv")
            ],
            "code",
        ),
        "regions": _upsert(
            [
                Region(code=row["code"], parent_id=row["parent"] or None, names=_names(row))
                for row in rows("regions.csv")
            ],
            "code",
        ),
        "countries": _upsert([_country(row) for row in rows("countries.csv")], "iso2"),
        "aliases": _load_aliases(),
        "sectors": _upsert(
            [
                Sector(
                    code=entry["slug"],
                    names=entry["names"],
                    dac_categories=entry["categories"],
                    crs_purposes=entry["purposes"],
                    position=position,
                )
                for position, entry in enumerate(document("sectors.json")["sectors"], start=1)
            ],
            "code",
        ),
        "goals": _upsert(
            [
                Goal(
                    number=int(row["number"]),
                    names=_names(row, "short_"),
                    titles=_names(row, "title_"),
                    colour=row["colour"],
                )
                for row in rows("sdg-goals.csv")
            ],
            "number",
        ),
        "targets": _upsert(
            [
                Target(
                    code=row["code"],
                    goal_id=int(row["goal"]),
                    names=_names(row, "text_"),
                    position=position,
                )
                for position, row in enumerate(rows("sdg-targets.csv"), start=1)
            ],
            "code",
        ),
    }
    reference.forget()  # for what follows in this transaction …
    transaction.on_commit(reference.forget)  # … and for what was read meanwhile
    return counts


def _country(row: dict[str, str]) -> Country:
    return Country(
        iso2=row["iso2"],
        iso3=row["iso3"],
        m49=row["m49"],
        region_id=row["region_code"] or None,
        subregion_id=row["subregion_code"] or None,
        income=row["income"],
        latitude=float(row["lat"]) if row["lat"] else None,
        longitude=float(row["lon"]) if row["lon"] else None,
        name_sort=fold(row["name_en"])[:100],
        names=_names(row),
    )


def _load_aliases() -> int:
    """Add the other names that are missing, one for each folded form."""
    wanted: dict[tuple[str, str], str] = {}
    for row in rows("country-aliases.csv"):
        if folded := fold(row["alias"]):
            wanted.setdefault((row["iso2"], folded), row["alias"])
    known = set(CountryAlias.objects.values_list("country_id", "folded"))
    CountryAlias.objects.bulk_create(
        [
            CountryAlias(country_id=country, folded=folded, alias=alias)
            for (country, folded), alias in wanted.items()
            if (country, folded) not in known
        ],
        ignore_conflicts=True,
        batch_size=200,
    )
    return len(wanted)


# --- Countries as sources write them -----------------------------------------------------------


@dataclass(slots=True)
class Resolution:
    """Country codes found for names, and the names a person must look at."""

    codes: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)


def resolve_countries(names: Iterable[str]) -> Resolution:
    """Find countries by any of their names; what fits none or several is never guessed."""
    found = Resolution()
    folded = {name: fold(name) for name in names}
    table: dict[str, set[str]] = defaultdict(set)
    for form, code in CountryAlias.objects.filter(folded__in=set(folded.values())).values_list(
        "folded", "country_id"
    ):
        table[form].add(code)
    for name, form in folded.items():
        codes = sorted(table[form]) if form else []
        if len(codes) == 1:
            found.codes[name] = codes[0]
        elif codes:
            found.ambiguous[name] = codes
        else:
            found.unknown.append(name)
    return found


# --- Sources, hubs and lessons -------------------------------------------------------------------


def source_entries() -> list[dict[str, Any]]:
    return list(document("sources.json")["sources"])


def hub_entries() -> list[dict[str, Any]]:
    return list(document("hubs.json")["hubs"])


def lesson_entries() -> list[dict[str, Any]]:
    return list(document("lessons.json")["lessons"])


@transaction.atomic
def load_sources() -> dict[str, Reference]:
    """Upsert the references of the data, and return them by the keys the data has for them.

    One that was cited before in the same words is taken over under the key it has, for
    revisions name it by that key. What the data does not give, like an address an editor
    found, stays.
    """
    rows = Reference.objects.select_related("merged_into").order_by("pk")
    known = {row.key: row for row in rows}
    cited = {row.citation: row for row in reversed(known.values())}
    found = {}
    for entry in source_entries():
        key = entry["key"]
        row = known.get(key) or cited.get(entry["citation"]) or Reference(key=key)
        if row.merged_into is not None:  # what moderators found to be one stays one
            found[key] = row.merged_into
            continue
        values = _source(entry)
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
        found[key] = row
    return found


def _source(entry: dict[str, Any]) -> dict[str, str]:
    """What an entry gives for columns of a reference."""
    values = {
        "kind": entry["kind"],
        "title": entry["title"],
        "citation": entry["citation"],
        "authors": entry.get("authors") or entry.get("author"),
        "date": entry.get("date") or entry.get("year"),
        **{name: entry.get(name) for name in ("publisher", "site", "url", "language", "note")},
    }
    return {name: str(value) for name, value in values.items() if value}


def load_contradictions() -> dict[str, Contradiction]:
    """Upsert the places where the sources disagree, and return them by their key."""
    _upsert(
        [
            Contradiction(
                key=entry["id"],
                what=entry["what"],
                kind=entry["kind"],
                sources="; ".join(entry["sources"]),
                position=position,
            )
            for position, entry in enumerate(document("sources.json")["contradictions"], start=1)
        ],
        "key",
    )
    return {row.key: row for row in Contradiction.objects.all()}


@transaction.atomic
def load_hubs(*, by: User) -> list[Hub]:
    """Create the hubs that are missing, each statement with its source, and load the lessons
    they show. Returns the new ones."""
    references, contradictions = load_sources(), load_contradictions()
    known = set(Hub.objects.values_list("slug", flat=True))
    created = []
    for entry in hub_entries():
        if entry["slug"] in known:
            continue
        hub = Hub(
            slug=entry["slug"],
            country_id=entry.get("country"),
            region_id=entry.get("region"),
            is_pilot=entry.get("pilot", False),
            **{name: entry[name] for name in COLUMNS if name in entry},
        )
        claims = [_claim(row, references, contradictions) for row in entry["claims"]]
        created.append(
            operations.create_hub(hub, by=by, sectors=entry.get("sectors", ()), claims=claims)
        )
    load_lessons(references)
    return created


def _claim(
    row: dict[str, Any],
    references: dict[str, Reference],
    contradictions: dict[str, Contradiction],
) -> HubClaim:
    """One statement of the data. ``value`` is a number that is both bounds."""
    values = {name: row[name] for name in CLAIM_TEXTS if name in row}
    low, high = row.get("low", row.get("value")), row.get("high", row.get("value"))
    topic = TOPICS[row["topic"]]
    if (low, high) != (None, None):
        values.setdefault("unit", topic.unit)
    return HubClaim(
        low=low if low is None else Decimal(str(low)),
        high=high if high is None else Decimal(str(high)),
        reference=references[row["source"]],
        is_preferred=row.get("preferred", False),
        contradiction=contradictions[row["contradiction"]] if "contradiction" in row else None,
        **values,
    )


@transaction.atomic
def load_lessons(references: Mapping[str, Reference] | None = None) -> int:
    """Upsert the findings on hubs in general, and which hubs show them. Returns their number.

    A hub that became part of another shows its lessons there; one that is gone shows none.
    """
    references = load_sources() if references is None else references
    entries = lesson_entries()
    count = _upsert(
        [
            Lesson(
                kind=entry["kind"],
                number=entry["number"],
                title=entry["title"],
                text=entry["text"],
                reference=references[entry["source"]],
                place=entry["place"],
            )
            for entry in entries
        ],
        "kind",
        "number",
    )
    lessons = {(lesson.kind, lesson.number): lesson.pk for lesson in Lesson.objects.all()}
    hubs = {
        slug: kept or pk for slug, pk, kept in Hub.objects.values_list("slug", "pk", "merged_into")
    }
    shown = {
        (lessons[entry["kind"], entry["number"]], hubs[example["hub"]]): example["how"]
        for entry in entries
        for example in entry["hubs"]
        if example["hub"] in hubs
    }
    if shown:
        _upsert(
            [
                LessonHub(lesson_id=lesson, hub_id=hub, text=text)
                for (lesson, hub), text in shown.items()
            ],
            "lesson",
            "hub",
        )
    return count
