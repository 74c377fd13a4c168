"""The list of reviewers: who is on it, and what they may be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from core.models import AuditEntry
from validation.operations.common import must

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.models import User
    from hubs.models import Sector
    from validation.models import Reviewer

#: What of an entry may be changed, and is recorded when it is.
FACTS = ("may_chair", "is_active", "most_open", "note")


def keep_reviewer(entry: Reviewer, *, by: User, sectors: Collection[Sector]) -> Reviewer:
    """Put somebody on the list of reviewers, or change what they may be asked for.

    Who may chair comes to the desk by it, so every change stands in the audit.
    """
    must(by.is_active and by.is_staff)
    is_new = entry.pk is None
    with transaction.atomic():
        entry.save()
        entry.sectors.set(sectors)
        AuditEntry.record(
            by=by,
            verb="list_reviewer" if is_new else "change_reviewer",
            target=entry,
            **_facts(entry),
            sectors=sorted(sector.pk for sector in sectors),
        )
    return entry


def _facts(entry: Reviewer) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in FACTS}
