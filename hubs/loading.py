"""Reference data and the hubs known from published sources, read from ``hubs/data``.

The files belong to the product (``DATA-SOURCES.md`` says where each came from). Reference
rows are upserted in bulk: what a release corrects arrives, nothing is deleted, and loading
twice changes nothing. Hubs are created when missing and otherwise left as their people keep
them.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils.functional import cached_property

from accounts.models import Language, User
from core.text import fold
from hubs import operations, reference
from hubs.models import Country, CountryAlias, Goal, Hub, Region, Sector, Target

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
HUB_FILES = ("hubs.json", "sources.json")
#: Names as the portal's languages are coded.
NAME_LANGUAGES = ("en", "fr", "es", "pt", "id", "ar", "zh", "ru")
TEXT_FIELDS = (
    "organisational_model",
    "coordinates",
    "staffing",
    "financing",
    "networks",
    "policy_basis",
    "note",
)


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


def _upsert(objects: Sequence[models.Model], *, key: str) -> int:
    """Write rows in bulk, replacing all columns of those that exist."""
    model = type(objects[0])
    columns = [column.name for column in model._meta.concrete_fields if not column.primary_key]
    model._default_manager.bulk_create(
        objects, update_conflicts=True, unique_fields=[key], update_fields=columns, batch_size=100
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
            key="code",
        ),
        "regions": _upsert(
            [
                Region(code=row["code"], parent_id=row["parent"] or None, names=_names(row))
                for row in rows("regions.csv")
            ],
            key="code",
        ),
        "countries": _upsert([_country(row) for row in rows("countries.csv")], key="iso2"),
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
            key="code",
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
            key="number",
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
            key="code",
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


# --- Sources and hubs ----------------------------------------------------------------------------


class Sources:
    """The documents, pages and references behind a statement, by their key.

    A reference in the data is a key with an optional place in it: ``ch4:section 2``,
    ``page:tika``.
    """

    @cached_property
    def _by_key(self) -> dict[str, dict[str, Any]]:
        return {entry["key"]: entry for entry in document("sources.json")["sources"]}

    def cite(self, pointers: Iterable[str]) -> str:
        """Citations for readers, in one line; places in the same source are named together."""
        places: dict[str, list[str]] = {}
        for pointer in pointers:
            key, place = self._split(pointer)
            places.setdefault(key, []).extend([place] if place else [])
        return "; ".join(
            f"{self._by_key[key]['citation']}, {' and '.join(found)}"
            if found
            else str(self._by_key[key]["citation"])
            for key, found in places.items()
        )

    def _split(self, pointer: str) -> tuple[str, str]:
        """The key and the place: keys of pages and references contain a colon themselves."""
        if pointer in self._by_key:
            return pointer, ""
        key, _colon, place = pointer.rpartition(":")
        return key, place


def hub_entries() -> list[dict[str, Any]]:
    return list(document("hubs.json")["hubs"])


@transaction.atomic
def load_hubs(*, by: User) -> list[Hub]:
    """Create the hubs that are missing, each statement with its source. Returns the new ones."""
    sources = Sources()
    known = set(Hub.objects.values_list("slug", flat=True))
    created = []
    for entry in hub_entries():
        if entry["slug"] in known:
            continue
        hub = Hub(
            slug=entry["slug"],
            name=entry["name"],
            acronym=entry.get("acronym", ""),
            other_names=[name["name"] for name in entry.get("other_names", [])],
            summary=entry["summary"],
            kind=entry["kind"],
            country_id=entry["country"],
            host=entry.get("host", ""),
            founded=entry.get("founded"),
            is_pilot=entry.get("pilot", False),
            facts=list(_facts(entry, sources)),
            sources=_field_sources(entry, sources),
            **{name: entry.get(name, "") for name in TEXT_FIELDS},
        )
        operations.save_hub(hub, by=by)
        if entry.get("sectors"):
            hub.sectors.set(entry["sectors"])
            operations.note_hub(hub)
        created.append(hub)
    return created


def _field_sources(entry: dict[str, Any], sources: Sources) -> dict[str, str]:
    """Field name to citation; ``*`` for all fields that are not named."""
    cited = {name: sources.cite(keys) for name, keys in entry["field_sources"].items()}
    if entry.get("acronym_derived"):
        cited["acronym"] = "Short form added by the editors."
    return cited


def _facts(entry: dict[str, Any], sources: Sources) -> Iterator[dict[str, Any]]:
    """Every statement with its citation; what was concluded here says so."""
    for fact in entry["facts"]:
        yield {
            **{key: value for key, value in fact.items() if key != "sources"},
            "source": sources.cite(fact["sources"]),
            "source_keys": fact["sources"],
        }
