"""The whole life of one solution before panels, move by move."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.utils import timezone

from catalogue.models import Evidence, Solution
from tests.factories import make_user
from tests.validation.factories import (
    accepted,
    case_in_review,
    chaired_case,
    decided,
    labelled,
    moderator,
    proposed,
    screened_again,
    sent,
)
from validation import choices as c
from validation.models import Case, Record, Seat
from validation.operations import (
    challenging,
    clarifying,
    deciding,
    renewing,
)
from validation.operations.renewing import Statement
from validation.operations.timekeeping import keep_time

pytestmark = pytest.mark.django_db


def fresh(obj):
    return type(obj).objects.get(pk=obj.pk)


def test_a_full_record_that_passed_screening_waits_for_a_panel() -> None:
    case = chaired_case()

    assert (case.state, case.scope, case.kind) == (
        "assignment",
        [f"C{n}" for n in range(1, 11)],
        "first",
    )
    assert fresh(case.solution).validation == "in_review"


def test_two_reviews_that_agree_lead_to_a_decision_and_a_signed_record() -> None:
    record = labelled()

    assert (record.reference, record.label, record.state) == ("V-0001", "validated", "in_force")
    assert record.document["score"] == "75"
    assert record.document["reviewers"] == {"number": 2, "countries": ["CD", "ID"], "named": []}
    assert fresh(record.solution).validation == "validated"
    assert record.expires_on == timezone.localdate().replace(year=timezone.localdate().year + 3)


def test_reviews_that_differ_bring_a_third_reviewer_by_themselves() -> None:
    case = case_in_review()
    from tests.validation.factories import make_reviewer

    spare = make_reviewer("CG")
    first, second = case.seats.order_by("pk")
    sent(first, 3)
    sent(second, {**dict.fromkeys(case.scope, 3), "C1": 1})

    case = fresh(case)
    assert case.state == "review"
    assert {reason["code"] for reason in case.third_needed} == {"range", "label"}
    third = Seat.objects.get(case=case, user=spare)
    assert third.state == "invited"


def test_a_clarification_opens_the_reviews_again() -> None:
    case = case_in_review()
    for seat in case.seats.all():
        sent(seat)
    case = fresh(case)
    assert case.state == "decision"
    clarification = clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    assert fresh(case.solution).validation == "clarification"
    question = clarification.questions.get()
    clarifying.answer(fresh(case), by=case.solution.owner, answers={question.pk: "With 2014."})

    case = fresh(case)
    assert (case.state, case.rounds) == ("review", 1)
    assert set(case.seats.values_list("state", flat=True)) == {"reviewing"}


def test_silence_closes_a_case_as_incomplete() -> None:
    case = case_in_review()
    for seat in case.seats.all():
        sent(seat)
    clarifying.ask(fresh(case), by=case.chair, questions=[("C2", "Compared with what?")])

    with time_machine.travel(timezone.now() + dt.timedelta(days=15)):
        keep_time()

    case = fresh(case)
    assert (case.state, case.outcome) == ("closed", "incomplete")
    assert fresh(case.solution).validation == "not_validated"


def test_low_scores_give_no_label_and_no_record() -> None:
    case = case_in_review()
    for seat in case.seats.all():
        sent(seat, 1, 0)
    record = decided(fresh(case))

    assert record is None
    assert fresh(case).outcome == "not_validated"
    assert fresh(case.solution).validation == "not_validated"
    assert fresh(case.solution).level == "documented"


def test_challenged_suspended_restored() -> None:
    record = labelled()
    member, judge = make_user(), moderator()
    challenge = challenging.raise_challenge(
        record,
        by=member,
        form_key=uuid.uuid4(),
        text="The figure is that of another place.",
        url="https://other.test.example/",
        criterion="C2",
    )
    challenging.ask_owner(challenge, by=judge, note="What do you say?")
    challenging.answer(challenge, by=record.solution.owner, text="It is ours.")
    challenging.suspend_label(fresh(challenge), by=judge, note="Under examination.")
    assert fresh(record.solution).validation == "suspended"
    assert fresh(record).public_note == "Under examination."
    challenging.restore_label(fresh(challenge), by=judge, note="The figure is theirs.")

    assert fresh(record.solution).validation == "validated"
    assert (fresh(record).state, fresh(record).public_note) == ("in_force", "")


def test_a_label_expires_in_silence_and_comes_back_by_the_short_path() -> None:
    record = labelled()
    solution = record.solution
    later = timezone.now() + dt.timedelta(days=365 * 3 + 5)
    with time_machine.travel(later):
        keep_time()
        assert (fresh(record).state, fresh(solution).validation) == ("expired", "expired")
        Evidence.objects.create(
            solution=solution,
            title="Later report",
            kind="report",
            url="https://reports.test.example/later",
            dated_on=later.date().isoformat(),
            criteria=["C2", "C5"],
            position=1,
        )
        statements = {
            f"C{n}": Statement("unchanged", evidence=("E2",) if n in {2, 5} else ())
            for n in range(1, 11)
        }
        renewing.file_renewal(
            Solution.objects.get(pk=solution.pk), by=solution.owner, statements=statements
        )
        screened_again(solution)
        case = Case.objects.open().get(solution=solution)
        assert (case.kind, case.scope, case.earlier) == ("renewal", ["C2", "C5"], record)
        case = case_in_review(case)
        for seat in case.seats.all():
            sent(seat, {"C2": 4, "C5": 3}, 3)
        renewed = decided(fresh(case))

    assert renewed is not None
    assert renewed.document["score"] == "80"
    assert fresh(record).state == "superseded"
    assert fresh(solution).validation == "validated"
    kept = [row for row in renewed.document["criteria"] if row["carried_from"]]
    assert {row["carried_from"] for row in kept} == {"V-0001"}
    assert len(kept) == 8


def test_an_invitation_nobody_answers_is_reminded_twice_and_lapses() -> None:
    from tests.validation.factories import invited

    seat = invited(chaired_case())
    states = []
    for day in (2, 4, 7, 9, 12):
        with time_machine.travel(seat.invited_at + dt.timedelta(days=day)):
            keep_time()
            keep_time()
        found = fresh(seat)
        states.append((day, found.reminders, str(found.state)))

    assert states == [
        (2, 0, "invited"),
        (4, 1, "invited"),
        (7, 1, "invited"),
        (9, 2, "invited"),
        (12, 2, "lapsed"),
    ]


def test_the_second_person_can_send_the_proposal_back() -> None:
    case = case_in_review()
    for seat in case.seats.all():
        sent(seat)
    decision = proposed(case)
    second = case.seats.select_related("user").first()
    deciding.refuse(decision, by=second.user, note="C2 rests on one place.")

    assert fresh(decision).state == "refused"
    assert fresh(case).state == "decision"
    assert not Record.objects.exists()


def test_a_reviewer_who_declares_a_conflict_opens_no_file() -> None:
    from tests.validation.factories import NO_CONFLICT, invited
    from validation.operations import panel

    seat = invited(chaired_case())
    panel.accept(seat, by=seat.user, declared={**NO_CONFLICT, c.Conflict.FAMILY: True})

    seat = fresh(seat)
    assert (seat.state, seat.decline_reason) == ("declined", "conflict")
    assert not seat.user.has_perm("catalogue.view_restricted_evidence", seat.case.solution)


def test_two_who_accepted_begin_the_review() -> None:
    case = chaired_case()
    accepted(case, country="ID")
    assert fresh(case).state == "assignment"
    accepted(case, country="CD")
    assert fresh(case).state == "review"
