"""Themes and chapters known from published sources, read from ``community/data``.

A record that is missing is made, with its source; one that exists stays as its people keep it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models, transaction

from community.loading_articles import load_articles
from community.loading_labs import load_labs
from community.models import Chapter, MonthlyTheme
from community.operations.library import load_library
from core.models import AuditEntry
from hubs.loading import load_sources

if TYPE_CHECKING:
    from accounts.models import User
    from claims.models import Reference

DATA = Path(__file__).resolve().parent / "data"
FILE = DATA / "community.json"
#: Everything that is loaded.
FILES = (FILE, DATA / "labs.json", DATA / "articles.json")

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def load_community(*, by: User) -> int:
    """Make what is missing. Returns how many records are new."""
    listed = json.loads(FILE.read_text(encoding="utf-8"))
    sources = load_sources()
    new = sum(
        _make(model, entry, sources, by)
        for model, key in ((MonthlyTheme, "themes"), (Chapter, "chapters"))
        for entry in listed[key]
    )
    new += load_labs(by=by)
    new += load_articles(sources=sources, by=by)
    load_library()
    return new


def _make(model: type[M], entry: dict[str, Any], sources: dict[str, Reference], by: User) -> bool:
    if model._default_manager.filter(slug=entry["slug"]).exists():
        return False
    told = {name: value for name, value in entry.items() if name != "source"}
    record = model(**told, reference=sources[entry["source"]])
    record.full_clean(exclude=["reference"])
    record.save()
    AuditEntry.record(by=by, verb="add_record", target=record)
    return True
