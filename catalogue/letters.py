"""Letters about records: what became of a submission, and what waits to be screened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.kinds import NoticeKind
from accounts.letters import Page, on_one_line, tell
from accounts.models import User
from hubs.models import Membership

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogue.models import Solution, Submission

#: How the reader of each letter sorts it.
KINDS = {
    "submission_waits": NoticeKind.DESK,
    "submission_documented": NoticeKind.CASE,
    "submission_returned": NoticeKind.CASE,
    "submission_declined": NoticeKind.CASE,
    "submission_recalled": NoticeKind.CASE,
    "solution_withdrawn": NoticeKind.CASE,
    "solution_restored": NoticeKind.CASE,
}


# --- Who is written to -------------------------------------------------------------------


def team_of(solution: Solution) -> Iterable[User]:
    """Owner and contributors with an account."""
    members = set(
        solution.contributors.filter(user__isnull=False).values_list("user_id", flat=True)
    )
    people = User.objects.filter(pk__in=members | {solution.owner_id}, is_active=True)
    return people.select_related("profile").order_by("pk")


def screeners_of(submission: Submission) -> Iterable[User]:
    """The focal points of its hub, else portal moderators; nobody of its own team."""
    solution = submission.solution
    team = {submission.submitted_by_id, *(person.pk for person in team_of(solution))}
    people = User.objects.filter(is_active=True).exclude(pk__in=team)
    people = people.select_related("profile").order_by("pk")
    focal_points = Membership.objects.filter(
        hub=solution.hub_id, role=Membership.Role.FOCAL_POINT
    ).values("user")
    return list(people.filter(pk__in=focal_points)) or people.filter(is_staff=True)


# --- Letters -----------------------------------------------------------------------------


def submission_waits(submission: Submission) -> None:
    """Tell those who screen that there is something to screen."""
    for person in screeners_of(submission):
        _write(
            "submission_waits",
            person,
            submission.get_absolute_url,
            key=f"submission-waits:{submission.pk}:{person.pk}",
            title=_title(submission),
            due=submission.due_at,
        )


def submission_decided(name: str, submission: Submission, *, by: Any) -> None:
    """Tell the team what became of its submission. It never says who screened."""
    _to_team(
        name,
        submission.solution,
        by=by,
        key=f"{name}:{submission.pk}",
        title=_title(submission),
        note=submission.note,
        remarks=submission.remarks.count(),
    )


def solution_moved(name: str, solution: Solution, *, by: Any) -> None:
    """Tell the team that others took its record down, or show it again."""
    _to_team(
        name,
        solution,
        by=by,
        title=on_one_line(solution),
        note=solution.withdrawal_reason,
    )


def _to_team(name: str, solution: Solution, *, by: Any, key: str = "", **context: Any) -> None:
    """Everybody of the team, except the one who did it."""
    for person in team_of(solution):
        if by is None or person.pk != by.pk:
            own = f"{key}:{person.pk}" if key else ""
            _write(name, person, solution.get_workspace_url, key=own, **context)


def _title(submission: Submission) -> str:
    """As it was frozen, on one line."""
    return on_one_line(submission.version.content["title"])


def _write(name: str, to: User, page: Page, *, key: str, **context: Any) -> None:
    tell(to, f"catalogue/{name}", page, kind=KINDS[name], key=key, **context)
