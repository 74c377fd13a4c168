"""What a person on a panel does: answer, ask for another date, leave."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import Solution
from core.errors import DomainError
from core.models import AuditEntry
from validation import choices as c
from validation.clock import PORTAL
from validation.conflicts import Named, hard_blocks
from validation.judging import Panel
from validation.models import Case, Record, Seat
from validation.operations.advancing import advance, back_to_review
from validation.operations.common import (
    audit_data,
    chairs_declared,
    complete_declaration,
    days_from_now,
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

#: Longest a reviewer may put off the date of a review, in days.
LONGEST_DELAY = 60


# --- Answers of the invited --------------------------------------------------------------


def lock_seat(seat: Seat) -> tuple[Case, Seat]:
    """Case and seat as they now are, the case locked first."""
    case = lock(seat.case)
    seat = Seat.objects.select_for_update(of=("self",)).select_related("user").get(pk=seat.pk)
    seat.case = case
    return case, seat


def accept(seat: Seat, *, by: User, declared: Mapping[str, bool]) -> Seat:
    """Answer an invitation: every question of the declaration first, then the files open.

    A conflict that is declared ends the invitation, with thanks; one the portal finds by
    itself does too, and says which.
    """
    complete_declaration(declared)
    must(seat.user_id == by.pk and by.has_perm("validation.hold_seat", seat))
    with transaction.atomic():
        case, seat = lock_seat(seat)
        require_state(case, c.CaseState.ASSIGNMENT, c.CaseState.REVIEW)
        if seat.state == c.SeatState.REVIEWING:
            return seat
        if any(declared.values()):
            _decline(seat, by=by, reason=c.DeclineReason.CONFLICT, declared=declared)
            return seat
        if not hard_blocks(by, Named.of(case)):
            now = timezone.now()
            seat._make(
                "accept",
                by=by,
                **seat.audit_name,
                data=audit_data(case),
                answered_at=now,
                declared=dict(declared),
                due_at=days_from_now(periods(case)["review_days"], start=now),
            )
            advance(case)
            return seat
        _decline(seat, by=by, reason=c.DeclineReason.CONFLICT, declared=declared)
        return seat


def decline(seat: Seat, *, by: User, reason: str, note: str = "") -> None:
    """Say no, with the reason; the chair asks somebody else."""
    if reason not in c.DeclineReason.values:
        text = _("Choose a reason.")
        raise DomainError(text, code="reason", fields={"reason": [text]})
    if reason == c.DeclineReason.OTHER:
        note = require_text(note, _("Say in a few words why."), "note")
    must(seat.user_id == by.pk)
    with transaction.atomic():
        _case, seat = lock_seat(seat)
        _decline(seat, by=by, reason=reason, note=note)


def _decline(
    seat: Seat,
    *,
    by: User,
    reason: str,
    note: str = "",
    declared: Mapping[str, bool] | None = None,
) -> None:
    now = timezone.now()
    seat._make(
        "decline_seat",
        by=by,
        **seat.audit_name,
        data={"reason": reason, **audit_data(seat.case)},
        answered_at=now,
        ended_at=now,
        decline_reason=reason,
        decline_note=note.strip()[:500],
        declared=dict(declared or {}),
    )
    replace(seat.case)


def replace(case: Case) -> None:
    """Somebody will not review: tell the chair, or go on with those who are there."""
    if case.state in {c.CaseState.REVIEW, c.CaseState.DECISION}:
        advance(case)


# --- Dates -------------------------------------------------------------------------------


def propose_date(seat: Seat, *, by: User, on: date) -> None:
    """Ask the chair for another date. The present one stands until the chair agrees."""
    must(seat.user_id == by.pk)
    today = timezone.localdate()
    if not today < on <= today + timedelta(days=LONGEST_DELAY):
        text = _("Choose a day within the next %(n)d days.") % {"n": LONGEST_DELAY}
        raise DomainError(text, code="date", fields={"on": [text]})
    with transaction.atomic():
        _case, seat = lock_seat(seat)
        if seat.state not in c.BUSY:
            raise DomainError(_("This review is no longer open."), code="wrong-state")
        Seat.objects.filter(pk=seat.pk).update(asked_due_on=on)
        AuditEntry.record(
            by=by, verb="propose_date", target=seat, on=on.isoformat(), **seat.audit_name
        )
        seat.announce("propose_date", by=by)


def set_due(seat: Seat, *, by: User, on: date) -> None:
    """The chair changes the date of a review, or grants the one that was asked for."""
    must(chairs_declared(by, seat.case))
    today = timezone.localdate()
    if not today <= on <= today + timedelta(days=LONGEST_DELAY):
        text = _("Choose a day within the next %(n)d days.") % {"n": LONGEST_DELAY}
        raise DomainError(text, code="date", fields={"on": [text]})
    with transaction.atomic():
        _case, seat = lock_seat(seat)
        if seat.state not in c.BUSY:
            raise DomainError(_("This review is no longer open."), code="wrong-state")
        end = timezone.make_aware(datetime.combine(on, time(23, 59)))
        Seat.objects.filter(pk=seat.pk).update(due_at=end, asked_due_on=None, chair_told_at=None)
        AuditEntry.record(by=by, verb="set_due", target=seat, on=on.isoformat())
        seat.announce("set_due", by=by)


# --- Leaving a panel ---------------------------------------------------------------------


def release(seat: Seat, *, by: User, note: str) -> None:
    """The chair lets a reviewer go. A review that was in no longer counts."""
    note = require_text(note, _("Say why."), "note")
    case = seat.case
    must(by.has_perm("validation.release_seat", case) and uninvolved(by, case))
    with transaction.atomic():
        _case, seat = lock_seat(seat)
        _leave(seat, "release", by=by, note=note)


def recuse(seat: Seat, *, by: User, note: str) -> None:
    """A reviewer steps down, because a conflict came to light, before or after the review was
    sent. What they wrote no longer counts."""
    note = require_text(note, _("Say why, in one sentence. Only the chair reads it."), "note")
    must(seat.user_id == by.pk)
    with transaction.atomic():
        _case, seat = lock_seat(seat)
        # On the seat, not in the audit: moderators read that, and this is for the chair alone.
        Seat.objects.filter(pk=seat.pk).update(decline_note=note[:500])
        seat.decline_note = note[:500]
        _leave(seat, "recuse", by=by, note="", **seat.audit_name)


def leave(seat: Seat, *, note: str) -> None:
    """The portal lets a reviewer go who cannot go on. A review that is in by now stays."""
    with transaction.atomic():
        _case, seat = lock_seat(seat)
        if seat.state in c.BUSY:
            _leave(seat, "release", by=PORTAL, note=note, **PORTAL.audit_name)


def _leave(seat: Seat, verb: str, *, by: Any, note: str, **alias: Any) -> None:
    case, counted = seat.case, seat.state == c.SeatState.SENT
    seat._make(verb, by=by, note=note, data=audit_data(case), ended_at=timezone.now(), **alias)
    if not counted:
        replace(case)
        return
    touch(case)
    if case.is_open:
        if case.state == c.CaseState.DECISION:
            back_to_review(case)
        advance(case)
    else:
        _label_lost_a_review(case)


def _label_lost_a_review(case: Case) -> None:
    """A label never stands on one review, nor on two that would need a third: it is suspended
    until people have looked."""
    record = Record.objects.filter(case=case, state=c.RecordState.IN_FORCE).first()
    if record is None:
        return
    if Panel.of(case).carries_a_label:
        return
    record._make(
        "suspend_record",
        by=PORTAL,
        state_since=timezone.now(),
        public_note="One of the reviews behind this label no longer counts.",
        **PORTAL.audit_name,
    )
    sync(case.solution)


def recheck(solution: Solution) -> int:
    """The people named in a record changed: let go who may not judge it any more.

    Returns how many seats ended. A chair with a conflict loses the chair; the desk appoints
    another one.
    """
    gone = 0
    for case in Case.objects.open().filter(solution=solution).select_related("chair"):
        with transaction.atomic():
            case = lock(case)
            named = Named.of(case)
            for seat in case.seats.on_panel().select_related("user__profile"):
                blocks = hard_blocks(seat.user, named)
                if not blocks:
                    continue
                seat.case = case
                note = " ".join(block.message for block in blocks)
                _leave(seat, "release", by=PORTAL, note=note, **PORTAL.audit_name)
                gone += 1
            if case.chair and hard_blocks(case.chair, named):
                Case.objects.filter(pk=case.pk).update(chair=None)
                touch(case)
                AuditEntry.record(
                    by=PORTAL,
                    verb="release",
                    target=case,
                    note="The chair may not judge this solution any more.",
                    **PORTAL.audit_name,
                )
    return gone
