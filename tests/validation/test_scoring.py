"""From reviews to a label: reference cases of the specification, borders, and what always holds."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.scoring import (
    Agreed,
    Criterion,
    Failure,
    Marks,
    Reason,
    Result,
    Rules,
    Threshold,
    agree,
    agree_strength,
    agreed_scores,
    agreed_strength,
    as_number,
    needs_third,
    rank,
    result,
    result_of_reviews,
    within,
)

COMMON: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "catalogue" / "data" / "criteria-1.0.json").read_text("utf-8")
)
RULES = Rules.of(COMMON)
BINDING = ("C1", "C2", "C3", "C4", "C5", "C6")
OTHERS = ("C7", "C8", "C9", "C10")
CODES = (*BINDING, *OTHERS)
E0, E1, E2, E3, E4 = range(5)


def all_at(score: int | None, **others: int | None) -> dict[str, int | None]:
    return {**dict.fromkeys(CODES, score), **others}


def agreed_at(score: int | Fraction, **others: int | Fraction | None) -> dict[str, Any]:
    return {
        code: None if value is None else Fraction(value)
        for code, value in {**dict.fromkeys(CODES, score), **others}.items()
    }


def changed(change: Any) -> Rules:
    """The common set after a hub's change."""
    content = copy.deepcopy(COMMON)
    change(content)
    return Rules.of(content)


def with_minimum(code: str, minimum: int) -> Rules:
    def raise_it(content: dict[str, Any]) -> None:
        next(row for row in content["criteria"] if row["code"] == code)["minimum"] = minimum

    return changed(raise_it)


def with_extra(minimum: int | None, *, binding: bool = True) -> Rules:
    return changed(
        lambda content: content["criteria"].append(
            {"code": "H1", "weight": 0, "binding": binding, "minimum": minimum}
        )
    )


# The rules ---------------------------------------------------------------------------------------


def test_the_common_set_is_read_as_the_specification_states_it():
    assert (
        Rules(
            criteria=(
                Criterion("C1", Fraction(10), True, 2),
                Criterion("C2", Fraction(20), True, 2),
                Criterion("C3", Fraction(15), True, 2),
                Criterion("C4", Fraction(15), True, 2),
                Criterion("C5", Fraction(10), True, 2),
                Criterion("C6", Fraction(10), True, 2),
                Criterion("C7", Fraction(5), False, None),
                Criterion("C8", Fraction(5), False, None),
                Criterion("C9", Fraction(5), False, None),
                Criterion("C10", Fraction(5), False, None),
            ),
            validated=Threshold(2, True, Fraction(70), E2),
            promising=Threshold(1, False, Fraction(50), E1),
            strengths=("E0", "E1", "E2", "E3", "E4"),
            quorum=2,
        )
        == RULES
    )
    assert sum(criterion.weight for criterion in RULES.criteria) == 100


def test_a_decimal_weight_is_the_number_that_is_written():
    rules = changed(lambda content: content["criteria"][6].update(weight=0.1))
    assert rules.criteria[6].weight == Fraction(1, 10)


def test_a_set_that_asks_for_no_strength_of_evidence_asks_for_the_weakest():
    def ask_nothing(content: dict[str, Any]) -> None:
        del content["evidence_strength"]
        for row in content["thresholds"].values():
            del row["evidence_at_least"]

    rules = changed(ask_nothing)
    assert (rules.strengths, rules.validated.evidence_at_least) == ((), 0)
    assert result(rules, True, agreed_at(3), None).label == "validated"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda c: c["criteria"].append(c["criteria"][0]), id="a code twice"),
        pytest.param(lambda c: c["criteria"][0].update(minimum=5), id="a minimum above the scale"),
        pytest.param(lambda c: c["criteria"][0].update(minimum=True), id="a minimum of yes"),
        pytest.param(lambda c: c["criteria"][0].update(weight=-1), id="a weight below zero"),
        pytest.param(lambda c: c["criteria"][0].update(weight=True), id="a weight of yes"),
        pytest.param(lambda c: c["criteria"][0].update(weight="10"), id="a weight in words"),
        pytest.param(lambda c: c["criteria"][0].update(weight=None), id="no weight"),
        pytest.param(lambda c: c["criteria"][0].update(weight=float("nan")), id="no number"),
        pytest.param(lambda c: c["thresholds"]["promising"].update(score_at_least=-1), id="score"),
        pytest.param(
            lambda c: c["thresholds"]["validated"].update(binding_at_least=9), id="binding"
        ),
        pytest.param(
            lambda c: c["thresholds"]["validated"].update(evidence_at_least="E9"), id="strength"
        ),
        pytest.param(lambda c: c.update(quorum=1), id="a quorum of one"),
    ],
)
def test_a_set_that_makes_no_sense_is_refused(spoil):
    with pytest.raises(ValueError):  # noqa: PT011 (each has other words)
        changed(spoil)


