"""A case as its team sees it: where it stands, what comes next, what was decided and why.

Nothing here knows who is on the panel, how many were asked, or at what hour anything
happened: days only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import AuditEntry
from validation import choices as c
from validation.models import Case, Clarification, Decision
from validation.operations.appealing import last_day
from validation.presentation import failure_words, in_own_words, number

if TYPE_CHECKING:
    from datetime import date, datetime

    from django_stubs_ext import StrOrPromise

    from catalogue.models import Solution

#: What a team reads of a case's history, by the verbs of the audit. Invitations, reviews and
#: names are not among them.
DAYS: dict[str, StrOrPromise] = {
    "open": gettext_lazy("Passed the gates, given to a panel"),
    "begin": gettext_lazy("Review begun"),
    "ask": gettext_lazy("Questions to your team"),
    "resume": gettext_lazy("Your answers sent to the panel"),
    "complete": gettext_lazy("Reviews in"),
    "decide": gettext_lazy("Decided"),
    "lapse": gettext_lazy("Questions not answered in time"),
    "take_back": gettext_lazy("Taken back by your team"),
    "close_case": gettext_lazy("Closed without decision"),
}
#: Of these only the last day is of use: a review that is replaced brings them again.
ONCE = {"complete", "begin"}


def cases_of(solution: Solution) -> list[Case]:
    """Every case of a solution, the newest first, with what its page shows."""
    cases = Case.objects.filter(solution=solution).exclude(kind=c.CaseKind.REPLAY)
    cases = cases.select_related("version", "criteria_set", "submission", "earlier")
    cases = cases.select_related("appeal", "record").prefetch_related(
        Prefetch(
            "decisions",
            queryset=Decision.objects.filter(state=c.DecisionState.CONFIRMED),
            to_attr="confirmed",
        ),
        Prefetch(
            "clarifications",
            queryset=Clarification.objects.prefetch_related("questions").order_by("round"),
        ),
    )
    return list(cases.order_by("-opened_at", "-pk"))


@dataclass(frozen=True, slots=True)
class Day:
    """One line of the history of a case."""

    on: datetime
    text: StrOrPromise


def days_of(case: Case) -> list[Day]:
    """What happened on which day, the first first."""
    rows = AuditEntry.of(case).filter(verb__in=DAYS).values_list("verb", "created_at")
    found: list[Day] = []
    seen: set[str] = set()
    for verb, at in rows:  # newest first
        if verb in ONCE and verb in seen:
            continue
        seen.add(verb)
        found.append(Day(at, DAYS[verb]))
    if case.submission is not None:
        found.append(Day(case.submission.submitted_at, _("Sent in")))
    return found[::-1]


# --- Where it stands ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case is: in one sentence, what comes next, and by when that is expected."""

    title: str
    now: str
    next: str
    by: datetime | None = None


def standing_of(case: Case) -> Standing:
    match case.state:
        case c.CaseState.ASSIGNMENT:
            return Standing(
                _("A panel is being built"),
                _("A chair from outside your institution asks people to review it."),
                _(
                    "Once two have declared that they have no conflict of interest and accepted,"
                    " the review begins. One of them at least is from another country."
                ),
                case.due_at,
            )
        case c.CaseState.REVIEW:
            return Standing(
                _("In review"),
                _(
                    "The reviewers judge it apart from each other, criterion by criterion. If"
                    " they differ too far, one more person is asked."
                ),
                _("When the reviews are in, the chair proposes a decision, or asks you first."),
                case.due_at,
            )
        case c.CaseState.CLARIFICATION:
            return Standing(
                _("The panel has questions"),
                _("Your answers go to every reviewer, who then look at their review again."),
                _("Without an answer by then the case ends as “not validated, incomplete”."),
                case.due_at,
            )
        case c.CaseState.DECISION:
            return Standing(
                _("Awaiting decision"),
                _("All reviews are in. The chair writes the decision."),
                _("A second person of the panel confirms it; then you have the letter at once."),
                case.due_at,
            )
    return Standing(str(c.Outcome(case.outcome).label), _ended(case), "")


def _ended(case: Case) -> str:
    match case.outcome:
        case c.Outcome.VALIDATED | c.Outcome.PROMISING:
            return _("The panel has decided. Label and reasons are public.")
        case c.Outcome.NOT_VALIDATED:
            return _(
                "The panel has decided. It stays published as documented; the reasons are for"
                " your team alone."
            )
        case c.Outcome.INCOMPLETE:
            return _(
                "The questions of the panel were not answered in time. You can send in a new"
                " version whenever you like."
            )
        case c.Outcome.WITHDRAWN:
            return _("Your version was taken back from the panel. It stays as it was.")
    return _("The desk closed the case without a decision.")


