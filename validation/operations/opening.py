"""How a case begins, who chairs it, and how it ends without a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.choices import Form
from catalogue.models import Solution, Submission
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from validation import choices as c
from validation.clock import PORTAL
from validation.conflicts import Named, hard_blocks, parts_in
from validation.models import Case, CasePart, Record, Renewal, Reviewer
from validation.operations.common import (
    audit_data,
    complete_declaration,
    days_from_now,
    four_eyes,
    in_team,
    lock,
    must,
    periods,
    require_state,
    require_text,
    sync,
    touch,
    uninvolved,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import User


def refuse_second_case(submission: Submission) -> None:
    """A version is sent in only when no panel has an earlier one."""
    if Case.objects.open().filter(solution=submission.solution_id).exists():
        raise DomainError(
            _("The panel still has an earlier version. Wait for its decision, or take it back."),
            code="with-panel",
        )


def open_case(submission: Submission, *, by: Any) -> Case | None:
    """Give a screened full record to a panel; a snapshot stays documented.

    Repeating it gives the case already there.
    """
    if submission.form != Form.FULL:
        return None
    renewal = Renewal.objects.filter(submission=submission).select_related("record").first()
    if renewal is None:
        scope = codes_of(submission)
        return _open(submission, by=by, kind=c.CaseKind.FIRST, scope=scope, earlier=None)
    return _open(
        submission,
        by=by,
        kind=c.CaseKind.RENEWAL,
        scope=scope_of_renewal(submission, renewal),
        earlier=renewal.record,
    )


def open_second_look(case: Case, *, by: Any, **alias: Any) -> Case:
    """After an upheld appeal: the same version and criteria before other people."""
    return _open(
        case.sent_in,
        by=by,
        kind=c.CaseKind.APPEAL,
        scope=case.scope,
        earlier=case.earlier,
        **alias,
    )


def codes_of(submission: Submission) -> list[str]:
    return [row["code"] for row in submission.criteria_set.content["criteria"]]


#: Criteria that are always scored anew on the short path: they need new, dated evidence.
ALWAYS_RENEWED = ("C2", "C5")


def scope_of_renewal(submission: Submission, renewal: Renewal) -> list[str]:
    """What changed or stopped, what always needs new evidence, and what the former set did
    not know. The rest keeps its agreed score. A record made by another edition of the
    criteria has no short path: everything is scored."""
    codes = codes_of(submission)
    if renewal.record.criteria_set_id != submission.criteria_set_id:
        return codes
    kept = {
        code
        for code, said in renewal.statements.items()
        if said["status"] == c.Renewed.UNCHANGED and code not in ALWAYS_RENEWED
    }
    judged = {
        row["code"] for row in renewal.record.document["criteria"] if row["score"] is not None
    }
    return [code for code in codes if code not in kept & judged]


@transaction.atomic
def _open(
    submission: Submission,
    *,
    by: Any,
    kind: str,
    scope: list[str],
    earlier: Record | None,
    **alias: Any,
) -> Case:
    AuditHead.hold()
    Solution.objects.select_for_update(of=("self",)).get(pk=submission.solution_id)
    there = Case.objects.open().filter(submission=submission).first()
    if there:
        return there
    refuse_second_case(submission)
    case = Case(
        solution=submission.solution,
        submission=submission,
        version=submission.version,
        criteria_set=submission.criteria_set,
        kind=kind,
        scope=scope,
        earlier=earlier,
    )
    case.due_at = days_from_now(periods(case)["assignment_days"])
    case.save()
    team = Named.of(case).users
    CasePart.objects.bulk_create(
        [CasePart(case=case, user_id=pk, part=c.Part.SUBMITTER) for pk in sorted(team)]
    )
    AuditEntry.record(
        by=by,
        verb="open",
        target=case,
        version=case.version.number,
        hash=case.version.content_hash,
        **alias,
        **audit_data(case),
    )
    case.announce("open", by=by)
    sync(case.solution)
    return case


@transaction.atomic
def appoint_chair(
    case: Case, *, by: User, chair: User, declared: Mapping[str, bool] | None = None
) -> None:
    """Put somebody in the chair: a moderator for anyone, a possible chair for themselves.

    Never of the owner's institution, never of the team, never a reviewer of this case. Who
    takes the chair declares conflicts at once; who is given it, before anything opens.
    """
    if not by.has_perm("validation.appoint_chair", case) or not uninvolved(by, case):
        must(False)
    if chair.pk != by.pk and not (by.is_staff or by.is_superuser):
        must(False)
    case = lock(case)
    require_state(case, *c.OPEN)
    if case.chair_id == chair.pk:
        return
    if case.chair_id is not None and not (by.is_staff or by.is_superuser):
        raise DomainError(_("Somebody has the chair by now."), code="taken")
    entry = Reviewer.objects.filter(user=chair, is_active=True, may_chair=True).exists()
    if not (entry or chair.is_staff) or not chair.is_active:
        raise DomainError(
            _("%(name)s is not on the list of those who may chair.") % {"name": chair}, code="chair"
        )
    blocks = hard_blocks(chair, Named.of(case))
    if blocks:
        raise DomainError(
            _("%(name)s cannot chair this case: %(why)s")
            % {"name": chair, "why": " ".join(block.message for block in blocks)},
            code="blocked",
        )
    _refuse_seen_before(case, chair)
    take_part(case, chair, c.Part.CHAIR)
    if declared is not None and chair.pk == by.pk:
        _keep_declaration(case, by, declared)
    if case.chair_id is not None:
        touch(case)  # what the former chair proposed is not confirmed any more
    Case.objects.filter(pk=case.pk).update(chair=chair)
    case.chair = chair
    AuditEntry.record(by=by, verb="appoint", target=case, chair=chair.pk, **audit_data(case))
    case.announce("appoint", by=by)


@transaction.atomic
def declare_chair(case: Case, *, by: User, declared: Mapping[str, bool]) -> bool:
    """The chair answers for conflicts of interest. Whether they stay in the chair."""
    must(by.has_perm("validation.declare_chair", case) and case.chair_id == by.pk)
    complete_declaration(declared)
    case = lock(case)
    if not any(declared.values()):
        _keep_declaration(case, by, declared)
        return True
    CasePart.objects.filter(case=case, user=by).update(declared=dict(declared))
    Case.objects.filter(pk=case.pk).update(chair=None)
    touch(case)
    AuditEntry.record(by=by, verb="recuse", target=case, **audit_data(case))
    return False


def _refuse_seen_before(case: Case, chair: User) -> None:
    """Who declared a conflict does not come back, and a second look is for other people."""
    parts = CasePart.objects.filter(user=chair, part=c.Part.CHAIR)
    mine = parts.filter(case=case).first()
    if mine is not None and any(mine.declared.values()):
        raise DomainError(
            _("%(name)s declared a conflict of interest in this case.") % {"name": chair},
            code="conflict",
        )
    if mine is None and chair.pk in parts_in(case):
        raise four_eyes()


def _keep_declaration(case: Case, by: User, declared: Mapping[str, bool]) -> None:
    complete_declaration(declared)
    if any(declared.values()):
        raise DomainError(
            _("Thank you. With a conflict of interest you cannot chair this case."),
            code="conflict",
        )
    CasePart.objects.filter(case=case, user=by).update(declared=dict(declared))
    AuditEntry.record(by=by, verb="declare", target=case, **audit_data(case))


def take_part(case: Case, user: User, part: str) -> None:
    """Write down what a person is in a case. The unique row refuses a second part."""
    try:
        with transaction.atomic():
            found, _created = CasePart.objects.get_or_create(
                case=case, user=user, defaults={"part": part}
            )
    except IntegrityError:
        found = CasePart.objects.get(case=case, user=user)
    if found.part != part:
        raise four_eyes()


@transaction.atomic
def take_back(case: Case, *, by: User, note: str = "") -> None:
    """The team takes its version back from the panel. It stays public as it was."""
    case = lock(case)
    must(in_team(by, case.solution))
    end_case(case, "take_back", by=by, note=note.strip(), outcome=c.Outcome.WITHDRAWN)


@transaction.atomic
def close_case(case: Case, *, by: User, note: str) -> None:
    """The desk ends a case without a decision, with a reason the team reads."""
    note = require_text(note, _("Say why: the team reads it."), "note")
    case = lock(case)
    if not uninvolved(by, case):
        raise four_eyes()
    end_case(case, "close_case", by=by, note=note, outcome=c.Outcome.CLOSED)


def end_case(case: Case, verb: str, *, by: Any, note: str, outcome: str, **alias: Any) -> None:
    """End an open case without a label; what its panel still holds is let go."""
    now = timezone.now()
    # Before the move: who is told of it reads the reason.
    Case.objects.filter(pk=case.pk).update(note=note)
    case.note = note
    case._make(
        verb,
        by=by,
        note=note,
        data=audit_data(case),
        outcome=outcome,
        ended_at=now,
        state_since=now,
        due_at=None,
        **alias,
    )
    settle(case)
    sync(case.solution)


def settle(case: Case) -> None:
    """After the end of a case nothing of it waits for anybody."""

    case.decisions.filter(state=c.DecisionState.PROPOSED).update(state=c.DecisionState.DROPPED)
    case.clarifications.filter(state=c.ClarificationState.OPEN).update(
        state=c.ClarificationState.DROPPED
    )
    for seat in case.seats.filter(state__in=c.BUSY):
        seat._make(
            "release",
            by=PORTAL,
            note="The case has ended.",
            ended_at=timezone.now(),
            **PORTAL.audit_name,
        )