def test_a_minimum_makes_a_criterion_binding():
    assert with_minimum("C7", 2).criteria[6] == Criterion("C7", Fraction(5), True, 2)
    with pytest.raises(ValueError, match="must then be binding"):
        Criterion("C7", Fraction(5), False, 2)


@pytest.mark.parametrize(
    ("minimum", "validated", "promising"),
    [(None, 2, 1), (0, 2, 1), (1, 2, 1), (2, 2, 1), (3, 3, 2), (4, 4, 3)],
)
def test_what_a_binding_criterion_needs_for_each_label(minimum, validated, promising):
    rules = with_extra(minimum)
    extra = rules.criteria[-1]
    assert rules.needed(extra, "validated") == validated
    assert rules.needed(extra, "promising") == promising
    assert rules.needed(extra, "not_validated") == 0


def test_a_threshold_can_ask_more_of_binding_criteria_than_their_minimum():
    def tighten(content: dict[str, Any]) -> None:
        content["thresholds"]["validated"]["binding_at_least"] = 3
        content["thresholds"]["promising"]["binding_at_least"] = 2

    rules = changed(tighten)
    assert rules.needed(rules.criteria[0], "validated") == 3
    assert rules.needed(rules.criteria[0], "promising") == 2
    assert rules.needed(rules.criteria[6], "validated") == 0


def test_the_common_minimum_asks_nothing_for_promising_only_a_raised_one_does():
    rules = changed(lambda content: content["thresholds"]["promising"].update(binding_at_least=0))
    assert rules.needed(rules.criteria[0], "promising") == 0
    assert result(rules, True, agreed_at(4, C1=0), E2).label == "promising"


# Reference cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "strength", "points", "label"),
    [
        pytest.param(all_at(2), E2, 50, "promising", id="all 2"),
        pytest.param(all_at(3), E2, 75, "validated", id="all 3, E2"),
        pytest.param(
            all_at(3, **dict.fromkeys(OTHERS, 2)), E2, 70, "validated", id="binding 3, rest 2"
        ),
        pytest.param(all_at(4, C6=1), E2, Fraction(185, 2), "promising", id="all 4 but C6 = 1"),
        pytest.param(all_at(4), E1, 100, "promising", id="all 4 but E1"),
    ],
)
def test_reference_cases_of_the_specification(scores, strength, points, label):
    agreed = agreed_at(0, **scores)
    found = result(RULES, True, agreed, strength)
    assert (found.score, found.label) == (points, label)
    review = Marks(scores, strength)
    assert result_of_reviews(RULES, True, [review, review]) == found
    assert result_of_reviews(RULES, True, [review, review, review]) == found


