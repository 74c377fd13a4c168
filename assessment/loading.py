"""The editions of the self-assessment that come with the portal, from ``assessment/data``.

An edition that is here already keeps its words, whatever became of its file: people answered
them. What a release corrects comes as a file with a new version number, and so as a new edition;
portal moderators put it in force. Only the very first is in force at once, so that hubs can
begin. Translations arrive at any time, for sentences that still say the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from assessment.models import Dimension, Framework, Statement

DATA = Path(__file__).resolve().parent / "data"
FILES = ("framework-1.0.json",)

DIMENSION_TEXTS = ("title", "short", "text")
STATEMENT_TEXTS = ("text", "proof", "step")


def document(name: str) -> dict[str, Any]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@transaction.atomic
def load_framework() -> list[Framework]:
    """Bring in the editions that are missing, and translations. Returns the new editions.
    Repeating it changes nothing."""
    loaded = (_load(document(name)) for name in FILES)
    return [framework for framework in loaded if framework is not None]


def _load(data: dict[str, Any]) -> Framework | None:
    first = not Framework.objects.exclude(state=Framework.State.DRAFT).exists()
    values: dict[str, Any] = {"note": data["note"]}
    if first:
        values |= {"state": Framework.State.IN_FORCE, "in_force_since": timezone.now()}
    framework, created = Framework.objects.get_or_create(version=data["version"], defaults=values)
    if created:
        _write(framework, data["dimensions"])
        return framework
    _translate(framework, data["dimensions"])
    return None


def _write(framework: Framework, dimensions: Sequence[dict[str, Any]]) -> None:
    for place, entry in enumerate(dimensions, start=1):
        dimension = Dimension.objects.create(
            framework=framework,
            code=entry["code"],
            position=place,
            translations=entry.get("translations", {}),
            **{name: entry[name] for name in DIMENSION_TEXTS},
        )
        Statement.objects.bulk_create(
            Statement(
                dimension=dimension,
                code=row["code"],
                level=row["level"],
                effort=row["effort"],
                position=position,
                translations=row.get("translations", {}),
                **{name: row[name] for name in STATEMENT_TEXTS},
            )
            for position, row in enumerate(entry["statements"], start=1)
        )


def _translate(framework: Framework, dimensions: Sequence[dict[str, Any]]) -> None:
    """Take over translations of what says the same in English here and in the file."""
    rows = {row.code: row for row in framework.dimensions.prefetch_related("statements")}
    for entry in dimensions:
        dimension = rows.get(entry["code"])
        if dimension is None:
            continue
        _take_over(dimension, entry, DIMENSION_TEXTS)
        statements = {row.code: row for row in dimension.statements.all()}
        for given in entry["statements"]:
            if given["code"] in statements:
                _take_over(statements[given["code"]], given, STATEMENT_TEXTS)


def _take_over(row: Dimension | Statement, entry: dict[str, Any], texts: Sequence[str]) -> None:
    translations = entry.get("translations", {})
    same = all(getattr(row, name) == entry[name] for name in texts)
    if same and translations and row.translations != translations:
        row.translations = translations
        row.save(update_fields=["translations"])
