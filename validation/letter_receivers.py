"""Which fact of the validation is told to whom, inside the transaction that made it true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from validation import choices as c
from validation import letters
from validation.clock import PORTAL
from validation.conflicts import Named, hard_blocks
from validation.models import Decision, Record
from validation.operations.advancing import LEAST
from validation.signals import (
    appeal_moved,
    case_moved,
    challenge_moved,
    record_moved,
    seat_moved,
)

if TYPE_CHECKING:
    from validation.models import Appeal, Case, Challenge, Seat

#: What the chair is told by one letter that needs nothing but the case.
TO_CHAIR = {
    "appoint": "chair_appointed",
    "resume": "answers_in",
    "refuse": "proposal_refused",
    "decide": "proposal_confirmed",
}


@receiver(case_moved, dispatch_uid="letters-to-teams-about-cases")
def tell_team(case: Case, verb: str, by: Any, **_: Any) -> None:
    if case.kind == c.CaseKind.REPLAY:
        return
    title = letters.title_of(case)
    match verb:
        case "open":
            letters.case_waits(case)
            if case.kind != c.CaseKind.APPEAL:  # the answer to the appeal says it
                letters.to_team("case_opened", case.solution, title=title)
        case "ask":
            letters.to_team("questions_asked", case.solution, title=title, due=case.due_at)
        case "decide":
            _tell_decision(case)
        case "take_back" | "lapse" | "close_case":
            letters.to_team(
                "case_closed", case.solution, by=by, title=title, verb=verb, note=case.note
            )


@receiver(case_moved, dispatch_uid="letters-to-panels-about-cases")
def tell_panel(case: Case, verb: str, by: Any, **_: Any) -> None:
    if case.kind == c.CaseKind.REPLAY:
        return
    match verb:
        case "third":
            asked = case.seats.filter(state=c.SeatState.INVITED).exists()
            letters.to_chair("third_needed", case, asked=asked)
        case "complete":
            letters.to_chair("reviews_in", case, due=case.due_at)
        case "propose":
            for seat in case.seats.sent().select_related("case__version", "user__profile"):
                letters.to_reviewer("decision_proposed", seat)
        case "take_back" | "lapse" | "close_case":
            letters.to_chair("case_ended", case, by=by, verb=verb)
        case _ if verb in TO_CHAIR:
            letters.to_chair(TO_CHAIR[verb], case, by=by)


def _tell_decision(case: Case) -> None:
    """The letter of the chair to the team, with what it means."""
    decision = Decision.objects.get(case=case, state=c.DecisionState.CONFIRMED)
    labelled = decision.label in c.LABELS
    standing = Record.objects.standing().filter(solution=case.solution_id)
    letters.to_team(
        "decided",
        case.solution,
        title=letters.title_of(case),
        labelled=labelled,
        outcome=c.Outcome(decision.label),
        score=decision.score,
        letter=decision.letter,
        ends_label=not labelled and case.kind != c.CaseKind.FIRST and standing.exists(),
    )


@receiver(seat_moved, dispatch_uid="letters-about-panels")
def about_seat(seat: Seat, verb: str, by: Any, **_: Any) -> None:
    case = seat.case
    if case.kind == c.CaseKind.REPLAY:
        return
    match verb:
        case "invite":
            letters.invitation(seat)
        case "accept" | "decline_seat" | "lapse_seat" | "recuse":
            letters.to_chair("seat_answer", case, by=by, seat=seat, verb=verb)
        case "propose_date":
            letters.to_chair("date_asked", case, by=by, seat=seat, on=seat.asked_due_on)
        case "set_due":
            letters.to_reviewer("review_date", seat, due=seat.due_at)
        case "reopen_seat":
            letters.to_reviewer("review_again", seat, due=seat.due_at)
        case "release":
            letters.to_reviewer("released", seat, ended=not case.is_open)
            if _is_news(seat, by):
                letters.to_chair("seat_answer", case, by=by, seat=seat, verb=verb)


def _is_news(seat: Seat, by: Any) -> bool:
    """Whether the chair learns something: not when a case ended and let everybody go, nor
    when an invitation was taken back because the reviews that are in were enough."""
    case = seat.case
    if by is not PORTAL:
        return True
    if not case.is_open:
        return False
    if seat.answered_at is not None or hard_blocks(seat.user, Named.of(case)):
        return True
    working = case.seats.filter(state=c.SeatState.REVIEWING).exists()
    return working or case.seats.sent().count() < LEAST


@receiver(record_moved, dispatch_uid="letters-about-labels")
def about_label(record: Record, verb: str, by: Any, **_: Any) -> None:
    match verb:
        case "suspend_record" | "restore_record" | "expire":
            letters.label_changed(record, verb)
        case "revoke" if by is not PORTAL:  # the portal revokes with a decision, which says so
            letters.label_changed(record, verb)


@receiver(appeal_moved, dispatch_uid="letters-about-appeals")
def about_appeal(appeal: Appeal, verb: str, **_: Any) -> None:
    match verb:
        case "file_appeal":
            letters.appeal_filed(appeal)
        case "hear":
            letters.appeal_members_asked(appeal)
        case "uphold" | "reject":
            letters.to_team(
                "appeal_answered",
                appeal.case.solution,
                title=letters.title_of(appeal.case),
                upheld=verb == "uphold",
            )


@receiver(challenge_moved, dispatch_uid="letters-about-challenges")
def about_challenge(challenge: Challenge, verb: str, **_: Any) -> None:
    match verb:
        case "challenge":
            letters.challenge_raised(challenge)
        case "ask_owner":
            case = challenge.record.case
            letters.to_team(
                "challenge_question",
                case.solution,
                title=letters.title_of(case),
                due=challenge.due_at,
            )
        case "keep" | "suspend_label" | "restore_label" | "revoke_label":
            letters.challenge_answer(challenge)
