"""Changes to more than one record of events: each one call, atomic, in the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from core.models import AuditEntry, AuditHead
from events import finding
from events.choices import Progress
from events.models import Commitment, CommitmentUpdate, Event
from events.signals import commitment_updated

if TYPE_CHECKING:
    from accounts.models import User
    from claims.models import Reference


@transaction.atomic
def add_update(
    commitment: Commitment,
    *,
    by: User,
    progress: str,
    text: str,
    happened_on: str = "",
    reference: Reference | None = None,
    place: str = "",
    fulfilled_by: Event | None = None,
    is_derived: bool = False,
) -> CommitmentUpdate:
    """File what happened, with its evidence. The commitment takes over its progress.

    A commitment that is complete has the date of the update as its own; one that is found
    not to be complete after all loses it. Whoever says more than "nothing yet" names the
    evidence.
    """
    if not by.has_perm("events.change_event", commitment):
        raise PermissionDenied
    if progress not in (Progress.NO_EVIDENCE, Progress.NOT_STARTED) and not (
        reference or fulfilled_by
    ):
        raise ValidationError(
            {"reference": _("Choose the source that shows it, or the event that fulfilled it.")}
        )
    if progress == Progress.COMPLETE and not happened_on:
        raise ValidationError({"happened_on": _("Say when it was fulfilled.")})
    AuditHead.hold()
    row = Commitment.objects.select_for_update().get(pk=commitment.pk)
    update = CommitmentUpdate(
        commitment=row,
        progress=progress,
        text=text,
        happened_on=happened_on,
        reference=reference,
        place=place,
        fulfilled_by_event=fulfilled_by,
        is_derived=is_derived,
        by=by,
    )
    update.full_clean(exclude=["commitment", "by"])
    update.save()
    row.progress = progress
    row.fulfilled_on = happened_on if progress == Progress.COMPLETE else ""
    row.save(update_fields=["progress", "fulfilled_on"])
    AuditEntry.record(by=by, verb="update_commitment", target=row, progress=progress)
    commitment.progress, commitment.fulfilled_on = row.progress, row.fulfilled_on
    finding.note(row.event)
    commitment_updated.send(Commitment, commitment=row, update=update, by=by)
    return update
