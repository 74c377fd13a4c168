"""Facts about people and cases, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from catalogue.rules import is_in_team
from hubs.rules import is_portal_moderator
from validation.choices import Part, SeatState
from validation.models import (
    Appeal,
    AppealMember,
    Case,
    CasePart,
    Challenge,
    Record,
    Reviewer,
    Seat,
)


def case_of(obj: Any) -> Case:
    """The case an object belongs to."""
    match obj:
        case Case():
            return obj
        case Challenge():
            return obj.record.case
        case _:
            return obj.case


def reviewer_of(user: Any) -> Reviewer | None:
    """The person's entry in the list of reviewers, read once per request."""
    if not user.is_authenticated or user.pk is None:
        return None
    if not hasattr(user, "_reviewer"):
        user._reviewer = Reviewer.objects.filter(user=user).first()
    return user._reviewer


def part_of(user: Any, case: Case) -> str:
    """What the person is in this case; empty for nobody."""
    found = CasePart.objects.filter(case=case, user=user.pk).values_list("part", flat=True).first()
    return found or ""


@rules.predicate
def team(user: Any, obj: Any) -> bool:
    """Belongs to the team of the solution in question."""
    return bool(is_in_team(user, case_of(obj).solution))


@rules.predicate
def may_chair(user: Any) -> bool:
    """Is on the list of those who may chair."""
    entry = reviewer_of(user)
    return bool(user.is_active and entry and entry.is_active and entry.may_chair)


@rules.predicate
def chairs(user: Any, obj: Any) -> bool:
    return bool(user.is_active and user.pk is not None and case_of(obj).chair_id == user.pk)


@rules.predicate
def has_declared(user: Any, obj: Any) -> bool:
    """The chair answered the questions about conflicts of interest, and has none."""
    part = CasePart.objects.filter(case=case_of(obj), user=user.pk, part=Part.CHAIR).first()
    return bool(part and part.declared and not any(part.declared.values()))


@rules.predicate
def is_uninvolved(user: Any, obj: Any) -> bool:
    """Neither in the team nor a reviewer in this case."""
    case = case_of(obj)
    return not is_in_team(user, case.solution) and part_of(user, case) in {"", Part.CHAIR}


@rules.predicate
def has_no_part(user: Any, obj: Any) -> bool:
    """Is nothing at all in this case."""
    case = case_of(obj)
    return not is_in_team(user, case.solution) and not part_of(user, case)


@rules.predicate
def holds_seat(user: Any, seat: Seat) -> bool:
    return bool(user.is_active and user.pk is not None and seat.user_id == user.pk)


@rules.predicate
def sent_a_review(user: Any, obj: Any) -> bool:
    """Sits on the panel with a review that is in."""
    seats = Seat.objects.filter(case=case_of(obj), user=user.pk, state=SeatState.SENT)
    return bool(user.is_active and user.pk is not None and seats.exists())


@rules.predicate
def did_not_raise_it(user: Any, challenge: Challenge) -> bool:
    return challenge.raised_by_id != user.pk


@rules.predicate
def hears_appeal(user: Any, appeal: Appeal) -> bool:
    members = AppealMember.objects.filter(appeal=appeal, user=user.pk)
    return bool(user.is_active and user.pk is not None and members.exists())


@rules.predicate
def owns_the_record(user: Any, record: Record) -> bool:
    return bool(is_in_team(user, record.solution))


moderates = is_portal_moderator & is_uninvolved
judges_labels = (is_portal_moderator | may_chair) & has_no_part

rules.add_perm("validation.view_case", moderates | (chairs & is_uninvolved))
rules.add_perm("validation.appoint_chair", moderates | (may_chair & is_uninvolved))
rules.add_perm("validation.declare_chair", chairs)
rules.add_perm("validation.chair_case", chairs & has_declared)
rules.add_perm("validation.advance_case", rules.always_false)  # follows by itself
rules.add_perm("validation.close_case", moderates)
rules.add_perm("validation.take_back_case", team)
rules.add_perm("validation.follow_case", team)
rules.add_perm("validation.answer_clarification", team)
rules.add_perm("validation.confirm_decision", sent_a_review)
rules.add_perm("validation.hold_seat", holds_seat)
rules.add_perm("validation.release_seat", (chairs & has_declared) | moderates)
rules.add_perm("validation.reopen_seat", rules.always_false)  # follows from an answer
rules.add_perm("validation.keep_time", rules.always_false)  # only the portal itself
rules.add_perm("validation.decide_record", judges_labels)
rules.add_perm("validation.file_appeal", team)
rules.add_perm("validation.run_appeal", is_portal_moderator & has_no_part)
rules.add_perm("validation.hear_appeal", hears_appeal)
rules.add_perm("validation.decide_challenge", judges_labels & did_not_raise_it)
rules.add_perm("validation.answer_challenge", team)
rules.add_perm("validation.renew_record", owns_the_record)
