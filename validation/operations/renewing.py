"""Re-validation: the owner confirms each criterion again, with new evidence where it ages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.choices import Form, SubmissionState
from catalogue.content import document_of
from catalogue.models import Solution
from catalogue.operations import submit_solution
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from validation import choices as c
from validation.models import Case, Record, Renewal
from validation.operations.common import audit_data, in_team, must, periods
from validation.operations.opening import ALWAYS_RENEWED

if TYPE_CHECKING:
    from datetime import date

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Statement:
    """What the owner says of one criterion."""

    status: str
    note: str = ""
    evidence: tuple[str, ...] = ()


def renewable(solution: Solution) -> Record | None:
    """The record its owner may confirm now, in force or expired; None where there is none or
    the panel has a version already."""
    record = Record.objects.standing().filter(solution=solution).select_related("case").first()
    if record is None or record.state == c.RecordState.SUSPENDED:
        return None
    if Case.objects.open().filter(solution=solution).exists():
        return None
    return record


def opens_on(record: Record) -> date:
    """The first day on which a label may be confirmed again: that of the first notice."""

    return record.expires_on - timedelta(days=max(periods(record.case)["renewal_notice_days"]))


def file_renewal(solution: Solution, *, by: User, statements: Mapping[str, Statement]) -> Renewal:
    """Confirm each criterion and send the present text in with it.

    C2 and C5 need evidence that is newer than the decision, in the record as it now stands.
    What is unchanged keeps its score; what changed or stopped is scored again.
    """
    must(by.has_perm("catalogue.edit_solution", solution))
    with transaction.atomic():
        AuditHead.hold()
        solution = Solution.objects.select_for_update(of=("self",)).get(pk=solution.pk)
        record = renewable(solution)
        if record is None:
            raise DomainError(
                _("There is no label to confirm, or the panel has a version already."),
                code="wrong-state",
            )
        must(by.has_perm("validation.renew_record", record) and in_team(by, solution))
        waiting = solution.submissions.filter(state=SubmissionState.SCREENING).first()
        if waiting is not None:
            there = Renewal.objects.filter(submission=waiting).first()
            if there:
                return there
            raise DomainError(
                _("A version is being screened. Wait for the desk, or take it back first."),
                code="in-screening",
            )
        if timezone.localdate() < opens_on(record):
            raise DomainError(
                _("You can confirm it from %(day)s on.") % {"day": opens_on(record).isoformat()},
                code="early",
            )
        evidence = {row["ref"]: row for row in document_of(solution).content["evidence"]}
        fields = _faults(record, statements, evidence)
        if fields:
            raise DomainError(
                _("Some criteria are not confirmed yet. The list says which."),
                code="incomplete",
                fields=fields,
            )
        submission = submit_solution(solution, by=by, form=Form.FULL)
        renewal = Renewal.objects.create(
            solution=solution,
            record=record,
            submission=submission,
            statements={
                code: {
                    "status": said.status,
                    "note": said.note.strip()[:2000],
                    "evidence": list(said.evidence),
                }
                for code, said in statements.items()
            },
            filed_by=by,
        )
        AuditEntry.record(
            by=by,
            verb="file_renewal",
            target=submission,
            record=record.reference,
            **audit_data(record.case),
        )
    return renewal


def _faults(
    record: Record, statements: Mapping[str, Statement], evidence: dict[str, dict[str, Any]]
) -> dict[str, list[str]]:
    decided = record.issued_at.date().isoformat()
    fields: dict[str, list[str]] = {}
    for row in record.document["criteria"]:
        code = row["code"]
        said = statements.get(code)
        faults = []
        if said is None or said.status not in c.Renewed.values:
            fields[code] = [_("Say whether it is unchanged, changed or stopped.")]
            continue
        if said.status != c.Renewed.UNCHANGED and not said.note.strip():
            faults.append(_("Say what changed, in one sentence."))
        if set(said.evidence) - set(evidence):
            faults.append(_("Name evidence of this record only."))
        if code in ALWAYS_RENEWED and said.status != c.Renewed.STOPPED:
            newer = [
                ref
                for ref in said.evidence
                if ref in evidence
                and evidence[ref]["dated_on"] > decided[: len(evidence[ref]["dated_on"])]
            ]
            if not newer:
                faults.append(
                    _("Name an item of evidence dated after %(day)s. Add it to the record first.")
                    % {"day": decided}
                )
        if faults:
            fields[code] = faults
    return fields
