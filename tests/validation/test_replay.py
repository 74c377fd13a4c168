"""A registry's reviews: read with their irregularities, replayed, counted, and shown."""

from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from catalogue import criteria
from catalogue import loading as records
from catalogue import operations as catalogue_operations
from catalogue.choices import Validation
from catalogue.models import CriteriaSet, Solution
from core.models import AuditEntry
from hubs.loading import load_reference
from tests.factories import make_user
from validation import choices as c
from validation import loading, scoring
from validation.models import Case, CasePart, Record, Score, Seat
from validation.replay import Agreement, Candidate, Given, Outcome, chance_of_third, look, study

PAGE = "/validation/replay/"


def raw() -> dict[str, Any]:
    return json.loads((loading.DATA / loading.REVIEWS).read_text(encoding="utf-8"))


def rules() -> scoring.Rules:
    content = json.loads((records.DATA / loading.CRITERIA).read_text(encoding="utf-8"))
    return scoring.Rules.of(content)


# --- The file ----------------------------------------------------------------------------


def test_the_file_holds_205_reviews_of_33_candidates() -> None:
    found = loading.reviews()

    assert (len(found.rows), len(found.candidates)) == (205, 33)
    assert len({row.reviewer for row in found.rows}) == 109
    assert sum(len(row.answers) for row in found.rows) == 1569
    assert (found.rows[0].at.date().isoformat(), found.rows[-1].at.date().isoformat()) == (
        "2020-12-15",
        "2022-05-18",
    )


def test_73_of_154_are_split_with_both_names_of_ownership_and_69_of_146_with_one() -> None:
    found = loading.reviews()

    assert found.pairs(by_name=True) == (154, 73)
    assert found.pairs() == (146, 69)


def test_what_is_irregular_is_counted() -> None:
    assert loading.reviews().quirks == {
        "confidence as text": 1326,
        "goal by its place in the list": 855,
        "no comment": 1200,
        "ownership under its second name": 105,
    }


def test_the_file_names_nobody() -> None:
    assert all(row["user"].startswith("reviewer-") for row in raw()["reviews"])
    assert raw()["licence"] == "Unlicense (public domain)"


def one(**answers: Any) -> dict[str, Any]:
    row = {"candidate": " Title ", "user": "reviewer-001", "timestamp": 1608076800, **answers}
    return {**raw(), "reviews": [row]}


def said(answer: Any = True, comment: str = "", confidence: Any = 4) -> dict[str, Any]:
    return {"answer": answer, "comment": comment, "confidence": confidence}


def test_a_goal_is_named_by_its_place_and_ownership_by_either_name() -> None:
    data = one(**{"SDG[2]": said(), "clearOwnership": said(False, " not\nclear ", "3")})
    review = loading.read(data).rows[0]

    assert (review.candidate, review.at) == ("Title", datetime(2020, 12, 16, tzinfo=UTC))
    assert [(a.code, a.value, a.reason) for a in review.answers] == [
        ("D2", 0, "not clear Confidence 3 of 5."),
        ("S3", 4, "Confidence 4 of 5."),
    ]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"shine": said()}, "no question 'shine'"),
        ({"SDG[10]": said()}, "no question"),
        ({"license": said("Yes")}, "neither yes nor no"),
        ({"license": said(confidence=6)}, "a confidence of 6"),
        ({"license": said(confidence="sure")}, "sure"),
        ({"ownership": said(), "clearOwnership": said()}, "answers one question twice"),
    ],
)
def test_what_the_form_does_not_have_is_refused(answers: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("[", r"\[")):
        loading.read(one(**answers))


def test_aliases_go_on_after_the_alphabet() -> None:
    assert [loading.letters(n) for n in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]


# --- The form as a criteria set --------------------------------------------------------------


