"""Lay Common Solution Criteria 1.0 and let it judge what was submitted before sets were rows.

Everything submitted until now was screened by this edition: there was no other. The data file
of a numbered edition never changes, so it may be read here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.db import migrations
from django.db.models import Min
from django.utils import timezone

FILE = Path(__file__).parent.parent / "data" / "criteria-1.0.json"


def lay(apps: Any, schema_editor: Any) -> None:
    CriteriaSet = apps.get_model("catalogue", "CriteriaSet")
    Submission = apps.get_model("catalogue", "Submission")
    content = json.loads(FILE.read_text(encoding="utf-8"))
    spelling = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    first = Submission.objects.aggregate(first=Min("submitted_at"))["first"]
    row, _created = CriteriaSet.objects.get_or_create(
        family="common",
        version="1.0",
        hub=None,
        defaults={
            "name": content["name"],
            "content": content,
            "content_hash": hashlib.sha256(spelling.encode()).hexdigest(),
            "state": "in_force",
            "in_force_from": first or timezone.now(),
        },
    )
    Submission.objects.filter(criteria_set=None).update(criteria_set=row)


def take_back(apps: Any, schema_editor: Any) -> None:
    """Submissions forget their set; the sets go with their table."""
    apps.get_model("catalogue", "Submission").objects.update(criteria_set=None)
    apps.get_model("catalogue", "CriteriaSet").objects.filter(
        family="common", version="1.0", hub=None, submissions=None, tightened_by=None
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_criteria_sets")]

    operations = [migrations.RunPython(lay, take_back)]