# Borders -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreed", "strength", "label"),
    [
        # 70 exactly and an eighth of a point below
        (agreed_at(3, C7=2, C8=2, C9=2, C10=2), E2, "validated"),
        (agreed_at(3, C7=2, C8=2, C9=2, C10=Fraction(19, 10)), E2, "promising"),
        # 50 exactly and just below
        (agreed_at(2), E1, "promising"),
        (agreed_at(2, C7=Fraction(199, 100)), E1, "not_validated"),
        # a binding criterion at its minimum and just below, for each label
        (agreed_at(4, C1=2), E2, "validated"),
        (agreed_at(4, C1=Fraction(199, 100)), E2, "promising"),
        (agreed_at(4, C1=1), E2, "promising"),
        (agreed_at(4, C1=Fraction(99, 100)), E2, "not_validated"),
        # a zero bars validated, however unimportant the criterion; half a point does not
        (agreed_at(4, C10=Fraction(1, 2)), E2, "validated"),
        (agreed_at(4, C10=0), E2, "promising"),
        # evidence
        (agreed_at(4), E2, "validated"),
        (agreed_at(4), E1, "promising"),
        (agreed_at(4), E0, "not_validated"),
        (agreed_at(4), None, "not_validated"),
        # nobody could judge: no points, and a bar where it binds
        (agreed_at(4, C10=None), E2, "validated"),
        (agreed_at(4, C6=None), E2, "not_validated"),
        ({code: Fraction(4) for code in BINDING}, E2, "validated"),
        ({}, E4, "not_validated"),
    ],
)
def test_each_border_belongs_to_the_better_side(agreed, strength, label):
    assert result(RULES, True, agreed, strength).label == label


def test_the_result_tells_all_that_bars_each_label():
    agreed = agreed_at(1, C1=None, C2=Fraction(1, 2), C3=0, C9=0, C10=None)
    assert result(RULES, False, agreed, None) == Result(
        label="not_validated",
        score=Fraction(55, 4),  # 20 × ½ + 35 × 1 + 2 × 5 × 1 = 55 of 400
        failures={
            "validated": (
                Failure("gate"),
                Failure("unjudged", "C1"),
                Failure("binding", "C2", 2, Fraction(1, 2)),
                Failure("binding", "C3", 2, 0),
                Failure("zero", "C3", found=0),
                Failure("binding", "C4", 2, 1),
                Failure("binding", "C5", 2, 1),
                Failure("binding", "C6", 2, 1),
                Failure("zero", "C9", found=0),
                Failure("score", needed=70, found=Fraction(55, 4)),
                Failure("strength", needed=2, found=None),
            ),
            "promising": (
                Failure("gate"),
                Failure("unjudged", "C1"),
                Failure("binding", "C2", 1, Fraction(1, 2)),
                Failure("binding", "C3", 1, 0),
                Failure("score", needed=50, found=Fraction(55, 4)),
                Failure("strength", needed=1, found=None),
            ),
        },
    )


def test_a_label_that_is_reached_has_nothing_against_it():
    found = result(RULES, True, agreed_at(4), E1)
    assert found.failures == {
        "validated": (Failure("strength", needed=2, found=1),),
        "promising": (),
    }


def test_what_a_hub_raised_bars_both_labels():
    rules = with_minimum("C5", 4)
    labels = [
        result(rules, True, agreed_at(4, C5=score), E2).label
        for score in (4, Fraction(7, 2), 3, Fraction(5, 2))
    ]
    assert labels == ["validated", "promising", "promising", "not_validated"]


def test_what_a_hub_adds_gives_no_points_and_binds():
    rules = with_extra(2)
    found = {score: result(rules, True, agreed_at(4, H1=score), E2) for score in (None, 0, 1, 2, 4)}
    assert {score: (each.label, each.score) for score, each in found.items()} == {
        None: ("not_validated", 100),
        0: ("not_validated", 100),
        1: ("promising", 100),
        2: ("validated", 100),
        4: ("validated", 100),
    }


def test_one_review_gives_no_label():
    found = result_of_reviews(RULES, True, [Marks(all_at(4), E4)])
    assert (found.label, found.score) == ("not_validated", 0)
    assert found.failures["promising"] == (
        *(Failure("unjudged", code) for code in BINDING),
        Failure("score", needed=50, found=0),
        Failure("strength", needed=1, found=None),
    )


