"""What becomes of a label: issued, suspended, restored, revoked, replaced."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue import finding
from catalogue.models import Solution
from core.errors import DomainError
from core.models import AuditEntry, AuditHead, Counter
from validation import choices as c
from validation.clock import PORTAL
from validation.documents import document_of
from validation.judging import Panel
from validation.models import Case, Decision, Record
from validation.operations.common import (
    audit_data,
    lock,
    must,
    periods,
    require_text,
    sync,
    uninvolved,
)
from validation.signing import sign

if TYPE_CHECKING:
    from accounts.models import User

MONTHS = {c.Outcome.VALIDATED: "validated_months", c.Outcome.PROMISING: "promising_months"}


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of that month where there is no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError(day)


def issue(case: Case, decision: Decision, panel: Panel) -> Record:
    """Write, sign and publish the record. Call inside the decision's transaction."""
    former = Record.objects.standing().filter(solution=case.solution_id).first()
    if former:
        former._make(
            "supersede",
            by=PORTAL,
            state_since=timezone.now(),
            data=audit_data(case),
            **PORTAL.audit_name,
        )
    now = timezone.now()
    record = Record(
        number=Counter.next("record"),
        case=case,
        solution=case.solution,
        version=case.version,
        criteria_set=case.criteria_set,
        label=decision.label,
        issued_at=now,
        expires_on=add_months(
            timezone.localdate(now), int(periods(case)[MONTHS[c.Outcome(decision.label)]])
        ),
    )
    record.document = sign(document_of(record, decision, panel))
    record.save()
    AuditEntry.record(
        by=PORTAL,
        verb="issue",
        target=record,
        **PORTAL.audit_name,
        **audit_data(case, label=record.label, signature=record.document["proof"]["signature"]),
    )
    record.announce("issue", by=PORTAL)
    return record


def not_confirmed(case: Case) -> None:
    """A panel that looked at a label again and did not confirm it ends it."""
    if case.kind == c.CaseKind.FIRST:
        return
    standing = Record.objects.standing().filter(solution=case.solution_id)
    again = Q(pk=case.earlier_id) | Q(case__submission=case.submission_id)
    former = standing.filter(again).first()
    if former:
        former._make(
            "revoke",
            by=PORTAL,
            state_since=timezone.now(),
            public_note="A new panel looked at it and did not confirm the label.",
            data=audit_data(case),
            **PORTAL.audit_name,
        )


def suspend(record: Record, *, by: User, note: str) -> None:
    """Take the label down for the time being, with a note everybody reads."""
    _change(record, "suspend_record", by=by, note=note)


def restore(record: Record, *, by: User, note: str) -> None:
    """The label stands again. Its period goes on: suspension does not lengthen it."""
    _change(record, "restore_record", by=by, note=note)


def revoke(record: Record, *, by: User, note: str) -> None:
    """The label ends for good. The record stays readable and says so."""
    _change(record, "revoke", by=by, note=note)


def _change(record: Record, verb: str, *, by: User, note: str) -> None:
    note = require_text(note, _("Say why: everybody reads it."), "note")
    must(by.has_perm("validation.decide_record", record))
    with transaction.atomic():
        AuditHead.hold()
        Solution.objects.select_for_update(of=("self",)).get(pk=record.solution_id)
        if not uninvolved(by, record.case) or record.case.parts.filter(user=by).exists():
            raise DomainError(
                _("Somebody who has no part in this case decides about its label."),
                code="four-eyes",
            )
        doubts = record.challenges.filter(raised_by=by, decided_at=None)
        if doubts.exists():
            raise DomainError(_("Nobody decides about their own challenge."), code="four-eyes")
        if verb == "restore_record":
            _still_carried(record.case)
        record._make(
            verb,
            by=by,
            note=note,
            data=audit_data(record.case),
            state_since=timezone.now(),
            public_note="" if verb == "restore_record" else note,
        )
        sync(record.solution)
        finding.note(Solution.objects.select_related("public_version").get(pk=record.solution_id))


def _still_carried(case: Case) -> None:
    """Nobody can put a label back on reviews that do not carry it any more."""
    if not Panel.of(lock(case)).carries_a_label:
        raise DomainError(
            _(
                "One of the reviews behind this label no longer counts, and the others are not "
                "enough. Revoke it; the solution can be sent in again."
            ),
            code="quorum",
        )


def expire(record: Record, *, today: date) -> bool:
    """Silence never renews: after its last day a label is expired. Whether it did.

    A suspended label does not expire while people look at it; once restored, it does.
    """
    if not record.has_run_out(today):
        return False
    with transaction.atomic():
        AuditHead.hold()
        Solution.objects.select_for_update(of=("self",)).get(pk=record.solution_id)
        record = Record.objects.select_related("case", "solution").get(pk=record.pk)
        if record.state != c.RecordState.IN_FORCE:
            return False
        record._make(
            "expire",
            by=PORTAL,
            state_since=timezone.now(),
            data=audit_data(record.case),
            **PORTAL.audit_name,
        )
        sync(record.solution)
    return True
