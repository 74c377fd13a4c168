"""Codes of the arithmetic in words, for the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from validation import choices as c
from validation.presentation import failure_words
from validation.scoring import LABELS, as_number

if TYPE_CHECKING:
    from datetime import datetime

    from validation.models import Case
    from validation.scoring import Result


def names_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Criterion code to "C1 Relevance"."""
    return {row["code"]: f"{row['code']} {row['name']}" for row in content["criteria"]}


def why_third(reasons: Iterable[Mapping[str, str]]) -> list[str]:
    """Why two reviews are not enough."""
    told = []
    for reason in reasons:
        match reason["code"]:
            case "range":
                text = _("%(criterion)s differs by two or more")
            case "quorum":
                text = _("Too few could judge %(criterion)s")
            case "strength":
                text = _("Too few judged the strength of the evidence")
            case "country":
                text = _("No review comes from another country")
            case _label:
                text = _("The reviews lead to different labels")
        told.append(text % {"criterion": reason["criterion"]})
    return told


def why_not(failure: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One reason that bars a label, with the criterion by its name."""
    return failure_words(
        {
            **failure,
            "criterion": names.get(failure["criterion"], ""),
            "found": _number(failure["found"]),
            "needed": _number(failure["needed"]),
        }
    )


def _number(value: Any) -> Any:
    return as_number(value) if isinstance(value, Fraction) else value or 0


def barred(
    label: str, failures: Iterable[Mapping[str, Any]], names: Mapping[str, str]
) -> list[tuple[str, list[str]]]:
    """For each label above this one: its name and what keeps the solution from it."""
    kept: dict[str, list[str]] = {}
    for failure in failures:
        kept.setdefault(failure["label"], []).append(why_not(failure, names))
    higher = LABELS[LABELS.index(label) + 1 :] if label in LABELS else ()
    return [(str(c.Outcome(each).label), kept[each]) for each in higher if each in kept]


def failures_of(result: Result) -> list[dict[str, Any]]:
    """What bars each label, in the form in which a decision keeps it."""
    return [
        {
            "label": label,
            "code": failure.code,
            "criterion": failure.criterion,
            "found": failure.found,
            "needed": failure.needed,
        }
        for label, failures in result.failures.items()
        for failure in failures
    ]


def days_since(moment: datetime) -> int:
    return max((timezone.now() - moment).days, 0)


def due_in_words(due: datetime) -> tuple[str, bool]:
    """How far away a date is, and whether it has passed."""
    now = timezone.now()
    if due < now:
        days = max((now - due).days, 1)
        return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}, True
    days = (due - now).days
    if not days:
        return _("today"), False
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}, False


def panel_in_words(case: Case) -> str:
    """Who is on the panel and how far they are; from prefetched seats."""
    states = [seat.state for seat in case.seats.all()]
    invited, reviewing = states.count(c.SeatState.INVITED), states.count(c.SeatState.REVIEWING)
    sent = states.count(c.SeatState.SENT)
    parts = []
    if reviewing + sent:
        parts.append(_("%(sent)d of %(all)d in") % {"sent": sent, "all": reviewing + sent})
    if invited:
        parts.append(ngettext("%(n)d invited", "%(n)d invited", invited) % {"n": invited})
    return ", ".join(parts) or _("nobody yet")


def next_step(case: Case, *, chair_declared: bool) -> str:
    """What happens next, in one sentence; from prefetched seats and decisions."""
    if case.state == c.CaseState.DECIDED:
        return _("Nothing is left to do: the case is decided.")
    if case.state == c.CaseState.CLOSED:
        return _("Nothing is left to do: the case is closed.")
    if case.chair_id is None:
        return _("Somebody takes the chair.")
    if not chair_declared:
        return _("The chair answers the questions about conflicts of interest.")
    if case.state == c.CaseState.CLARIFICATION:
        return _("The team answers the questions of the panel.")
    if case.state == c.CaseState.DECISION:
        return _next_of_decision(case)
    return _next_of_review(case)


def _next_of_decision(case: Case) -> str:
    last = max(case.decisions.all(), key=lambda row: row.pk, default=None)
    if last is None or last.state == c.DecisionState.DROPPED:
        return _("The chair proposes a decision.")
    if last.state == c.DecisionState.REFUSED:
        return _("The panel sent the proposal back: the chair reads why and proposes again.")
    return _("A reviewer of the panel confirms the proposal or sends it back.")


def _next_of_review(case: Case) -> str:
    states = [seat.state for seat in case.seats.all()]
    accepted = states.count(c.SeatState.REVIEWING) + states.count(c.SeatState.SENT)
    invited = states.count(c.SeatState.INVITED)
    if case.third_needed and not states.count(c.SeatState.REVIEWING):
        if invited:
            return _("The third reviewer answers the invitation.")
        return _("The chair asks a third reviewer.")
    missing = 2 - accepted - invited
    if missing > 0:
        return ngettext(
            "The chair asks %(n)d more reviewer.", "The chair asks %(n)d more reviewers.", missing
        ) % {"n": missing}
    if accepted < 2:
        return ngettext(
            "%(n)d person answers the invitation.",
            "%(n)d people answer their invitations.",
            invited,
        ) % {"n": invited}
    writing = states.count(c.SeatState.REVIEWING)
    return ngettext(
        "%(n)d review is still being written.", "%(n)d reviews are still being written.", writing
    ) % {"n": writing}