def test_the_registrys_form_is_a_well_formed_set_that_says_whose_mapping_it_is() -> None:
    content = json.loads((records.DATA / loading.CRITERIA).read_text(encoding="utf-8"))

    assert criteria.well_formed(content) == []
    assert [row["code"] for row in content["criteria"] if row["binding"]] == [
        "D1",
        "D2",
        "D3",
        "S1",
    ]
    assert {row["anchors"][n] for row in content["criteria"] for n in "123"} == {
        "Not used by this form."
    }
    assert any("is our mapping" in rule for rule in content["rules"])


def marks(**scores: int) -> scoring.Marks:
    return scoring.Marks(dict.fromkeys(("D1", "D2", "D3", "S1"), 4) | scores)


@pytest.mark.parametrize(
    ("reviews", "label"),
    [
        ([marks(), marks()], "validated"),
        ([marks(D4=0), marks()], "validated"),
        ([marks(), marks(D2=0)], "not_validated"),
        ([marks(), marks(D2=0), marks()], "validated"),
        ([marks(S1=0), marks(S1=0), marks()], "not_validated"),
    ],
)
def test_the_threshold_is_a_yes_to_every_binding_question(
    reviews: list[scoring.Marks], label: str
) -> None:
    assert scoring.result_of_reviews(rules(), True, reviews).label == label


# --- What the reviews show -------------------------------------------------------------------


def candidate(*reviews: dict[str, int], year: int = 2021) -> Candidate:
    return Candidate(
        "Made up",
        "",
        tuple(
            Given(datetime(year, 1, day, tzinfo=UTC), scores)
            for day, scores in enumerate(reviews, start=1)
        ),
    )


ALL_YES = {"D1": 4, "D2": 4, "D3": 4, "S1": 4}


def test_two_that_agree_need_no_third() -> None:
    row = look(candidate(ALL_YES, ALL_YES), rules())

    assert (row.reasons, row.with_two, row.with_three) == ((), Outcome(True, ()), None)


def test_a_difference_on_a_binding_question_asks_for_a_third_who_settles_it() -> None:
    row = look(candidate(ALL_YES, ALL_YES | {"D3": 0}, ALL_YES, ALL_YES | {"D2": 0}), rules())

    assert [(reason.code, reason.criterion) for reason in row.reasons] == [
        ("range", "D3"),
        ("label", ""),
    ]
    assert row.split == ("D2", "D3")
    assert (row.with_two, row.with_three) == (Outcome(False, ("D3",)), Outcome(True, ()))
    assert row.third_settled


def test_a_difference_on_any_other_question_asks_for_nobody() -> None:
    row = look(candidate(ALL_YES | {"S2": 4}, ALL_YES | {"S2": 0}), rules())

    assert (row.reasons, row.split) == ((), ("S2",))


def test_the_chance_of_a_third_is_that_of_all_pairs_drawn_one_by_one() -> None:
    reviews = candidate(
        ALL_YES, ALL_YES | {"D2": 0}, ALL_YES, ALL_YES | {"D2": 0}, ALL_YES | {"D1": 0}
    ).reviews
    pairs = [(a, b) for n, a in enumerate(reviews) for b in reviews[n + 1 :]]
    needing = sum(look(Candidate("", "", pair), rules()).third_needed for pair in pairs)

    assert chance_of_third(rules(), reviews) == Fraction(needing, len(pairs)) == Fraction(8, 10)


def test_agreement_of_nobody_is_not_a_number() -> None:
    assert Agreement.of([[4], []]) == Agreement(0, 0, None, None)


def test_only_reviews_of_one_year_are_compared_with_each_other() -> None:
    both = Candidate("", "", (*candidate(ALL_YES).reviews, *candidate(ALL_YES, year=2022).reviews))
    found = study([both], rules())

    assert [(year.year, year.reviews, year.agreement.units) for year in found.years] == [
        (2021, 1, 0),
        (2022, 1, 0),
    ]


