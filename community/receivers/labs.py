"""Labs go with their hub; authors hear of their reports; what is kept about a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from accounts.signals import account_closed, personal_data
from community.choices import ReportState
from community.letters import trials as letters
from community.models import Lesson, LessonConfirmation, LivingLab, TrialReport
from community.operations.labs import count_countries
from community.signals import report_moved
from hubs.models import Hub
from hubs.signals import hubs_merging

if TYPE_CHECKING:
    from accounts.models import User


@receiver(hubs_merging, dispatch_uid="labs-go-with-their-hub")
def go_with_the_hub(gone: Hub, kept: Hub, **_: Any) -> None:
    """The pilot hub of a lab is the one that stays; if that is of another country, another country
    does not count any more."""
    moved = list(LivingLab.objects.filter(hub=gone).order_by("pk").values_list("pk", flat=True))
    LivingLab.objects.filter(pk__in=moved).update(hub=kept)
    if gone.country_id == kept.country_id:
        return
    lessons = Lesson.objects.select_for_update(of=("self",)).select_related("lab__hub")
    for lesson in lessons.filter(lab__in=moved).order_by("pk"):
        count_countries(lesson)


@receiver(report_moved, dispatch_uid="letter-about-a-report")
def tell_author(report: TrialReport, verb: str, **_: Any) -> None:
    if verb == "show_report":
        letters.shown(report)
    elif verb == "hide_report":
        letters.hidden(report)


@receiver(account_closed, dispatch_uid="stewards-end-with-the-account")
def end_stewardship(user: User, **_: Any) -> None:
    for lab in LivingLab.objects.filter(stewards=user):
        lab.stewards.remove(user)


@receiver(personal_data, dispatch_uid="trials-of-a-person")
def trials_kept(user: User, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = TrialReport.objects.filter(user=user).select_related("solution").order_by("pk")
    return "trial_reports", [
        {
            "solution": str(row.solution),
            "organisation": row.organisation,
            "country": str(row.country),
            "tried": row.tried,
            "context": row.context,
            "changed": row.changed,
            "result": row.result,
            "outcome": row.outcome,
            "evidence": [row.evidence_title, row.evidence_url],
            "state": row.state,
            "reason": row.reason if row.state == ReportState.HIDDEN else "",
            "sent": row.submitted_at.isoformat(),
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="confirmations-of-a-person")
def confirmations_kept(user: User, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = LessonConfirmation.objects.filter(user=user).select_related("lesson").order_by("pk")
    return "lesson_confirmations", [
        {
            "lesson": "" if row.lesson.is_withdrawn else row.lesson.text,
            "country": str(row.country),
            "note": row.note,
            "given": row.given_at.isoformat(),
            "state": row.state,
        }
        for row in rows
    ]
