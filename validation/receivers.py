"""What the validation hears from the catalogue, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from django.dispatch import receiver

from accounts.signals import account_closed, desk_roles, personal_data
from catalogue.around import tells
from catalogue.choices import Publication, SubmissionState
from catalogue.models import Solution
from catalogue.signals import (
    panel_asks,
    screening_left,
    screening_passed,
    solution_moved,
    submission_moved,
    team_changed,
)
from core import audit
from hubs.signals import hubs_merged
from validation import choices as c
from validation.clock import PORTAL
from validation.conflicts import concerned
from validation.models import Case, Record, Reviewer, Seat
from validation.operations import opening, panel
from validation.operations.common import lock, sync
from validation.rules import may_chair

if TYPE_CHECKING:
    from catalogue.models import Submission

tells("records", lambda: Exists(Record.objects.filter(solution=OuterRef("pk"))))


@receiver(submission_moved, dispatch_uid="one-version-before-a-panel")
def refuse_while_the_panel_has_one(submission: Submission, verb: str, **_: Any) -> None:
    """A second version waits until the panel has decided about the first."""
    if verb == "submit" and submission.state == SubmissionState.SCREENING:
        opening.refuse_second_case(submission)


@receiver(screening_passed, dispatch_uid="screened-goes-to-the-panel")
def give_to_the_panel(submission: Submission, by: Any, **_: Any) -> None:
    opening.open_case(submission, by=by)


@receiver(screening_left, dispatch_uid="validation-axis-after-screening")
def show_standing(solution: Solution, **_: Any) -> None:
    sync(solution)


@receiver(team_changed, dispatch_uid="conflicts-are-looked-for-again")
def look_for_conflicts(solution: Solution, **_: Any) -> None:
    panel.recheck(solution)


@receiver(hubs_merged, dispatch_uid="two-hubs-are-one-institution")
def look_for_conflicts_of_the_hub(kept: Any, **_: Any) -> None:
    """Names and people of two hubs are one hub's now: whoever judges its records is looked at
    again."""
    cases = Case.objects.open().filter(solution__hub=kept)
    for solution in Solution.objects.filter(pk__in=cases.values("solution")).order_by("pk"):
        panel.recheck(solution)


@receiver(solution_moved, dispatch_uid="withdrawn-leaves-the-panel")
def leave_the_panel(solution: Solution, verb: str, **_: Any) -> None:
    """What is withdrawn is not judged any further."""
    if verb != "withdraw" or solution.publication != Publication.WITHDRAWN:
        return
    for case in Case.objects.open().filter(solution=solution):
        opening.end_case(
            lock(case),
            "close_case",
            by=PORTAL,
            note="",
            outcome=c.Outcome.WITHDRAWN,
            **PORTAL.audit_name,
        )


@receiver(panel_asks, dispatch_uid="panel-opens-restricted-evidence")
def may_open_files(user: Any, solution: Solution, **_: Any) -> bool:
    """Restricted evidence is open to reviewers once they have declared and accepted, and to
    the chair, as long as the case is open."""
    cases = Case.objects.open().filter(solution=solution)
    seats = Seat.objects.filter(
        case__in=cases, user=user, state__in=[c.SeatState.REVIEWING, c.SeatState.SENT]
    )
    return seats.exists() or any(
        user.has_perm("validation.chair_case", case) for case in cases.filter(chair=user)
    )


@audit.withhold
def acts_on_ones_own_solution(user: Any) -> Q:
    """Who belongs to a team, or reviews beside others, does not read there when a reviewer of
    the case did what."""
    cases = Case.objects.filter(concerned(user))
    keys = set(cases.values_list("pk", flat=True))
    seats = Seat.objects.filter(case__in=keys).values_list("pk", flat=True)
    return Q(target_type="validation.case", target_id__in=[str(pk) for pk in keys]) | Q(
        target_type="validation.seat", target_id__in=[str(pk) for pk in seats]
    )


@receiver(desk_roles, dispatch_uid="chairs-use-the-desk")
def chairs_at_the_desk(user: Any, **_: Any) -> bool:
    return bool(may_chair(user))


@receiver(personal_data, dispatch_uid="reviews-of-a-person")
def reviews_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    """The panels they were asked to join, and what they wrote there."""
    seats = (
        Seat.objects.filter(user=user).select_related("case__version").prefetch_related("scores")
    )
    return "reviews", [
        {
            "record": seat.case.version.content["title"],
            "state": seat.state,
            "invited": seat.invited_at.isoformat(),
            "declared": seat.declared,
            "note": seat.note,
            "scores": [
                {
                    "criterion": row.criterion,
                    "value": row.value,
                    "cannot_judge": row.cannot_judge,
                    "reason": row.reason,
                    "question": row.question,
                }
                for row in seat.scores.all()
            ],
        }
        for seat in seats.order_by("pk")
    ]


@receiver(account_closed, dispatch_uid="reviewing-ends-with-the-account")
def reviewing_ends(user: Any, **_: Any) -> None:
    """They are not asked any more and leave the panels they sit on; reviews that are in stay,
    under their alias."""
    Reviewer.objects.filter(user=user).update(is_active=False)
    for seat in Seat.objects.filter(user=user, state__in=c.BUSY):
        panel.leave(seat, note="The account was closed.")
    Case.objects.open().filter(chair=user).update(chair=None)
