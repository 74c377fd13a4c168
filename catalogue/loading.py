"""Records taken over from published sources, and examples to try, from ``catalogue/data``.

Two collections: practices named in the documents behind the hubs, and entries of the Digital
Public Goods registry. They enter through the catalogue's own operation for imports, so they
carry a number, a frozen version and a line in the audit like every other record, and no
label. What the sources do not say stays empty. An entry is taken over once: what happened to
the record afterwards is left alone.

Examples are work in progress of the demonstration accounts: a draft, submissions that wait,
one given back. They are invented, say so in their title, and are not published from here. What
the validation shows by examples is made by ``validation.demonstration`` with ``begin_example``:
those pass screening and become public, carry the mark “Example” everywhere, and stand behind
everything real in every list.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from catalogue import fields as f
from catalogue import operations
from catalogue.choices import Form, Licence
from catalogue.models import BuildingBlock, Evidence, Indicator, Solution, Submission
from core.richtext import from_text
from hubs.models import Hub

if TYPE_CHECKING:
    from accounts.models import User

DATA = Path(__file__).resolve().parent / "data"
FILES = ("practices.json", "dpg.json", "examples.json")
#: Turns the name of an entry into the key that makes taking it over repeatable.
NAMESPACE = uuid.UUID("6f2f4f0e-6f0c-5d3a-9a3b-2f0d8f6f5a51")

_PLAIN = (
    "title",
    "summary",
    "kind",
    "area",
    "scale",
    "started_on",
    "ended_on",
    "is_running",
    "stage",
    "owner_institution",
    "cost_unit_name",
    "cost_currency",
    "cost_year",
    "cost_payers",
    "modalities",
    "offer_materials",
    "personal_data",
    "editors_note",
)
_MONEY = ("cost_total", "cost_unit")
_RICH = tuple(item.name for item in f.FIELDS if item.kind == f.RICH)

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Collection:
    """A file of entries: the name readers see, where they came from, under which licence."""

    name: str
    source: str
    entries: list[dict[str, Any]]
    licence: str = Licence.CC_BY
    licence_note: str = ""


def practices() -> Collection:
    data = _read("practices.json")
    return Collection(data["collection"], data["about"], data["practices"])


def registry() -> Collection:
    data = _read("dpg.json")
    return Collection(
        data["collection"],
        data["attribution"],
        data["entries"],
        licence=Licence.OTHER,
        licence_note=data["licence_note"],
    )


def _read(name: str) -> dict[str, Any]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def key_of(collection: str, slug: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{collection}/{slug}")


def take_over(collection: Collection, *, by: User, report: Report = lambda _line: None) -> int:
    """Publish the entries that are not here yet, as ``by``. Returns how many were new."""
    known = set(Solution.objects.filter(owner=by).values_list("form_key", flat=True))
    hubs = Hub.objects.in_bulk(field_name="slug")
    new = [e for e in collection.entries if key_of(collection.name, e["slug"]) not in known]
    for number, entry in enumerate(new, start=1):
        _take_over_one(entry, collection, by=by, hubs=hubs)
        if number % 20 == 0:
            report(f"{collection.name}: {number} of {len(new)}")
    return len(new)


@transaction.atomic
def _take_over_one(
    entry: dict[str, Any], collection: Collection, *, by: User, hubs: dict[str, Hub]
) -> Solution:
    solution = Solution.objects.create(
        owner=by,
        form_key=key_of(collection.name, entry["slug"]),
        language_id=entry["language"],
        hub=hubs[entry["hub"]] if "hub" in entry else None,
        collection=collection.name,
        licence=collection.licence,
        licence_note=collection.licence_note,
        **_values(entry),
    )
    _write_rows(solution, entry)
    operations.import_solution(solution, by=by, source=collection.source)
    return solution


def _values(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the record that an entry fills."""
    return (
        {name: entry[name] for name in _PLAIN if name in entry}
        | {name: from_text(entry[name]) for name in _RICH if name in entry}
        | {name: Decimal(entry[name]) for name in _MONEY if name in entry}
    )


def _write_rows(solution: Solution, entry: Mapping[str, Any]) -> None:
    """What hangs on the record: choices from lists, tags, blocks, indicators, evidence."""
    for name in ("sectors", "goals", "targets", "countries"):
        if entry.get(name):
            getattr(solution, name).set(entry[name])
    if entry.get("tags"):
        solution.tags.add(*entry["tags"])
    BuildingBlock.objects.bulk_create(_parts(BuildingBlock, solution, entry.get("blocks", [])))
    Indicator.objects.bulk_create(_parts(Indicator, solution, entry.get("indicators", [])))
    Evidence.objects.bulk_create(_parts(Evidence, solution, entry.get("evidence", [])))


def _parts(model: Any, solution: Solution, rows: Iterable[dict[str, Any]]) -> list[Any]:
    return [
        model(
            solution=solution,
            position=position,
            **{
                ("language_id" if name == "language" else name): value
                for name, value in row.items()
                if name != "source" or model is Indicator
            },
        )
        for position, row in enumerate(rows)
    ]


# --- Examples --------------------------------------------------------------------------------


def make_examples(people: Mapping[str, User], *, desk: str) -> int:
    """Make the examples that are missing. ``people`` are accounts by role, ``desk`` is the
    role that gives back what is to be given back. Returns how many were new."""
    hubs = Hub.objects.in_bulk(field_name="slug")
    made = 0
    for entry in _read("examples.json")["examples"]:
        owner = people[entry["owner"]]
        key = key_of("examples", entry["slug"])
        if not Solution.objects.filter(owner=owner, form_key=key).exists():
            _make_example(entry, key=key, owner=owner, desk=people[desk], hub=hubs[entry["hub"]])
            made += 1
    return made


@transaction.atomic
def _make_example(
    entry: dict[str, Any], *, key: uuid.UUID, owner: User, desk: User, hub: Hub
) -> None:
    is_draft = entry["state"] == "draft"
    solution = begin_example(entry, key=key, owner=owner, hub=hub, complete=not is_draft)
    if is_draft:
        return
    submission = operations.submit_solution(solution, by=owner, form=Form.SNAPSHOT)
    if entry["state"] == "returned":
        submission = Submission.objects.get(pk=submission.pk)  # with the record as it now stands
        remarks = {remark["field"]: remark["text"] for remark in entry["remarks"]}
        operations.set_remarks(submission, by=desk, remarks=remarks)
        operations.return_submission(submission, by=desk, note=entry["note"])


def begin_example(
    entry: Mapping[str, Any], *, key: uuid.UUID, owner: User, hub: Hub, complete: bool
) -> Solution:
    """A draft filled from an entry and marked as an example; with ``complete`` it also has what
    the desk asks for: consent and a contact. Call inside a transaction."""
    solution = operations.start_solution(by=owner, form_key=key, hub=hub, title=entry["title"])
    operations.claim_revision(solution, by=owner, base=solution.revision)
    values = _values(entry) | {"is_example": True}
    if complete:
        values |= {
            "consent": True,
            "contact_name": "Contact for verification (example)",
            "contact_email": "contact@demo.example",
        }
    Solution.objects.filter(pk=solution.pk).update(**values)
    solution = Solution.objects.get(pk=solution.pk)
    _write_rows(solution, entry)
    return solution