def test_what_the_205_reviews_show() -> None:
    source = loading.reviews()
    found = study(
        [
            Candidate(
                title,
                "",
                tuple(Given(r.at, {a.code: a.value for a in r.answers}) for r in source.of(title)),
            )
            for title in source.candidates
        ],
        rules(),
    )

    assert (found.reviews, found.answers, found.candidates, len(found.rows)) == (205, 1569, 33, 20)
    assert (found.overall.units, found.overall.split) == (146, 69)
    assert found.overall.alpha == pytest.approx(0.2183, abs=1e-4)
    assert (found.needing_third, found.with_third, found.settled) == (4, 4, 3)
    assert [row.candidate.title for row in found.rows if row.third_needed] == [
        "Primero",
        "DHIS2",
        "MET Norway Weather API",
        "ODK",
    ]
    assert [(y.year, y.reviews, y.agreement.units, y.agreement.split) for y in found.years] == [
        (2020, 60, 75, 30),
        (2021, 144, 146, 64),
        (2022, 1, 0, 0),
    ]


# --- Taking them over --------------------------------------------------------------------------


def registry_of(titles: set[str], *, by: User) -> None:
    """These entries of the registry, published as at the demonstration."""
    registry = records.registry()
    wanted = [entry for entry in registry.entries if entry["title"] in titles]
    assert {entry["title"] for entry in wanted} == titles
    records.take_over(
        records.Collection(registry.name, registry.source, wanted, registry.licence), by=by
    )