def test_the_quorum_of_the_set_is_kept():
    rules = changed(lambda content: content.update(quorum=3))
    review = Marks(all_at(4), E4)
    assert result_of_reviews(rules, True, [review] * 2).label == "not_validated"
    assert result_of_reviews(rules, True, [review] * 3).label == "validated"
    assert agreed_scores(rules, [review] * 2) == dict.fromkeys(CODES)
    assert agreed_strength(rules, [review] * 2) is None


def test_a_hub_may_bar_zeros_from_promising_too():
    rules = changed(lambda content: content["thresholds"]["promising"].update(no_zero=True))
    found = result(rules, True, agreed_at(4, C7=0), E1)
    assert found.label == "not_validated"
    assert found.failures["promising"] == (Failure("zero", "C7", found=0),)


# Agreement of scores -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "agreed"),
    [
        ([], None),
        ([3], None),
        ([3, None], None),
        ([None, None, None], None),
        ([1, 4], Agreed(Fraction(5, 2), 1, 4, 2)),
        ([2, 2], Agreed(Fraction(2), 2, 2, 2)),
        ([None, 1, 2], Agreed(Fraction(3, 2), 1, 2, 2)),
        ([0, 4, 3], Agreed(Fraction(3), 0, 4, 3)),
        ([4, 0, 0], Agreed(Fraction(0), 0, 4, 3)),
        ([4, 0, 1, 3], Agreed(Fraction(2), 0, 4, 4)),
        ([4, 4, 0, 1, 2], Agreed(Fraction(2), 0, 4, 5)),
    ],
)
def test_two_agree_on_the_mean_and_more_on_the_median(values, agreed):
    assert agree(values, 2) == agreed


@pytest.mark.parametrize(
    ("values", "agreed"),
    [
        ([], None),
        ([4], None),
        ([4, None], None),
        ([E3, E1], E1),
        ([E1, None, E3], E1),
        ([E4, E1, E2], E2),
        ([E4, E0, E1, E3], E1),
        ([E4, E4, E0, E1, E3], E3),
    ],
)
def test_evidence_is_never_rounded_up(values, agreed):
    assert agree_strength(values) == agreed


def test_a_quorum_of_three_needs_three_who_could_judge():
    assert agree([2, 3, None], 3) is None
    assert agree([2, 3, 3], 3) == Agreed(Fraction(3), 2, 3, 3)
    assert agree_strength([2, 3, None], 3) is None
    assert agree_strength([2, 3, 3], 3) == 3


def test_nobody_agrees_on_nothing_whatever_the_quorum():
    assert (agree([None], 0), agree_strength([], 0)) == (None, None)


def test_each_criterion_of_the_set_has_its_range():
    rules = with_extra(2)
    reviews = [Marks({"C1": 4, "H1": 1}, E2), Marks({"C1": 1, "C2": None, "H1": 2}, E3)]
    assert agreed_scores(rules, reviews) == {
        **dict.fromkeys(CODES, None),
        "C1": Agreed(Fraction(5, 2), 1, 4, 2),
        "H1": Agreed(Fraction(3, 2), 1, 2, 2),
    }
    assert agreed_strength(rules, reviews) == E2


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        (1, True),
        (3, True),
        (Fraction(5, 2), True),
        (Fraction(99, 100), False),
        (Fraction(301, 100), False),
        (0, False),
        (4, False),
    ],
)
def test_a_changed_score_stays_inside_the_reviewers_range(value, inside):
    assert within(value, Agreed(Fraction(2), 1, 3, 2)) is inside


