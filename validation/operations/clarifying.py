"""Questions to the team, each tied to a criterion, and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from validation import choices as c
from validation.clock import PORTAL
from validation.models import Case, Clarification, Question
from validation.operations.advancing import advance
from validation.operations.common import (
    audit_data,
    chairs_declared,
    days_from_now,
    in_team,
    lock,
    must,
    periods,
    require_state,
    sync,
    touch,
)
from validation.operations.opening import end_case

if TYPE_CHECKING:
    from accounts.models import User

MOST_QUESTIONS = 20


def ask(case: Case, *, by: User, questions: Sequence[tuple[str, str]]) -> Clarification:
    """The chair asks the team. Two rounds at most, 14 days each (as the criteria set says)."""
    must(chairs_declared(by, case))
    asked = [(code, text.strip()) for code, text in questions if text.strip()]
    if not asked:
        raise DomainError(_("Ask at least one question."), code="empty")
    if len(asked) > MOST_QUESTIONS:
        raise DomainError(
            _("Ask %(n)d questions at most.") % {"n": MOST_QUESTIONS}, code="too-many"
        )
    with transaction.atomic():
        case = lock(case)
        require_state(case, c.CaseState.REVIEW, c.CaseState.DECISION)
        unknown = {code for code, _text in asked} - set(case.scope)
        if unknown:
            raise DomainError(_("Tie each question to a criterion under review."), code="forged")
        most = int(periods(case)["clarification_rounds"])
        if case.rounds >= most:
            raise DomainError(
                _("The team was asked %(n)d times already. Decide on what is there.")
                % {"n": case.rounds},
                code="rounds",
            )
        due = days_from_now(int(periods(case)["clarification_days"]))
        now = timezone.now()
        case._make(
            "ask",
            by=by,
            data=audit_data(case, round=case.rounds + 1, questions=len(asked)),
            rounds=case.rounds + 1,
            state_since=now,
            due_at=due,
        )
        touch(case)
        clarification = Clarification.objects.create(
            case=case, round=case.rounds, asked_at=now, due_at=due
        )
        Question.objects.bulk_create(
            [
                Question(clarification=clarification, criterion=code, text=text[:1000])
                for code, text in asked
            ]
        )
        sync(case.solution)
    return clarification


def keep_answers(case: Case, *, by: User, answers: Mapping[int, str]) -> Clarification:
    """Keep what the team has written so far; nothing goes to the panel yet."""
    must(by.has_perm("validation.answer_clarification", case) and in_team(by, case.solution))
    with transaction.atomic():
        case = lock(case)
        require_state(case, c.CaseState.CLARIFICATION)
        clarification = case.clarifications.get(state=c.ClarificationState.OPEN)
        for question in clarification.questions.all():
            if question.pk in answers:
                text = answers[question.pk].strip()[:4000]
                Question.objects.filter(pk=question.pk).update(answer=text)
    return clarification


def answer(case: Case, *, by: User, answers: Mapping[int, str]) -> None:
    """Send the answers to the panel; every reviewer looks at their review again."""
    with transaction.atomic():
        clarification = keep_answers(case, by=by, answers=answers)
        case = lock(case)
        empty = [q for q in clarification.questions.all() if not q.answer.strip()]
        if empty:
            text = _("Write an answer, even if it is short.")
            raise DomainError(
                _("Some questions have no answer yet."),
                code="incomplete",
                fields={f"answer-{question.pk}": [text] for question in empty},
            )
        now = timezone.now()
        Clarification.objects.filter(pk=clarification.pk).update(
            state=c.ClarificationState.ANSWERED, answered_at=now, answered_by=by
        )
        days = int(periods(case)["clarification_days"])
        case._make(
            "resume",
            by=by,
            data=audit_data(case, round=case.rounds),
            state_since=now,
            due_at=days_from_now(days, start=now),
        )
        touch(case)
        for seat in case.seats.sent():
            seat._make(
                "reopen_seat",
                by=PORTAL,
                due_at=days_from_now(days, start=now),
                **PORTAL.audit_name,
            )
        sync(case.solution)
        advance(case)


def lapse(case: Case) -> bool:
    """Silence closes the case as "not validated, incomplete". Whether it did."""
    with transaction.atomic():
        case = lock(case)
        if case.state != c.CaseState.CLARIFICATION or case.due_at is None:
            return False
        if case.due_at > timezone.now():
            return False
        case.clarifications.filter(state=c.ClarificationState.OPEN).update(
            state=c.ClarificationState.LAPSED
        )
        end_case(
            case,
            "lapse",
            by=PORTAL,
            note="The questions of the panel were not answered in time.",
            outcome=c.Outcome.INCOMPLETE,
            **PORTAL.audit_name,
        )
    return True
