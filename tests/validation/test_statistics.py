"""Agreement, load and queue ages: what is counted, who sees it, and as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from fractions import Fraction
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalogue.models import CriteriaSet
from hubs.models import Membership
from tests.desk import desk_client
from tests.factories import make_member, make_user, reference
from tests.validation.factories import (
    CODES,
    case_in_decision,
    case_in_review,
    chaired_case,
    invited,
    judged,
    make_reviewer,
    moderator,
    opened_case,
    sent,
)
from validation import statistics
from validation.models import Case, Score, Seat
from validation.operations import panel
from validation.statistics import Agreement, mean_difference

pytestmark = pytest.mark.django_db

PAGE = "/desk/validation/case/agreement/"
APART = {**dict.fromkeys(CODES, 3), "C7": 4}


@pytest.fixture(autouse=True)
def ground() -> None:
    reference()


@pytest.fixture
def desk() -> Client:
    return desk_client(moderator())


def table(client: Client, name: str) -> list[list[str]]:
    response = client.get(f"{PAGE}{name}.csv")
    assert response.status_code == 200
    content = response.content.decode()
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:])))


def chosen() -> CriteriaSet:
    return statistics.sets_judged_by(Case.objects.all())[0]


# --- What is counted ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "mean"),
    [
        ([], None),
        ([[3, None]], None),
        ([[3, 3]], Fraction(0)),
        ([[1, 4]], Fraction(3)),
        ([[0, 2, 4]], Fraction(8, 3)),
        ([[1, 2], [4, 4], [None, 0]], Fraction(1, 2)),
    ],
)
def test_the_mean_difference_is_over_all_pairs(units: Any, mean: Fraction | None) -> None:
    assert mean_difference(units) == mean


def test_agreement_is_counted_per_criterion() -> None:
    case_in_decision(3, APART)
    case_in_decision(3, {**dict.fromkeys(CODES, 3), "C8": None})
    measured = statistics.agreement(Case.objects.all(), chosen())

    assert [measured.overall[code] for code in ("C1", "C7", "C8")] == [
        Agreement(2, Fraction(1), None, Fraction(0)),
        Agreement(2, Fraction(1, 2), 0.0, Fraction(1, 2)),
        Agreement(1, Fraction(1), None, Fraction(0)),
    ]


def test_a_case_counts_in_the_half_year_of_its_last_review() -> None:
    with time_machine.travel("2030-06-20T12:00Z"):
        case = case_in_review()
        first, second = case.seats.order_by("pk")
        sent(first)
    with time_machine.travel("2030-07-02T12:00Z"):
        sent(second)
        measured = statistics.agreement(Case.objects.all(), chosen())

    assert list(measured.halves) == ["2030-2"]
    assert measured.halves["2030-2"]["C1"].cases == 1


def test_open_reviews_and_released_ones_do_not_count() -> None:
    case = case_in_review()
    first, second = case.seats.order_by("pk")
    sent(first)
    judged(second, 0)
    assert statistics.sets_judged_by(Case.objects.all()) == []

    sent(second, 3)
    panel.release(fresh_seat(first), by=fresh_seat(first).case.chair, note="A conflict.")
    assert statistics.sets_judged_by(Case.objects.all()) == []


def fresh_seat(seat: Seat) -> Seat:
    return Seat.objects.select_related("case__chair").get(pk=seat.pk)


def test_load_is_counted_in_the_quarter_in_which_it_happened() -> None:
    with time_machine.travel("2030-03-30T12:00Z"):
        case = case_in_review()
        invited(case, country="CG")
    first, second = case.seats.filter(state="reviewing").order_by("pk")
    with time_machine.travel("2030-04-10T12:00Z"):
        sent(first)
    with time_machine.travel("2030-05-10T12:00Z"):
        sent(second)
    found = [
        (row.name, row.asked, row.accepted, row.sent, row.on_time)
        for row in statistics.load_over_time(Seat.objects.all())
    ]

    assert found == [("2030-2", 0, 0, 2, 1), ("2030-1", 3, 2, 0, 0)]


def test_a_refused_invitation_is_asked_and_not_accepted() -> None:
    seat = invited(chaired_case())
    panel.decline(seat, by=seat.user, reason="time")
    rows = statistics.load_over_time(Seat.objects.all())

    assert [(row.asked, row.accepted) for row in rows] == [(1, 0)]


def test_queues_say_how_old_the_open_cases_are() -> None:
    now = timezone.now()
    for days in (1, 4, 10):
        case = opened_case()
        Case.objects.filter(pk=case.pk).update(state_since=now - dt.timedelta(days=days))
    Case.objects.filter(pk=case.pk).update(due_at=now - dt.timedelta(days=5))
    found = {row.state: row for row in statistics.queues(Case.objects.all())}

    row = found["assignment"]
    assert (row.cases, row.middle, row.oldest, row.late) == (3, 4, 10, 1)
    row = found["decision"]
    assert (row.cases, row.middle, row.oldest, row.late) == (0, None, None, 0)


@pytest.mark.parametrize("number", [1, 5])
def test_each_table_is_one_query(number: int, django_assert_num_queries: Any) -> None:
    for _n in range(number):
        case_in_decision(3, APART)
    cases, found, reader = Case.objects.all(), chosen(), moderator()

    for make in (
        lambda: statistics.agreement(cases, found),
        lambda: statistics.sets_judged_by(cases),
        lambda: statistics.load_over_time(Seat.objects.all()),
        lambda: statistics.people(reader),
        lambda: statistics.queues(cases),
    ):
        with django_assert_num_queries(1):
            make()


# --- Who sees it -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 4])
def test_the_page_makes_a_fixed_number_of_queries(
    desk: Client, number: int, django_assert_num_queries: Any
) -> None:
    for _n in range(number):
        case_in_decision(3, APART)
    desk.get(PAGE)

    with django_assert_num_queries(10):
        assert desk.get(PAGE).status_code == 200


def test_the_page_without_any_case_says_so(desk: Client) -> None:
    page = desk.get(PAGE).content.decode()

    assert "No case has been judged yet" in page
    assert desk.get(f"{PAGE}criteria.csv").status_code == 404


def test_figures_are_absent_for_those_who_neither_chair_nor_moderate() -> None:
    case = case_in_decision()
    focal_point = desk_client(make_member(case.solution.hub, Membership.Role.FOCAL_POINT))
    member = Client()
    member.force_login(make_user())

    for client in (focal_point, member):
        for path in (PAGE, f"{PAGE}criteria.csv", f"{PAGE}reviewers.csv"):
            assert client.get(path).status_code in {302, 404}


def test_a_chair_sees_their_own_cases_and_no_people() -> None:
    case = case_in_decision(3, APART)
    case_in_decision()
    client = desk_client(case.chair)
    rows = table(client, "criteria")

    assert rows[7][1:3] == ["1", "0 %"]
    for name in ("load", "reviewers"):
        assert client.get(f"{PAGE}{name}.csv").status_code == 404
    page = client.get(PAGE).content.decode()
    assert "Reviewers and what they have open" not in page


def test_a_moderator_who_reviews_learns_nothing_of_that_case() -> None:
    case = case_in_decision(3, APART)
    seat = case.seats.select_related("user").order_by("pk")[0]
    User.objects.filter(pk=seat.user_id).update(is_staff=True)
    client = desk_client(User.objects.get(pk=seat.user_id))

    assert client.get(f"{PAGE}criteria.csv").status_code == 404
    assert "No case has been judged yet" in client.get(PAGE).content.decode()


# --- As files ----------------------------------------------------------------------------


def test_the_table_of_criteria_as_a_file(desk: Client) -> None:
    case_in_decision(3, APART)
    case_in_decision(2, 2)
    rows = table(desk, "criteria")

    assert rows[0] == [
        "Criterion",
        "Cases with two or more judgements",
        "Pairs that agree",
        "Krippendorff’s alpha",
        "Mean difference",
    ]
    assert rows[1] == ["C1 Relevance", "2", "100 %", "1.00", "0.00"]
    assert rows[7] == ["C7 Efficiency", "2", "50 %", "0.73", "0.50"]
    assert len(rows) == 11


def test_agreement_worse_than_chance_stays_a_number(desk: Client) -> None:
    case_in_decision({**dict.fromkeys(CODES, 3), "C7": 2}, {**dict.fromkeys(CODES, 3), "C7": 4})
    case_in_decision({**dict.fromkeys(CODES, 3), "C7": 4}, {**dict.fromkeys(CODES, 3), "C7": 2})

    assert table(desk, "criteria")[7] == ["C7 Efficiency", "2", "0 %", "-0.50", "2.00"]


def test_the_other_tables_as_files(desk: Client) -> None:
    with time_machine.travel("2030-02-01T12:00Z", tick=False):
        case_in_decision()
    halves, load, queues = (table(desk, name) for name in ("halves", "load", "queues"))

    assert halves[1] == ["January to June 2030", "C1 Relevance", "1", "100 %", "", "0.00"]
    assert load[1] == ["Quarter 1 of 2030", "2", "2", "2", "2", "100 %"]
    assert [row[:2] for row in queues[1:]] == [
        ["Building the panel", "0"],
        ["In review", "0"],
        ["In clarification", "0"],
        ["Awaiting decision", "1"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝"])
def test_a_name_that_a_spreadsheet_would_run_is_disarmed(desk: Client, start: str) -> None:
    make_reviewer(name=f"{start}1+1")
    rows = table(desk, "reviewers")

    assert [row for row in rows if row[0] == f"'{start}1+1"] == [[f"'{start}1+1", "0", "3", "0"]]


def test_reviewers_are_listed_with_their_load_and_never_with_a_case(desk: Client) -> None:
    case = chaired_case()
    seat = invited(case, make_reviewer("ID", name="Busy reviewer"))
    page = desk.get(PAGE).content.decode()

    assert ["Busy reviewer", "1", "3", "0"] in table(desk, "reviewers")
    assert case.version.content["title"] not in page
    assert seat.uid not in page


def test_a_table_that_is_not_there_is_not_found(desk: Client) -> None:
    case_in_decision()

    assert desk.get(f"{PAGE}people.csv").status_code == 404


def test_scores_of_two_editions_are_not_mixed(desk: Client) -> None:
    first = case_in_decision(3, APART)
    second = case_in_decision()
    other = CriteriaSet.objects.get(pk=first.criteria_set_id)
    other.pk, other.version = None, "1.1"
    other.state, other.retired_at = "retired", timezone.now()
    other._state.adding = True
    other.save()
    Case.objects.filter(pk=second.pk).update(criteria_set=other)
    rows = table(desk, "criteria")
    assert rows[7] == ["C7 Efficiency", "1", "100 %", "", "0.00"]

    response = desk.get(f"{PAGE}criteria.csv?set={first.criteria_set_id}")
    rows = list(csv.reader(io.StringIO(response.content.decode()[1:])))
    assert rows[7] == ["C7 Efficiency", "1", "0 %", "0.00", "1.00"]
    assert '<select name="set"' in desk.get(PAGE).content.decode()


def test_unfinished_scores_do_not_count() -> None:
    case = case_in_decision()
    Score.objects.filter(seat__case=case, criterion="C1").update(value=None, cannot_judge=False)

    assert statistics.agreement(Case.objects.all(), chosen()).overall["C1"].cases == 0