# Third reviewers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        pytest.param(Marks(all_at(3), E2), Marks(all_at(3), E2), (), id="the same"),
        pytest.param(Marks(all_at(3), E2), Marks(all_at(4), E4), (), id="one apart"),
        pytest.param(
            Marks(all_at(4, C3=2), E2),
            Marks(all_at(4), E2),
            (Reason("range", "C3"),),
            id="two apart where it binds",
        ),
        pytest.param(
            Marks(all_at(4, C7=1), E2), Marks(all_at(4), E2), (), id="apart where it does not bind"
        ),
        pytest.param(
            Marks(all_at(3, C6=1), E2),
            Marks(all_at(3, C6=2), E2),
            (Reason("label"),),
            id="another label by one score",
        ),
        pytest.param(
            Marks(all_at(3), E1), Marks(all_at(3), E2), (Reason("label"),), id="by evidence"
        ),
        pytest.param(
            Marks(all_at(3, C1=None), E2),
            Marks(all_at(2, C1=0), E2),
            (Reason("quorum", "C1"),),
            id="one cannot judge and no label either way",
        ),
        pytest.param(
            Marks(all_at(3, C1=None), E2),
            Marks(all_at(3), E2),
            (Reason("quorum", "C1"), Reason("label")),
            id="one cannot judge what gives the other a label",
        ),
        pytest.param(
            Marks({code: 3 for code in CODES if code != "C5"}, E2),
            Marks(all_at(3, C5=None), E2),
            (Reason("quorum", "C5"),),
            id="not answered, and cannot judge",
        ),
        pytest.param(
            Marks(all_at(4, C7=None), E2),
            Marks(all_at(4), E2),
            (),
            id="one cannot judge what does not bind",
        ),
        pytest.param(
            Marks(all_at(2, C1=0), E2),
            Marks(all_at(2), None),
            (Reason("range", "C1"), Reason("strength")),
            id="one cannot judge the evidence",
        ),
        pytest.param(
            # Alone each is promising, for its one zero; the means have no zero left.
            Marks(all_at(4, C7=0), E2),
            Marks(all_at(4, C8=0), E2),
            (Reason("label"),),
            id="together more than each alone",
        ),
        pytest.param(
            Marks(all_at(4, C1=2, C7=0), E2),
            Marks(all_at(4, C8=0), E2),
            (Reason("range", "C1"), Reason("label")),
            id="together more, and two apart besides",
        ),
        pytest.param(
            # Alone each has 70 points; together two criteria without a quorum give none.
            Marks(all_at(3, C7=4, C8=None, C9=2, C10=2), E2),
            Marks(all_at(3, C7=None, C8=4, C9=2, C10=2), E2),
            (Reason("label"),),
            id="together less than each alone",
        ),
        pytest.param(
            Marks(all_at(4), E4),
            Marks(all_at(0), E0),
            (*(Reason("range", code) for code in BINDING), Reason("label")),
            id="at opposite ends",
        ),
    ],
)
def test_a_third_reviewer_is_needed_for_these_reasons(first, second, reasons):
    assert needs_third(RULES, True, first, second) == reasons
    assert needs_third(RULES, True, second, first) == reasons


def test_the_hubs_own_binding_criteria_call_a_third_too():
    rules = with_extra(None)
    first, second = Marks(all_at(4, H1=4), E2), Marks(all_at(4, H1=2), E2)
    assert needs_third(rules, True, first, second) == (Reason("range", "H1"),)
    assert needs_third(with_extra(None, binding=False), True, first, second) == ()


def test_a_failed_gate_leaves_no_label_to_differ():
    first, second = Marks(all_at(3), E1), Marks(all_at(3), E2)
    assert needs_third(RULES, False, first, second) == ()


def test_a_quorum_of_three_always_needs_a_third():
    rules = changed(lambda content: content.update(quorum=3))
    review = Marks(all_at(3), E2)
    assert needs_third(rules, True, review, review) == (
        *(Reason("quorum", code) for code in BINDING),
        Reason("strength"),
    )


def test_what_is_carried_over_counts_to_every_label_and_is_compared_with_nothing():
    rest = {code: Fraction(3) for code in CODES if code not in ("C2", "C5")}
    first, second = Marks({"C2": 3, "C5": 3}, E2), Marks({"C2": 4, "C5": 3}, E2)
    assert needs_third(RULES, True, first, second, rest) == ()
    # Binding criteria at 3 are 60 points, the others at 1 are 5; C2 at 4 makes 65 points 70.
    lower = {**rest, **dict.fromkeys(OTHERS, Fraction(1))}
    assert needs_third(RULES, True, first, second, lower) == (Reason("label"),)
    # An earlier score stands, whatever a review says about it.
    strange = Marks({"C1": 0, "C2": 4, "C5": 3}, E2)
    assert needs_third(RULES, True, first, strange, rest) == ()
    assert needs_third(RULES, True, strange, first, rest) == ()
    apart = Marks({"C2": 3, "C5": 1}, E2)
    assert needs_third(RULES, True, first, apart, rest) == (
        Reason("range", "C5"),
        Reason("label"),
    )


