"""What the validation asks of a person: of each role its own, with its date, and of nobody else."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from core import waiting
from tests.desk import desk_client
from tests.factories import make_user
from tests.validation.factories import (
    NO_CONFLICT,
    case_in_decision,
    case_in_review,
    chaired_case,
    decided,
    invited,
    labelled,
    make_reviewer,
    moderator,
    opened_case,
    proposed,
    sent,
)
from validation.models import Case, Reviewer
from validation.operations import (
    appealing,
    challenging,
    clarifying,
    deciding,
    opening,
    panel,
)
from validation.operations.timekeeping import keep_time

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def told(user: User) -> list[tuple[str, str, dt.date | None]]:
    """What waits, where it leads, by when; without the reminder about the profile."""
    items = waiting.items_for(User.objects.get(pk=user.pk))
    return [
        (str(item.title), item.url, item.due.date() if item.due else None)
        for item in items
        if item.url != "/accounts/profile/"
    ]


def titles(user: User) -> list[str]:
    return [title for title, _url, _due in told(user)]


def on(days: int) -> dt.date:
    return timezone.localdate() + days * DAY


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC), tick=False) as clock:
        yield clock


# --- Reviewers -----------------------------------------------------------------------------


def test_an_invitation_is_due_when_the_next_reminder_comes(noon: Any) -> None:
    seat = invited(chaired_case())
    title, url = seat.case.solution.title, f"/reviews/{seat.uid}/"
    expected = f"Answer an invitation to review: {title}"
    assert told(seat.user) == [(expected, url, on(3))]
    noon.shift(4 * DAY)
    keep_time()
    assert told(seat.user) == [(expected, url, on(4))]
    panel.decline(fresh(seat), by=seat.user, reason="time")
    assert told(seat.user) == []


def test_a_review_waits_until_it_is_sent() -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").first()
    expected = (f"Write your review: {case.solution.title}", f"/reviews/{seat.uid}/", on(21))
    assert told(seat.user) == [expected]
    sent(seat)
    assert told(seat.user) == []


def test_while_the_team_is_asked_no_review_waits() -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").first()
    clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    assert told(seat.user) == []


def test_a_proposed_decision_waits_for_the_reviewers_who_sent() -> None:
    case = case_in_decision()
    people = [seat.user for seat in case.seats.select_related("user")]
    assert [told(user) for user in people] == [[], []]
    decision = proposed(case)
    expected = f"Confirm a decision, or send it back: {case.solution.title}"
    assert [titles(user) for user in people] == [[expected], [expected]]
    deciding.confirm(decision, by=people[0])
    assert [told(user) for user in people] == [[], []]


# --- Chairs --------------------------------------------------------------------------------


def test_a_chair_is_asked_for_one_thing_at_a_time(noon: Any) -> None:
    case = opened_case()
    chair = make_reviewer("CI", may_chair=True)
    title, url = case.solution.title, f"/desk/validation/case/{case.pk}/change/"
    assert told(chair) == []
    opening.appoint_chair(case, by=moderator(), chair=chair)
    assert told(chair) == [(f"Declare conflicts of interest: {title}", url, on(5))]
    opening.declare_chair(fresh(case), by=chair, declared=NO_CONFLICT)
    assert told(chair) == [(f"Build the panel: {title}", url, on(5))]
    seats = [invited(fresh(case), country=country) for country in ("ID", "CD")]
    assert told(chair) == []
    for seat in seats:
        panel.accept(seat, by=seat.user, declared=NO_CONFLICT)
    assert told(chair) == []
    panel.propose_date(seats[0], by=seats[0].user, on=on(40))
    assert titles(chair) == [f"Answer a reviewer about a date: {title}"]
    panel.set_due(fresh(seats[0]), by=chair, on=on(40))
    assert told(chair) == []
    noon.shift(22 * DAY)
    assert titles(chair) == [f"Look after a late review: {title}"]
    sent(seats[1])
    assert told(chair) == []
    clarifying.ask(fresh(case), by=chair, questions=[("C2", "Compared with what?")])
    assert told(chair) == []
    question = fresh(case).clarifications.get().questions.get()
    clarifying.answer(fresh(case), by=case.solution.owner, answers={question.pk: "2014."})
    assert titles(chair) == [f"Read the answers of the team: {title}"]
    sent(seats[1])
    assert told(chair) == []
    sent(seats[0])
    assert told(chair) == [(f"Propose a decision: {title}", url, on(7))]
    decision = proposed(fresh(case))
    assert told(chair) == []
    deciding.refuse(decision, by=seats[0].user, note="C2 rests on one place.")
    assert titles(chair) == [f"Propose a decision anew: {title}"]
    decision = proposed(fresh(case))
    deciding.confirm(decision, by=seats[0].user)
    assert told(chair) == []


def test_a_third_reviewer_nobody_could_be_asked_for_waits_for_the_chair() -> None:
    case = case_in_review()
    first, second = case.seats.order_by("pk")
    Reviewer.objects.exclude(user__in=[first.user, second.user]).delete()
    User.objects.filter(pk=case.chair_id).update(is_staff=True)
    sent(first, 3)
    sent(second, {**dict.fromkeys(case.scope, 3), "C1": 1})
    assert titles(case.chair) == [f"Find a third reviewer: {case.solution.title}"]


# --- Teams ---------------------------------------------------------------------------------


def test_questions_wait_for_the_team_until_they_are_answered() -> None:
    case = case_in_review()
    owner = case.solution.owner
    assert told(owner) == []
    clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    url = f"/work/{case.solution.uid}/validation/answers/"
    assert told(owner) == [(f"Answer the panel: {case.solution.title}", url, on(14))]
    question = fresh(case).clarifications.get().questions.get()
    clarifying.answer(fresh(case), by=owner, answers={question.pk: "With 2014."})
    assert told(owner) == []


def test_a_challenge_waits_for_the_team_from_when_it_is_asked_until_it_has_answered() -> None:
    record = labelled()
    owner = record.solution.owner
    challenge = challenging.raise_challenge(
        record, by=make_user(), form_key=uuid.uuid4(), text="No.", url="https://a.test.example/"
    )
    assert told(owner) == []
    challenging.ask_owner(challenge, by=moderator(), note="What do you say?")
    url = f"/work/{record.solution.uid}/validation/challenges/{challenge.uid}/"
    title = f"Answer a doubt about the label: {record.solution.title}"
    assert told(owner) == [(title, url, on(30))]
    challenging.answer(fresh(challenge), by=owner, text="It is ours.")
    assert told(owner) == []


def test_a_label_can_be_confirmed_from_its_first_notice_on(noon: Any) -> None:
    record = labelled()
    owner = record.solution.owner
    url = f"/work/{record.solution.uid}/validation/renew/"
    title = f"Confirm the label again: {record.solution.title}"
    left = record.expires_on - timezone.localdate()
    noon.shift(left - 91 * DAY)
    assert told(owner) == []
    noon.shift(DAY)
    assert told(owner) == [(title, url, record.expires_on)]
    noon.shift(91 * DAY)
    keep_time()
    assert told(owner) == [(title, url, None)]


# --- People who hear an appeal, moderators ---------------------------------------------------


def test_an_appeal_waits_first_for_the_desk_then_for_the_three() -> None:
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    desk, people = moderator(), [make_reviewer(country) for country in ("ID", "CD", "CD")]
    appeal = appealing.file_appeal(
        fresh(case), by=case.solution.owner, ground="error", text="The year is wrong."
    )
    title = case.solution.title
    url = f"/desk/validation/appeal/{appeal.pk}/change/"
    assert told(desk) == [(f"Appoint three people for an appeal: {title}", url, on(30))]
    appealing.appoint(appeal, by=desk, people=people)
    assert told(desk) == []
    expected = (f"Give your opinion on an appeal: {title}", f"/appeals/{appeal.uid}/", on(30))
    assert [told(person) for person in people] == [[expected]] * 3
    appealing.give_opinion(fresh(appeal), by=people[0], upholds=False, reason="It is right.")
    assert [len(told(person)) for person in people] == [0, 1, 1]


def test_cases_without_a_chair_wait_for_moderators_with_no_part_in_them() -> None:
    desk, owner = moderator(), moderator()
    case = opened_case(owner)
    url = f"/desk/validation/case/{case.pk}/change/"
    assert told(desk) == [(f"Appoint a chair: {case.solution.title}", url, on(5))]
    assert told(owner) == []
    chaired_case(case)
    assert told(desk) == []


def test_challenges_wait_for_moderators_but_not_while_the_owner_is_asked() -> None:
    record = labelled()
    desk, doubter = moderator(), moderator()
    challenge = challenging.raise_challenge(
        record, by=doubter, form_key=uuid.uuid4(), text="No.", url="https://a.test.example/"
    )
    url = f"/desk/validation/challenge/{challenge.pk}/change/"
    expected = [(f"Answer a challenge: {record.solution.title}", url, on(30))]
    assert told(desk) == expected
    assert told(doubter) == []
    challenging.ask_owner(challenge, by=desk, note="What do you say?")
    assert told(desk) == []
    challenging.answer(fresh(challenge), by=record.solution.owner, text="It is ours.")
    assert told(desk) == expected
    challenging.suspend_label(fresh(challenge), by=desk, note="Under examination.")
    assert told(desk) == expected
    challenging.restore_label(fresh(challenge), by=desk, note="It holds.")
    assert told(desk) == []


def test_a_long_list_is_summed_up() -> None:
    desk = moderator()
    for _turn in range(12):
        opened_case()
    found = told(desk)
    assert len(found) == 11
    assert found[-1][:2] == ("More cases need a chair", "/desk/validation/case/")


def test_nothing_waits_for_somebody_with_no_part() -> None:
    case_in_review()
    labelled()
    assert told(make_user()) == []
    assert told(make_reviewer("CG")) == []


# --- Budget --------------------------------------------------------------------------------

SOURCES = ("appeal", "chair", "desk", "reviewer", "team")


@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize(
    ("kind", "queries"),
    [("member", 4), ("reviewer", 5), ("chair", 6), ("moderator", 8)],
)
def test_what_waits_costs_the_same_for_one_and_for_many(
    kind: str, queries: int, n: int, django_assert_num_queries: Any
) -> None:
    user = {
        "member": make_user,
        "reviewer": lambda: make_reviewer("CG"),
        "chair": lambda: make_reviewer("CI", may_chair=True),
        "moderator": moderator,
    }[kind]()
    Reviewer.objects.filter(user=user).update(most_open=20)
    for _turn in range(n):
        match kind:
            case "member":
                case = case_in_review(opened_case(user))
                clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
                labelled(case=case_in_decision(case=opened_case(user)))
            case "reviewer":
                invited(chaired_case(), user)
            case "chair":
                opening.appoint_chair(opened_case(), by=user, chair=user, declared=NO_CONFLICT)
            case "moderator":
                opened_case()
    user = User.objects.get(pk=user.pk)
    names = [f"validation-{name}" for name in SOURCES]
    with django_assert_num_queries(queries):
        found = [item for name in names for item in waiting._sources[name](user)]
    assert len(found) == n


def test_the_page_my_work_shows_them_to_a_chair() -> None:
    case = chaired_case()
    html = desk_client(case.chair).get("/dashboard/").content.decode()
    assert f"Build the panel: {case.solution.title}" in html
    assert Case.objects.open().count() == 1
