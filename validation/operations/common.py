"""What every operation shares: the lock of a case, its standing, its revision, dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.choices import Publication, SubmissionState, Validation
from catalogue.models import Solution
from catalogue.operations import note_validation
from catalogue.rules import is_in_team
from core.errors import DomainError
from core.models import AuditHead
from validation import choices as c
from validation.models import Case, Record
from validation.rules import chairs, has_declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import User

#: What the axis of the solution says while the panel has it.
SHOWN = {
    c.CaseState.ASSIGNMENT: Validation.IN_REVIEW,
    c.CaseState.REVIEW: Validation.IN_REVIEW,
    c.CaseState.CLARIFICATION: Validation.CLARIFICATION,
    c.CaseState.DECISION: Validation.DECISION,
}


def lock(case: Case) -> Case:
    """The case as it now is, for this transaction alone.

    On PostgreSQL whoever comes second waits here; on SQLite the transaction itself began by
    taking the one lock there is. The audit comes first in the order of locks, everywhere.
    """
    AuditHead.hold()
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("solution", "version", "criteria_set", "submission")
        .get(pk=case.pk)
    )


def must(allowed: object) -> None:
    """Refuse a person to whom this is forbidden, whatever the state."""
    if not allowed:
        raise PermissionDenied


def require_state(case: Case, *states: str) -> None:
    if case.state not in states:
        raise DomainError(
            _("The case has moved on since this page was opened. Load it again and look."),
            code="wrong-state",
        )


def require_text(text: str, message: Any, field: str) -> str:
    """The text without spaces around it; or a refusal at that field."""
    text = text.strip()
    if not text:
        raise DomainError(str(message), code="reason", fields={field: [str(message)]})
    return text


def days_from_now(days: int, *, start: datetime | None = None) -> datetime:
    return (start or timezone.now()) + timedelta(days=days)


def periods(case: Case) -> dict[str, Any]:
    """Deadlines and periods of the set the case is judged by."""
    return dict(case.criteria_set.content["periods"])


def audit_data(case: Case, **more: Any) -> dict[str, Any]:
    """What every line of the audit says of a case: the criteria version it is judged by."""
    chosen = case.criteria_set
    return {"criteria": f"{chosen.family} {chosen.version}", **more}


def touch(case: Case) -> None:
    """Something that bears on the outcome changed: a proposed decision is overtaken."""
    Case.objects.filter(pk=case.pk).update(revision=F("revision") + 1)
    case.revision += 1
    case.decisions.filter(state=c.DecisionState.PROPOSED).update(state=c.DecisionState.DROPPED)


def standing_of(solution: Solution) -> str:
    """What the validation axis of a solution has to say now, from its cases and records.

    A label in force or suspended stands until something else is decided; an expired one
    gives way to a new case; after a case without a label the axis says so.
    """
    record = Record.objects.standing().filter(solution=solution).first()
    if record and record.state == c.RecordState.IN_FORCE:
        return str(record.label)
    if record and record.state == c.RecordState.SUSPENDED:
        return Validation.SUSPENDED
    case = Case.objects.open().filter(solution=solution).first()
    if case:
        return SHOWN[c.CaseState(case.state)]
    if solution.submissions.filter(state=SubmissionState.SCREENING).exists():
        return Validation.SCREENING
    if record:
        return Validation.EXPIRED
    cases = Case.objects.filter(solution=solution).exclude(kind=c.CaseKind.REPLAY)
    last = cases.order_by("-ended_at", "-pk").first()
    refused = {c.Outcome.NOT_VALIDATED, c.Outcome.INCOMPLETE}
    return Validation.NOT_VALIDATED if last and last.outcome in refused else Validation.NONE


def sync(solution: Solution) -> None:
    """Bring the axis of the solution in line; call after every move, in its transaction."""
    solution = Solution.objects.select_related("public_version").get(pk=solution.pk)
    note_validation(solution, validation=standing_of(solution))


def is_public(solution: Solution) -> bool:
    return solution.publication == Publication.PUBLIC


def uninvolved(user: User, case: Case) -> bool:
    """Neither of the team nor a reviewer, asked again here because an administrator passes
    every predicate and still may not judge their own work."""
    named = {case.solution.owner_id}
    if case.submission is not None:
        named.add(case.submission.submitted_by_id)
    named |= set(
        case.solution.contributors.filter(user__isnull=False).values_list("user_id", flat=True)
    )
    return (
        user.pk not in named
        and not case.parts.filter(user=user).exclude(part=c.Part.CHAIR).exists()
    )


def in_team(user: User, solution: Solution) -> bool:
    """Of its team, asked again where only a team can speak for its solution: an administrator
    passes every predicate."""
    return bool(is_in_team(user, solution))


def chairs_declared(user: User, case: Case) -> bool:
    """In the chair, with every conflict of interest denied. No administrator is without it."""
    return bool(chairs(user, case) and has_declared(user, case))


def four_eyes() -> DomainError:
    return DomainError(
        _("Nobody is two of submitter, reviewer and chair in one case."), code="four-eyes"
    )


def complete_declaration(declared: Mapping[str, bool]) -> None:
    """Every question about conflicts of interest has a yes or a no."""
    missing = [code for code in c.Conflict.values if declared.get(code) not in {True, False}]
    if missing:
        text = _("Answer yes or no.")
        raise DomainError(
            _("Answer every question about conflicts of interest first."),
            code="declaration",
            fields={code: [text] for code in missing},
        )