def test_nobody_has_to_judge_evidence_where_no_label_asks_for_it():
    def ask_nothing(content: dict[str, Any]) -> None:
        for row in content["thresholds"].values():
            row["evidence_at_least"] = "E0"

    review = Marks(all_at(3), None)
    assert needs_third(changed(ask_nothing), True, review, review) == ()
    assert needs_third(RULES, True, review, review) == (Reason("strength"),)


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged", [-1, 5, 100, 2.0, 2.5, "3", True, False, Fraction(3), float("nan")]
)
def test_a_score_outside_the_scale_is_refused_everywhere(forged):
    for attempt in (
        lambda: Marks({"C1": forged}),
        lambda: Marks({"C1": 3}, forged),
        lambda: agree([3, forged], 2),
        lambda: agree_strength([3, forged]),
        lambda: result(RULES, True, agreed_at(3), forged),
    ):
        with pytest.raises(ValueError, match="is not a whole number from 0 to 4"):
            attempt()


@pytest.mark.parametrize(
    "forged", [-1, 5, Fraction(-1, 100), Fraction(401, 100), 2.5, "3", True, float("nan")]
)
def test_an_agreed_score_outside_the_scale_or_inexact_is_refused(forged):
    for attempt in (
        lambda: result(RULES, True, {"C1": forged}, E2),
        lambda: within(forged, Agreed(Fraction(2), 0, 4, 2)),
    ):
        with pytest.raises(ValueError, match="is not an exact number from 0 to 4"):
            attempt()


def test_scores_that_were_changed_after_they_were_given_are_checked_again():
    scores: dict[str, int | None] = all_at(4)
    review = Marks(scores, E4)
    scores["C1"] = 40
    for attempt in (
        lambda: result_of_reviews(RULES, True, [review, review]),
        lambda: needs_third(RULES, True, review, review),
    ):
        with pytest.raises(ValueError, match="40 is not a whole number"):
            attempt()


def test_a_score_for_a_criterion_of_another_set_is_refused():
    good, strange = Marks(all_at(4), E4), Marks(all_at(4, H1=4, H2=4), E4)
    for attempt in (
        lambda: result(RULES, True, agreed_at(4, H1=4, H2=4), E4),
        lambda: result_of_reviews(RULES, True, [good, strange]),
        lambda: needs_third(RULES, True, good, strange),
        lambda: needs_third(RULES, True, strange, good),
    ):
        with pytest.raises(ValueError, match="not in this criteria set: H1, H2"):
            attempt()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(5, 2), "2.5"),
        (Fraction(70), "70"),
        (Fraction(200, 3), "66.67"),
        (Fraction(559, 8), "69.88"),  # 69.875
        (Fraction(1, 200), "0.01"),
        (Fraction(1, 201), "0"),
        (Fraction(1, 20), "0.05"),
        (Fraction(201, 2), "100.5"),
        (100, "100"),
        (0, "0"),
        (Fraction(-5, 2), "-2.5"),
        (Fraction(-1, 1000), "0"),
    ],
)
def test_numbers_are_shown_without_idle_zeros(value, shown):
    assert as_number(value) == shown


# What always holds -------------------------------------------------------------------------------

scores = st.integers(0, 4)
high_scores = st.sampled_from([1, 2, 2, 3, 3, 3, 4, 4])  # where labels are decided
answers = st.one_of(high_scores, high_scores, scores, st.none())
strengths = st.one_of(st.integers(1, 4), st.integers(0, 4), st.none())


