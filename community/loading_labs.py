"""Living labs known from published sources, read from ``community/data/labs.json``.

One that is missing is made if its pilot hub is there; one that exists stays as its people keep it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from community.models import LivingLab
from core.models import AuditEntry
from hubs.loading import load_sources
from hubs.models import Hub

if TYPE_CHECKING:
    from accounts.models import User

FILE = Path(__file__).resolve().parent / "data" / "labs.json"


@transaction.atomic
def load_labs(*, by: User) -> int:
    """Make what is missing. Returns how many labs are new."""
    listed = json.loads(FILE.read_text(encoding="utf-8"))["labs"]
    hubs = {hub.slug: hub for hub in Hub.objects.filter(slug__in=[row["hub"] for row in listed])}
    there = set(LivingLab.objects.values_list("slug", flat=True))
    sources, new = load_sources(), 0
    for row in listed:
        hub = hubs.get(row["hub"])
        if hub is None or row["slug"] in there:
            continue
        told = {name: value for name, value in row.items() if name not in {"source", "hub"}}
        # A hub that became part of another hosts nothing any more; the other one does.
        lab = LivingLab(**told, hub=hub.merged_into or hub, reference=sources[row["source"]])
        lab.full_clean(exclude=["reference", "hub"])
        lab.save()
        AuditEntry.record(by=by, verb="add_record", target=lab)
        new += 1
    return new
