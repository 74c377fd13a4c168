"""Plain functions that make cases, panels and reviews. Every name is made up for the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from accounts.models import Profile
from catalogue.models import Solution, Submission
from hubs.models import Membership
from tests.factories import complete_full, make_hub, make_member, make_user, published
from validation import choices as c
from validation.models import Case, Decision, Record, Reviewer, Seat
from validation.operations import deciding, inviting, opening, panel, reviewing
from validation.operations.deciding import Ruling
from validation.operations.reviewing import Draft, Judgement

if TYPE_CHECKING:
    from accounts.models import User

CODES = [f"C{n}" for n in range(1, 11)]
NO_CONFLICT = dict.fromkeys(c.Conflict.values, False)


def make_reviewer(
    country: str = "ID",
    *,
    may_chair: bool = False,
    languages: tuple[str, ...] = ("en",),
    sectors: tuple[str, ...] = ("water",),
    organisation: str = "",
    **more: Any,
) -> User:
    """Somebody on the list of reviewers. The solutions of the tests are from Brazil (BR)."""
    user = make_user(**more)
    Profile.objects.filter(user=user).update(country=country, organisation=organisation)
    user.refresh_from_db()
    user.profile.languages.set(languages)
    entry = Reviewer.objects.create(user=user, may_chair=may_chair)
    entry.sectors.set(sectors)
    return user


def opened_case(owner: User | None = None, **more: Any) -> Case:
    """A full record of Brazil that passed screening: the case before a chair is appointed."""
    solution = published(complete_full(owner, **more), form="full")
    return Case.objects.get(solution=solution)


def chaired_case(case: Case | None = None) -> Case:
    """A case with a chair who has no part in it."""
    case = case or opened_case()
    chair = make_reviewer("CI", may_chair=True)
    opening.appoint_chair(case, by=chair, chair=chair, declared=NO_CONFLICT)
    return Case.objects.get(pk=case.pk)


def invited(case: Case, person: User | None = None, country: str = "ID") -> Seat:
    """Somebody the chair asked."""
    person = person or make_reviewer(country)
    return inviting.invite(case, by=case.chair, person=person)


def accepted(case: Case, person: User | None = None, country: str = "ID") -> Seat:
    """Somebody who declared no conflict and accepted."""
    seat = invited(case, person, country)
    return panel.accept(seat, by=seat.user, declared=NO_CONFLICT)


def case_in_review(case: Case | None = None) -> Case:
    """Two reviewers have accepted."""
    case = chaired_case(case)
    for country in ("ID", "CD"):
        accepted(case, country=country)
    return Case.objects.get(pk=case.pk)


def judged(
    seat: Seat,
    scores: int | Mapping[str, int | None] = 3,
    strength: int | None = 2,
) -> Seat:
    """A complete review, not yet sent. ``None`` is "cannot judge"; an int is every score."""
    seat = Seat.objects.select_related("case__version", "user").get(pk=seat.pk)
    if isinstance(scores, int):
        scores = dict.fromkeys(seat.case.scope, scores)
    draft = Draft(
        {
            code: Judgement(
                value=value,
                cannot_judge=value is None,
                reason=f"Because of what is in {code}.",
                cites=("E1",) if value is not None and value >= 2 else (),
            )
            for code, value in scores.items()
        },
        strength=strength,
    )
    reviewing.save_review(seat, by=seat.user, draft=draft)
    return seat


def sent(seat: Seat, scores: int | Mapping[str, int | None] = 3, strength: int | None = 2) -> Seat:
    """A review that is in."""
    seat = judged(seat, scores, strength)
    return reviewing.send_review(seat, by=seat.user)


def case_in_decision(
    first: int | Mapping[str, int | None] = 3,
    second: int | Mapping[str, int | None] = 3,
    *,
    strength: int = 2,
    case: Case | None = None,
) -> Case:
    """Two reviews are in and were enough."""
    case = case_in_review(case)
    for seat, scores in zip(case.seats.order_by("pk"), (first, second), strict=True):
        sent(seat, scores, strength)
    return Case.objects.get(pk=case.pk)


def proposed(case: Case, **more: Any) -> Decision:
    """The chair keeps what the reviewers agreed on."""
    case = Case.objects.select_related("chair").get(pk=case.pk)
    more.setdefault(
        "rulings", {code: Ruling(f"Readers see why for {code}.") for code in case.scope}
    )
    more.setdefault("letter", "This is what was decided, and why.")
    return deciding.propose(case, by=case.chair, **more)


def decided(case: Case | None = None, **more: Any) -> Record | None:
    """A decision proposed by the chair and confirmed by a reviewer."""
    case = case or case_in_decision(**more)
    decision = proposed(case)
    second = case.seats.sent().select_related("user").order_by("pk").first()
    assert second is not None
    return deciding.confirm(decision, by=second.user)


def labelled(**more: Any) -> Record:
    """A solution with the label "validated"."""
    record = decided(**more)
    assert record is not None
    return record


def moderator(**more: Any) -> User:
    """A portal moderator with no part in anything."""
    return make_user(is_staff=True, **more)


def screened_again(solution: Solution) -> Submission:
    """Pass the open submission of a solution by a focal point of its hub."""
    from catalogue import criteria, operations

    submission = solution.submissions.get(state="screening")
    screener = make_member(solution.hub or make_hub(), Membership.Role.FOCAL_POINT)
    operations.answer_gates(
        submission, by=screener, answers=dict.fromkeys(criteria.GATES, (True, "Seen."))
    )
    operations.pass_screening(submission, by=screener)
    return Submission.objects.get(pk=submission.pk)