@st.composite
def reviews(draw: st.DrawFn, answers: st.SearchStrategy[int | None] = answers) -> Marks:
    """Mostly even, as reviews are: a level, and a few criteria that depart from it."""
    level = draw(st.integers(1, 4))
    departures = draw(st.dictionaries(st.sampled_from(CODES), answers, max_size=5))
    return Marks({**dict.fromkeys(CODES, level), **departures}, draw(strengths))


judged_reviews = reviews(scores)
panels = st.lists(reviews(), min_size=1, max_size=5)


@given(data=st.data(), gates=st.booleans())
def test_raising_one_score_never_lowers_the_result(data, gates):
    panel = data.draw(panels)
    place = data.draw(st.integers(0, len(panel) - 1))
    marks = panel[place]
    raised = data.draw(
        st.sampled_from([c for c, v in marks.scores.items() if v is not None] or [None])
    )
    strength = marks.strength
    if raised is None or (strength is not None and data.draw(st.booleans())):
        better = Marks(marks.scores, None if strength is None else min(strength + 1, 4))
    else:
        better = Marks(
            {**marks.scores, raised: data.draw(st.integers(marks.scores[raised], 4))}, strength
        )
    before = result_of_reviews(RULES, gates, panel)
    after = result_of_reviews(RULES, gates, [*panel[:place], better, *panel[place + 1 :]])
    assert rank(after.label) >= rank(before.label)
    assert after.score >= before.score


@given(
    level=st.integers(0, 16),
    departures=st.dictionaries(st.sampled_from(CODES), st.integers(0, 16), max_size=4),
    raised=st.sampled_from(CODES),
    by=st.integers(1, 16),
    strength=strengths,
)
def test_raising_one_agreed_score_never_lowers_the_result(level, departures, raised, by, strength):
    agreed = agreed_at(Fraction(level, 4), **{c: Fraction(v, 4) for c, v in departures.items()})
    better = {**agreed, raised: min(agreed[raised] + Fraction(by, 4), Fraction(4))}
    before, after = (result(RULES, True, each, strength) for each in (agreed, better))
    assert rank(after.label) >= rank(before.label)
    assert after.score >= before.score


@given(panel=panels, data=st.data(), gates=st.booleans())
def test_the_order_of_reviewers_does_not_matter(panel, data, gates):
    other = data.draw(st.permutations(panel))
    assert result_of_reviews(RULES, gates, other) == result_of_reviews(RULES, gates, panel)
    assert agreed_scores(RULES, other) == agreed_scores(RULES, panel)


@given(panel=panels)
def test_a_label_never_survives_a_gate_that_fails(panel):
    found = result_of_reviews(RULES, False, panel)
    assert found.label == "not_validated"
    assert found.failures["validated"][0] == found.failures["promising"][0] == Failure("gate")
    assert found.score == result_of_reviews(RULES, True, panel).score


@given(panel=panels)
def test_a_label_is_given_exactly_where_nothing_bars_it(panel):
    found = result_of_reviews(RULES, True, panel)
    open_to = [label for label in ("validated", "promising") if not found.failures[label]]
    assert found.label == (open_to or ["not_validated"])[0]


@given(values=st.lists(st.one_of(scores, st.none()), max_size=7))
def test_what_is_agreed_lies_inside_the_range_and_half_judge_no_higher_and_no_lower(values):
    agreed = agree(values, 2)
    judged = [value for value in values if value is not None]
    if agreed is None:
        assert len(judged) < 2
        return
    assert (agreed.low, agreed.high, agreed.n) == (min(judged), max(judged), len(judged))
    assert within(agreed.value, agreed)
    assert 2 * sum(value < agreed.value for value in judged) <= len(judged)
    assert 2 * sum(value > agreed.value for value in judged) <= len(judged)
    strength = agree_strength(values)
    assert strength in judged
    assert strength <= agreed.value


@given(values=st.lists(scores, min_size=2, max_size=2))
def test_two_agree_on_their_mean_and_on_the_weaker_evidence(values):
    assert agree(values, 2) == Agreed(Fraction(sum(values), 2), min(values), max(values), 2)
    assert agree_strength(values) == min(values)


