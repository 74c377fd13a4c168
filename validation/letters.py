"""Letters of the validation, in the language of their reader.

A letter says one thing and leads to one page. One to a team or a member who doubts a label
never says who reviews, how many were asked, nor when exactly somebody did something; one to
a reviewer names the solution, never another reviewer. The portal shows the day of each, not the
time, wherever it lists them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from accounts.kinds import NoticeKind
from accounts.letters import Page, on_one_line, tell
from accounts.models import User
from catalogue.letters import team_of
from validation import choices as c
from validation.models import CasePart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogue.models import Solution
    from validation.models import Appeal, Case, Challenge, Record, Seat

#: How the reader of each letter sorts it.
KINDS = {
    # To those who are asked something
    "invitation": NoticeKind.ASKED,
    "review_due": NoticeKind.ASKED,
    "review_date": NoticeKind.ASKED,
    "review_again": NoticeKind.ASKED,
    "decision_proposed": NoticeKind.ASKED,
    "appeal_asked": NoticeKind.ASKED,
    "questions_asked": NoticeKind.ASKED,
    "challenge_question": NoticeKind.ASKED,
    # To the chair, and to a reviewer who need not go on
    "chair_appointed": NoticeKind.PANEL,
    "seat_answer": NoticeKind.PANEL,
    "date_asked": NoticeKind.PANEL,
    "review_late": NoticeKind.PANEL,
    "third_needed": NoticeKind.PANEL,
    "reviews_in": NoticeKind.PANEL,
    "answers_in": NoticeKind.PANEL,
    "proposal_refused": NoticeKind.PANEL,
    "proposal_confirmed": NoticeKind.PANEL,
    "case_ended": NoticeKind.PANEL,
    "released": NoticeKind.PANEL,
    # To the desk
    "case_waits": NoticeKind.DESK,
    "appeal_filed": NoticeKind.DESK,
    "challenge_raised": NoticeKind.DESK,
    # To the team, and to a member who doubted a label
    "case_opened": NoticeKind.CASE,
    "decided": NoticeKind.CASE,
    "case_closed": NoticeKind.CASE,
    "label_ends": NoticeKind.CASE,
    "label_changed": NoticeKind.CASE,
    "appeal_answered": NoticeKind.CASE,
    "challenge_answer": NoticeKind.CASE,
}


def write(name: str, to: User, page: Page, *, key: str = "", **context: Any) -> None:
    """Write somebody the letter of that name (``emails/validation/<name>.txt``, title first).

    ``key`` names the fact; with it each reader gets the letter once.
    """
    key = f"{key}:{to.pk}" if key else ""
    tell(to, f"validation/{name}", page, kind=KINDS[name], key=key, discreet=True, **context)


# --- Who is written to -------------------------------------------------------------------


def moderators_for(case: Case) -> Iterable[User]:
    """Portal moderators who have no part in the case."""
    people = User.objects.filter(is_staff=True, is_active=True)
    people = people.exclude(pk__in=CasePart.objects.filter(case=case).values("user"))
    people = people.exclude(pk__in=[person.pk for person in team_of(case.solution)])
    return people.select_related("profile").order_by("pk")


def title_of(case: Case) -> str:
    """As it was frozen, on one line: it stands in subjects."""
    return on_one_line(case.version.content["title"])


def _desk(case: Case) -> Page:
    return ("admin:validation_case_change", case.pk)


def _standing(solution: Solution) -> Page:
    return ("validation:standing", solution.uid)


# --- To a reviewer -----------------------------------------------------------------------


def invitation(seat: Seat) -> None:
    """Ask somebody to review."""
    to_reviewer("invitation", seat)


def invited_before(seat: Seat, number: int) -> None:
    """Remind somebody, for that time, that they were asked."""
    key = f"invitation-reminder:{seat.uid}:{number}"
    to_reviewer("invitation", seat, key=key, reminder=True)


def review_due(seat: Seat, days: int) -> None:
    """A review is due within so many days."""
    day = seat.due_at.date().isoformat() if seat.due_at else ""
    key = f"review-due:{seat.uid}:{day}:{days}"
    to_reviewer("review_due", seat, key=key, due=seat.due_at)


def to_reviewer(name: str, seat: Seat, *, key: str = "", **context: Any) -> None:
    page = ("validation:review", seat.uid)
    write(name, seat.user, page, key=key, title=title_of(seat.case), **context)


# --- To the chair ------------------------------------------------------------------------


def review_late(seat: Seat) -> None:
    """Tell the chair that a review did not come in time."""
    to_chair("review_late", seat.case, seat=seat)


def to_chair(
    name: str, case: Case, *, by: Any = None, seat: Seat | None = None, **more: Any
) -> None:
    """Tell the chair, unless there is none or they did it themselves."""
    chair = case.chair
    if chair is None or (by is not None and chair.pk == by.pk):
        return
    if seat is not None:
        more["alias"] = partial(str, seat)
    write(name, chair, _desk(case), title=title_of(case), **more)


# --- To the team -------------------------------------------------------------------------


def label_ends(record: Record, days: int) -> None:
    """Tell the team that a label runs out within so many days; silence never renews."""
    to_team(
        "label_ends",
        record.solution,
        key=f"label-ends:{record.reference}:{record.expires_on}:{days}",
        title=title_of(record.case),
        reference=record.reference,
        expires_on=record.expires_on,
    )


def to_team(name: str, solution: Solution, *, by: Any = None, **context: Any) -> None:
    """Everybody of the team, except the one who did it."""
    for person in team_of(solution):
        if by is None or person.pk != by.pk:
            write(name, person, _standing(solution), **context)


def label_changed(record: Record, change: str) -> None:
    """Suspended, restored, revoked, expired."""
    to_team(
        "label_changed",
        record.solution,
        change=change,
        title=title_of(record.case),
        reference=record.reference,
        note=record.public_note,
    )


# --- To the desk and to those who answer ---------------------------------------------------


def to_moderators(name: str, case: Case, page: Page, *, besides: Iterable[int] = ()) -> None:
    """Everybody at the desk of the portal who has no part in it."""
    left_out = set(besides)
    for person in moderators_for(case):
        if person.pk not in left_out:
            write(name, person, page, title=title_of(case))


def case_waits(case: Case) -> None:
    to_moderators("case_waits", case, _desk(case))


def appeal_filed(appeal: Appeal) -> None:
    page = ("admin:validation_appeal_change", appeal.pk)
    to_moderators("appeal_filed", appeal.case, page, besides=[appeal.filed_by_id])


def challenge_raised(challenge: Challenge) -> None:
    page = ("admin:validation_challenge_change", challenge.pk)
    case = challenge.record.case
    to_moderators("challenge_raised", case, page, besides=[challenge.raised_by_id])


def challenge_answer(challenge: Challenge) -> None:
    """Tell the member who doubted a label what became of it."""
    write(
        "challenge_answer",
        challenge.raised_by,
        ("validation:record", challenge.record.reference),
        title=title_of(challenge.record.case),
        kept=challenge.state == c.ChallengeState.KEPT,
        suspended=challenge.state == c.ChallengeState.SUSPENDED,
        answer=challenge.answer,
    )


def appeal_members_asked(appeal: Appeal) -> None:
    """Ask the three for their opinion, each by a letter of their own."""
    for member in appeal.members.select_related("user__profile"):
        write(
            "appeal_asked",
            member.user,
            ("validation:appeal-panel", appeal.uid),
            title=title_of(appeal.case),
            due=appeal.due_at,
        )
