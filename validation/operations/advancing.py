"""Where a case stands once somebody on its panel has acted."""

from __future__ import annotations

from django.utils import timezone

from core.models import AuditEntry
from validation import choices as c
from validation import judging
from validation.clock import PORTAL
from validation.judging import Panel
from validation.models import Case
from validation.operations.common import audit_data, days_from_now, periods, sync
from validation.operations.inviting import invite_best

#: Reviews without which nothing is decided.
LEAST = judging.LEAST


def advance(case: Case) -> None:
    """Move a locked case on as far as its panel has come. Repeating it changes nothing.

    Two who accepted begin the review. When no review is open any more and two are in, either
    they are enough, or a third is needed and asked for; three always are enough, if one of
    them comes from another country.
    """
    accepted = case.seats.filter(state__in=[c.SeatState.REVIEWING, c.SeatState.SENT]).count()
    if case.state == c.CaseState.ASSIGNMENT and accepted >= LEAST:
        _move(case, "begin", days=periods(case)["review_days"])
    if case.state != c.CaseState.REVIEW:
        return
    open_reviews = case.seats.filter(state=c.SeatState.REVIEWING).exists()
    sent = case.seats.sent().count()
    if open_reviews or sent < LEAST:
        return
    panel = Panel.of(case)
    needed = panel.third_needed() if sent == LEAST else []
    if not panel.has_abroad:  # the one who did has left
        needed = [*needed, {"code": "country", "criterion": ""}]
    if needed != case.third_needed:
        Case.objects.filter(pk=case.pk).update(third_needed=needed)
        case.third_needed = needed
    if needed:
        if not case.seats.filter(state=c.SeatState.INVITED).exists():
            _ask_third(case)
        return
    for seat in case.seats.filter(state=c.SeatState.INVITED):
        seat._make(
            "release",
            by=PORTAL,
            note="The reviews that are in are enough.",
            ended_at=timezone.now(),
            **PORTAL.audit_name,
        )
    _move(case, "complete", days=periods(case)["decision_days"])


def _ask_third(case: Case) -> None:
    """The third reviewer is asked without anybody having to think of it."""
    seat = invite_best(case)
    AuditEntry.record(
        by=PORTAL,
        verb="third",
        target=case,
        note="" if seat else "Nobody on the list can be asked: the chair has to find somebody.",
        **PORTAL.audit_name,
        **audit_data(case, reasons=case.third_needed),
    )
    case.announce("third", by=PORTAL)


def _move(case: Case, verb: str, *, days: int) -> None:
    now = timezone.now()
    case._make(
        verb,
        by=PORTAL,
        data=audit_data(case),
        state_since=now,
        due_at=days_from_now(days, start=now),
        **PORTAL.audit_name,
    )
    sync(case.solution)


def back_to_review(case: Case) -> None:
    """A decision cannot be made any more from what is in."""
    _move(case, "reopen", days=periods(case)["review_days"])