@pytest.fixture(scope="module")
def taken_over(django_db_setup: None, django_db_blocker: Any) -> Any:
    """All 33 candidates, replayed once for this module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_reference()
        desk = make_user(name="Desk", is_staff=True)
        registry_of(set(loading.reviews().candidates), by=desk)
        before = list(Solution.objects.order_by("pk").values())
        told: list[str] = []
        report = loading.replay(desk, told.append)
        yield desk, before, report, told
        transaction.set_rollback(True)


@pytest.fixture
def replayed(taken_over: Any, db: None) -> Any:
    return taken_over


def test_every_candidate_finds_its_record_and_the_report_says_so(replayed: Any) -> None:
    _desk, _before, report, told = replayed

    assert (report.rows, report.answers, report.reviewers) == (205, 1569, 109)
    assert (report.candidates, len(report.matched), report.unmatched, report.new) == (
        33,
        33,
        [],
        33,
    )
    assert told == [
        "Replay: 205 reviews by 109 reviewers, 1569 answers",
        "Replay: 33 of 33 candidates found, 33 new",
        "Replay: confidence as text: 1326",
        "Replay: goal by its place in the list: 855",
        "Replay: no comment: 1200",
        "Replay: ownership under its second name: 105",
    ]


def test_each_candidate_is_one_closed_case_that_gives_no_label(replayed: Any) -> None:
    cases = Case.objects.all()

    assert Counter(cases.values_list("kind", "state", "outcome", "submission", "chair")) == {
        (c.CaseKind.REPLAY, c.CaseState.CLOSED, c.Outcome.REPLAYED, None, None): 33
    }
    assert (Seat.objects.sent().count(), Score.objects.count()) == (205, 1569)
    assert set(Score.objects.values_list("value", flat=True)) == {0, 4}
    assert set(Seat.objects.values_list("country", flat=True)) == {""}
    assert not CasePart.objects.exists()
    assert AuditEntry.objects.filter(verb="open").count() == 33


def test_nothing_changes_on_a_real_record(replayed: Any) -> None:
    _desk, before, _report, _told = replayed

    assert list(Solution.objects.order_by("pk").values()) == before
    assert {row["validation"] for row in before} == {Validation.NONE}
    assert not Record.objects.exists()


def test_seats_stand_in_order_of_time_with_reasons_as_written(replayed: Any) -> None:
    case = Case.objects.get(solution__title="Apache Fineract")
    seats = list(case.seats.order_by("pk"))
    score = Score.objects.get(seat__case=case, seat__user__name="reviewer-003", criterion="S2")

    assert [seat.alias for seat in seats] == [loading.letters(n) for n in range(19)]
    assert [seat.sent_at for seat in seats] == sorted(seat.sent_at for seat in seats)
    assert (case.opened_at, case.ended_at) == (seats[0].sent_at, seats[-1].sent_at)
    assert case.scope == ["D1", "D2", "D3", "S1", "S2", "S3"]
    assert score.value == 0
    assert score.reason.startswith("Apache Fineract is concerned with providing financial tech")
    assert score.reason.endswith(" Confidence 1 of 5.")


def test_a_third_is_noted_where_our_rule_asks_for_one(replayed: Any) -> None:
    needing = Case.objects.exclude(third_needed=[]).order_by("solution__title")

    assert list(needing.values_list("solution__title", flat=True)) == [
        "DHIS2",
        "MET Norway Weather API",
        "ODK",
        "Primero",
    ]
    assert needing[3].third_needed == [{"code": "range", "criterion": "D3"}]


def test_the_registrys_reviewers_are_numbers_that_nobody_can_sign_in_with(replayed: Any) -> None:
    people = User.objects.filter(email__endswith="@registry.invalid")

    assert people.count() == 109
    assert not people.exclude(is_active=False).exists()
    assert [
        u for u in people if u.has_usable_password() or u.email != f"{u.name}@registry.invalid"
    ] == []
    assert not any(hasattr(user, "reviewer") for user in people)


def test_the_set_is_public_and_judges_no_submission(replayed: Any) -> None:
    chosen = CriteriaSet.objects.get(family="dpg")

    assert criteria.in_force(fresh=True).family == "common"
    assert Client().get(chosen.get_absolute_url()).status_code == 200
    assert Client().get(chosen.get_json_url()).json()["content_hash"] == chosen.content_hash


def test_a_second_import_adds_nothing(replayed: Any) -> None:
    desk, _before, _report, _told = replayed
    counts = [model.objects.count() for model in (Case, Seat, Score, User, AuditEntry, CriteriaSet)]

    again = loading.replay(desk)

    assert (again.new, len(again.matched)) == (0, 33)
    assert counts == [
        model.objects.count() for model in (Case, Seat, Score, User, AuditEntry, CriteriaSet)
    ]


def test_a_title_that_was_changed_here_still_finds_its_candidate(replayed: Any) -> None:
    desk, _before, _report, _told = replayed
    Solution.objects.filter(title="Oky").update(title="Something else")

    assert len(loading.replay(desk).matched) == 33


def test_what_is_not_public_is_named_and_left_out(replayed: Any) -> None:
    desk, _before, _report, _told = replayed
    solution = Solution.objects.get(title="Oky")
    catalogue_operations.withdraw_solution(solution, by=desk, reason="Asked for by its owner.")

    assert loading.replay(desk).unmatched == ["Oky"]
    page = Client().get(PAGE).content.decode()
    assert "What 203 real reviews show" in page
    assert "Oky" not in page


# --- The page ------------------------------------------------------------------------------------


def test_the_page_shows_the_figures_and_says_whose_reviews_they_are(
    replayed: Any, django_assert_num_queries: Any
) -> None:
    client = Client()
    client.get(PAGE)
    with django_assert_num_queries(3):
        answer = client.get(PAGE)
    page = answer.content.decode()

    assert reverse("validation:replay") == PAGE
    assert "What 205 real reviews show" in page
    assert "These are the registry’s reviews, not ours; they give no label here." in page
    assert "there are 154 questions answered by two or more, 73 of them split" in page
    assert answer.context["found"].overall.units == 146
    assert page.count('class="on"') == 69
    assert "reviewer-0" not in page
    assert "Unlicense" in page


def test_without_a_replay_the_page_says_so(db: None) -> None:
    for model in (Score, Seat, Case):
        model.objects.all().delete()
    page = Client().get(PAGE)

    assert page.status_code == 200
    assert "No registry’s reviews have been taken over" in page.content.decode()


def test_the_data_is_not_changed_by_reading_it() -> None:
    data = raw()
    before = copy.deepcopy(data)

    loading.read(data)

    assert data == before
