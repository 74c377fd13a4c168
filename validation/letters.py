"""Letters of the validation: each a row that is owed until it is sent, in the reader's language.

A letter says one thing and leads to one page. One to a team or a member who doubts a label
never says who reviews, how many were asked, nor when exactly somebody did something; one to
a reviewer names the solution, never another reviewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from accounts.operations import owe_mail
from validation import choices as c
from validation.models import CasePart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogue.models import Solution
    from validation.models import Appeal, Case, Challenge, Record, Seat

#: The name of a page and what it takes.
Page = tuple[str, Any]


def write(name: str, to: User, page: Page, **context: Any) -> None:
    """Owe somebody the letter of that name (``emails/validation/<name>.txt``, subject first).

    The link is that of the reader's language. Nothing goes to an account that is closed or
    locked.
    """
    if not to.is_active:
        return
    with translation.override(to.profile.interface_language or settings.LANGUAGE_CODE):
        view, argument = page
        context |= {
            "portal_name": settings.PORTAL_NAME,
            "url": f"{settings.PORTAL_URL}{reverse(view, args=[argument])}",
        }
        text = render_to_string(f"emails/validation/{name}.txt", context)
    subject, _line, body = text.strip().partition("\n")
    owe_mail(
        to=to.email,
        purpose=f"validation_{name}",
        subject=subject.strip(),
        body=body.strip() + "\n",
        asked_by_anyone=False,
    )


# --- Who is written to -------------------------------------------------------------------


def team_of(solution: Solution) -> Iterable[User]:
    """Owner and contributors with an account."""
    members = set(
        solution.contributors.filter(user__isnull=False).values_list("user_id", flat=True)
    )
    people = User.objects.filter(pk__in=members | {solution.owner_id}, is_active=True)
    return people.select_related("profile").order_by("pk")


def moderators_for(case: Case) -> Iterable[User]:
    """Portal moderators who have no part in the case."""
    people = User.objects.filter(is_staff=True, is_active=True)
    people = people.exclude(pk__in=CasePart.objects.filter(case=case).values("user"))
    people = people.exclude(pk__in=[person.pk for person in team_of(case.solution)])
    return people.select_related("profile").order_by("pk")


def title_of(case: Case) -> str:
    """As it was frozen, on one line: it stands in subjects."""
    return " ".join(str(case.version.content["title"]).split())


def _desk(case: Case) -> Page:
    return ("admin:validation_case_change", case.pk)


def _standing(solution: Solution) -> Page:
    return ("validation:standing", solution.uid)


# --- To a reviewer -----------------------------------------------------------------------


def invitation(seat: Seat, *, reminder: bool = False) -> None:
    """Ask somebody to review, or remind them that they were asked."""
    to_reviewer("invitation", seat, reminder=reminder)


def review_due(seat: Seat) -> None:
    """A review is due soon."""
    to_reviewer("review_due", seat, due=seat.due_at)


def to_reviewer(name: str, seat: Seat, **context: Any) -> None:
    page = ("validation:review", seat.uid)
    write(name, seat.user, page, title=title_of(seat.case), **context)


# --- To the chair ------------------------------------------------------------------------


def review_late(seat: Seat) -> None:
    """Tell the chair that a review did not come in time."""
    to_chair("review_late", seat.case, alias=str(seat))


def to_chair(
    name: str, case: Case, *, by: Any = None, seat: Seat | None = None, **more: Any
) -> None:
    """Tell the chair, unless there is none or they did it themselves."""
    chair = case.chair
    if chair is None or (by is not None and chair.pk == by.pk):
        return
    if seat is not None:
        with translation.override(chair.profile.interface_language or settings.LANGUAGE_CODE):
            more["alias"] = str(seat)
    write(name, chair, _desk(case), title=title_of(case), **more)


# --- To the team -------------------------------------------------------------------------


def label_ends(record: Record) -> None:
    """Tell the team that a label runs out; silence never renews."""
    to_team(
        "label_ends",
        record.solution,
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