@given(panel=panels)
def test_the_score_lies_between_0_and_100(panel):
    assert 0 <= result_of_reviews(RULES, True, panel).score <= 100


def test_the_score_reaches_both_ends():
    assert result(RULES, True, agreed_at(0), E4).score == 0
    assert result(RULES, True, agreed_at(4), E4).score == 100


@given(values=st.lists(st.one_of(scores, st.none()), max_size=6), place=st.integers(0, 6))
def test_a_further_cannot_judge_changes_nothing(values, place):
    more = [*values[:place], None, *values[place:]]
    assert agree(more, 2) == agree(values, 2)
    assert agree_strength(more) == agree_strength(values)


@given(panel=panels)
def test_a_reviewer_who_can_judge_nothing_changes_nothing(panel):
    silent = Marks(dict.fromkeys(CODES), None)
    assert result_of_reviews(RULES, True, [*panel, silent]) == result_of_reviews(RULES, True, panel)


def _raise(row: dict[str, Any], key: str, to: int) -> None:
    row[key] = max(row[key] or 0, to)


@st.composite
def tightenings(draw: st.DrawFn) -> Any:
    """One thing a hub may do to a set."""
    kind = draw(st.sampled_from(["minimum", "extra", "binding", "score", "evidence", "no zero"]))
    label = draw(st.sampled_from(["validated", "promising"]))
    place, score = draw(st.integers(0, 9)), draw(scores)
    number = draw(st.integers(0, 100))

    def tighten(content: dict[str, Any]) -> None:
        threshold = content["thresholds"][label]
        if kind == "minimum":
            _raise(content["criteria"][place], "minimum", score)
        elif kind == "extra":
            code = f"H{len(content['criteria'])}"
            content["criteria"].append(
                {"code": code, "weight": 0, "binding": True, "minimum": score or None}
            )
        elif kind == "binding":
            _raise(threshold, "binding_at_least", score)
        elif kind == "score":
            _raise(threshold, "score_at_least", number)
        elif kind == "evidence":
            threshold["evidence_at_least"] = max(threshold["evidence_at_least"], f"E{score}")
        else:
            threshold["no_zero"] = True

    return tighten


@given(
    panel=panels,
    steps=st.lists(tightenings(), min_size=1, max_size=4),
    extra=st.one_of(scores, st.none()),
)
def test_a_tighter_set_never_gives_a_higher_label(panel, steps, extra):
    content = copy.deepcopy(COMMON)
    looser = result_of_reviews(RULES, True, panel)
    for step in steps:
        step(content)
        rules = Rules.of(content)
        added = {c.code: extra for c in rules.criteria if c.code.startswith("H")}
        answered = [Marks({**marks.scores, **added}, marks.strength) for marks in panel]
        tighter = result_of_reviews(rules, True, answered)
        assert rank(tighter.label) <= rank(looser.label)
        assert tighter.score == looser.score
        looser = tighter


@given(first=reviews(), second=reviews(), gates=st.booleans())
def test_who_came_first_does_not_decide_on_a_third(first, second, gates):
    assert needs_third(RULES, gates, first, second) == needs_third(RULES, gates, second, first)


@given(first=reviews(), second=reviews(), gates=st.booleans())
def test_where_two_are_enough_each_stands_behind_the_label(first, second, gates):
    if needs_third(RULES, gates, first, second):
        return
    together = result_of_reviews(RULES, gates, [first, second])
    for marks in (first, second):
        alone = {c: None if v is None else Fraction(v) for c, v in marks.scores.items()}
        assert result(RULES, gates, alone, marks.strength).label == together.label
    for code in BINDING:
        agreed = agreed_scores(RULES, [first, second])[code]
        assert agreed is not None
        assert agreed.high - agreed.low < 2


@given(review=judged_reviews, gates=st.booleans())
def test_two_who_say_the_same_need_no_third(review, gates):
    review = Marks(review.scores, review.strength or 0)
    assert needs_third(RULES, gates, review, review) == ()
