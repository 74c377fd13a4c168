"""What the calendar does: reminders, silence that counts, labels that run out.

Everything is found from dates in the database, so it does not matter how often, or how late,
the clock comes by: a doubled run does nothing twice, a missed one is made up for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from core.models import JobRun
from validation import choices as c
from validation import letters
from validation.clock import PORTAL
from validation.models import Case, Record, Seat
from validation.operations import clarifying, records
from validation.operations.common import audit_data, periods
from validation.operations.panel import lock_seat, replace

if TYPE_CHECKING:
    from datetime import datetime

#: Days before the date of a review on which its reviewer is reminded.
REVIEW_REMINDERS = (7, 3)


@dataclass
class Report:
    """How much one round of the clock found to do."""

    invitations_reminded: int = 0
    invitations_lapsed: int = 0
    reviews_reminded: int = 0
    chairs_told: int = 0
    clarifications_lapsed: int = 0
    renewals_announced: int = 0
    labels_expired: int = 0

    def __str__(self) -> str:
        return ", ".join(
            f"{item.name.replace('_', ' ')} {getattr(self, item.name)}" for item in fields(self)
        )


def keep_time() -> Report:
    """One round of the clock over everything that has a date."""
    report = Report()
    _invitations(report)
    _reviews(report)
    _clarifications(report)
    _labels(report)
    return report


def _invitations(report: Report) -> None:
    """Three days, a reminder; five more, another; three more, back to the chair."""
    now = timezone.now()
    waiting = Seat.objects.filter(state=c.SeatState.INVITED).select_related("case__criteria_set")
    for seat in waiting.order_by("pk"):
        steps = periods(seat.case)["invitation_days"]
        ends = [seat.invited_at + timedelta(days=sum(steps[: n + 1])) for n in range(len(steps))]
        if now >= ends[-1]:
            report.invitations_lapsed += lapse_invitation(seat)
        elif seat.reminders < len(steps) - 1 and now >= ends[seat.reminders]:
            report.invitations_reminded += _remind_invited(seat)


def _remind_invited(seat: Seat) -> bool:
    with transaction.atomic():
        won = Seat.objects.filter(
            pk=seat.pk, state=c.SeatState.INVITED, reminders=seat.reminders
        ).update(reminders=seat.reminders + 1)
        if won:
            letters.invited_before(seat, seat.reminders + 1)
    return bool(won)


def lapse_invitation(seat: Seat) -> bool:
    """Nobody answered: the chair asks somebody else."""
    with transaction.atomic():
        case, seat = lock_seat(seat)
        if seat.state != c.SeatState.INVITED:
            return False
        seat._make(
            "lapse_seat",
            by=PORTAL,
            data=audit_data(case),
            ended_at=timezone.now(),
            **PORTAL.audit_name,
        )
        replace(case)
    return True


def _reviews(report: Report) -> None:
    now = timezone.now()
    open_reviews = Seat.objects.filter(state=c.SeatState.REVIEWING, due_at__isnull=False)
    soon = open_reviews.filter(
        due_at__gt=now, due_at__lte=now + timedelta(days=max(REVIEW_REMINDERS))
    )
    for seat in soon.select_related("case__version", "user__profile").order_by("pk"):
        for days in sorted(REVIEW_REMINDERS):
            if seat.due_at is not None and seat.due_at - now <= timedelta(days=days):
                report.reviews_reminded += _once(
                    f"review-reminder-{days}",
                    seat,
                    seat.due_at,
                    partial(letters.review_due, seat, days),
                )
                break
    late = open_reviews.filter(due_at__lte=now, chair_told_at=None)
    for seat in late.select_related("case__chair__profile", "case__version").order_by("pk"):
        with transaction.atomic():
            won = Seat.objects.filter(pk=seat.pk, chair_told_at=None).update(chair_told_at=now)
            if won:
                letters.review_late(seat)
                report.chairs_told += 1


def _once(name: str, seat: Seat, due: datetime, write: Callable[[], None]) -> bool:
    """Write a reminder once for that date: a changed date is reminded of again."""
    with transaction.atomic():
        if not JobRun.claim(name, f"{seat.uid} {due.date().isoformat()}"):
            return False
        write()
    return True


def _clarifications(report: Report) -> None:
    silent = Case.objects.filter(state=c.CaseState.CLARIFICATION, due_at__lte=timezone.now())
    for case in silent.order_by("pk"):
        report.clarifications_lapsed += clarifying.lapse(case)


def _labels(report: Report) -> None:
    today = timezone.localdate()
    in_force = Record.objects.filter(state=c.RecordState.IN_FORCE)
    for record in in_force.filter(expires_on__lt=today).order_by("pk"):
        report.labels_expired += records.expire(record, today=today)
    near = in_force.filter(expires_on__gte=today, expires_on__lte=today + timedelta(days=366))
    for record in near.select_related("case__criteria_set", "solution__owner__profile"):
        for days in sorted(periods(record.case)["renewal_notice_days"]):
            if record.expires_on - today <= timedelta(days=days):
                report.renewals_announced += _announce_end(record, days)
                break


def _announce_end(record: Record, days: int) -> bool:
    with transaction.atomic():
        period = f"{record.reference} {record.expires_on.isoformat()}"
        if not JobRun.claim(f"label-ends-{days}", period):
            return False
        letters.label_ends(record, days)
    return True