STEPS = (
    gettext_lazy("Sent in"),
    gettext_lazy("Passed the gates"),
    gettext_lazy("Panel built"),
    gettext_lazy("Reviewed"),
    gettext_lazy("Decided"),
    gettext_lazy("Letter and record"),
)
#: How many of the steps are done while a case is in a state.
DONE = {
    c.CaseState.ASSIGNMENT: 2,
    c.CaseState.REVIEW: 3,
    c.CaseState.CLARIFICATION: 3,
    c.CaseState.DECISION: 4,
    c.CaseState.DECIDED: 6,
}


def steps_of(case: Case) -> list[tuple[StrOrPromise, str]]:
    """The way of a case as steps: done, now, to do. None for one that ended on the way."""
    done = DONE.get(c.CaseState(case.state))
    if done is None:
        return []
    return [
        (step, "done" if n < done else "now" if n == done else "todo")
        for n, step in enumerate(STEPS)
    ]


# --- The decision ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Criterion:
    """What was agreed on for one criterion, why, and what keeps it from more."""

    code: str
    name: str
    question: str
    score: str
    value: float | None
    reason: str
    keeps: tuple[str, ...]
    carried_from: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A confirmed decision as its team reads it."""

    case: Case
    label: c.Outcome
    on: datetime
    score: str
    strength: str
    letter: str
    criteria: tuple[Criterion, ...]
    #: For each label above: what the sum, the gates and the evidence lack.
    lacks: tuple[tuple[str, tuple[str, ...]], ...]
    gates: tuple[tuple[str, str], ...]

    @property
    def is_label(self) -> bool:
        return self.label in c.LABELS


#: Labels above a result, the nearest first.
ABOVE = {
    c.Outcome.VALIDATED: (),
    c.Outcome.PROMISING: (c.Outcome.VALIDATED,),
    c.Outcome.NOT_VALIDATED: (c.Outcome.PROMISING, c.Outcome.VALIDATED),
}


def verdict_of(case: Case) -> Verdict | None:
    """The confirmed decision of a case from ``cases_of``; None before it. No query."""
    confirmed: list[Decision] = case.confirmed  # type: ignore[attr-defined]  # prefetched
    if not confirmed:
        return None
    decision = confirmed[0]
    label = c.Outcome(decision.label)
    above = ABOVE[label]
    failures = [row for row in decision.failures if row["label"] in above]
    names = {row["code"]: row["name"] for row in case.criteria_set.content["gates"]}
    return Verdict(
        case=case,
        label=label,
        on=decision.answered_at or decision.proposed_at,
        score=number(decision.score),
        strength="" if decision.strength is None else str(decision.get_strength_display()),
        letter=decision.letter,
        criteria=tuple(_criteria(case, decision, failures)),
        lacks=tuple(
            (str(each.label), texts)
            for each in above
            if (
                texts := tuple(
                    failure_words(row)
                    for row in failures
                    if row["label"] == each and not row["criterion"]
                )
            )
        ),
        gates=tuple(
            (in_own_words(names.get(code, code)), why)
            for code, why in decision.failed_gates.items()
        ),
    )


def _criteria(case: Case, decision: Decision, failures: list[dict[str, Any]]) -> list[Criterion]:
    earlier = {}
    if case.earlier is not None:
        earlier = {row["code"]: row for row in case.earlier.document["criteria"]}
    found = []
    for row in case.criteria_set.content["criteria"]:
        code = row["code"]
        said, kept = decision.scores.get(code), earlier.get(code)
        if said is None and kept is None:
            continue
        value = said["value"] if said else kept["score"]  # type: ignore[index]
        keeps = dict.fromkeys(
            _("For “%(label)s”: %(why)s")
            % {"label": c.Outcome(each["label"]).label, "why": failure_words(each)}
            for each in failures
            if each["criterion"] == code
        )
        found.append(
            Criterion(
                code=code,
                name=in_own_words(row["name"]),
                question=row["question"],
                score="" if value is None else number(value),
                value=None if value is None else float(value),
                reason=said["reason"] if said else kept["reason"],  # type: ignore[index]
                keeps=tuple(keeps),
                carried_from="" if said else kept["carried_from"] or case.earlier.reference,  # type: ignore[index,union-attr]
            )
        )
    return found


def appeal_until(case: Case) -> date | None:
    """The last day for an appeal against this decision; None where there is none."""
    until = last_day(case)
    return until.date() if until else None
