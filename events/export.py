"""Commitments as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from events import tracker
from events.models import Commitment

AT_ONCE = 200


def header() -> list[str]:
    return [
        _("Number"), _("Kind"), _("Commitment"), _("Words of the source"), _("Event"),
        _("Owners"), _("Due, as written"), _("Due"), _("Date worked out by the editors"),
        _("Status"), _("Overdue"), _("Fulfilled on"), _("What happened"), _("Evidence"),
        _("Source"), _("Address"),
    ]  # fmt: skip


def row_of(commitment: Commitment, *, is_overdue: bool, site: str) -> list[Any]:
    updates = list(commitment.updates.all())
    latest = updates[0] if updates else None
    evidence = latest.reference if latest else None
    return [
        commitment.number,
        commitment.get_kind_display(),
        commitment.text,
        commitment.quoted,
        commitment.event.name,
        "; ".join(owner.name for owner in commitment.owners.all()),
        commitment.due_as_written,
        commitment.due,
        _("Yes") if commitment.due_is_derived else "",
        commitment.standing.label,
        _("Yes") if is_overdue else "",
        commitment.fulfilled_on,
        latest.text if latest else "",
        evidence.citation if evidence else "",
        commitment.reference.citation if commitment.reference else "",
        site + commitment.get_absolute_url(),
    ]


def rows_of(found: Sequence[tracker.Row], site: str) -> Iterator[list[Any]]:
    """The table, read in portions so that a long one needs little memory."""
    yield header()
    late = {row.pk: row.is_overdue for row in found}
    keys = list(late)
    for start in range(0, len(keys), AT_ONCE):
        for commitment in tracker.in_full(keys[start : start + AT_ONCE]):
            yield row_of(commitment, is_overdue=late[commitment.pk], site=site)
