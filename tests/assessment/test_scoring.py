"""The arithmetic: levels, what is unanswered or differs, next steps, benchmark."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from assessment.scoring import (
    Asked,
    Spread,
    benchmark,
    differences,
    level_of,
    levels_of,
    next_steps,
    unanswered,
)

YES, NO, OPEN = {"holds": True}, {"holds": False}, {"holds": None}


def asked(dimension: str = "a", effort: int = 5) -> list[Asked]:
    return [
        Asked(f"{dimension}-{level}-{place}", dimension, level, effort + level)
        for level in (1, 2, 3, 4)
        for place in (1, 2, 3)
    ]


def holding(rows: list[Asked], *codes: str) -> dict[str, Any]:
    return {row.code: YES if row.code in codes else NO for row in rows}


def up_to(rows: list[Asked], level: int) -> dict[str, Any]:
    return holding(rows, *(row.code for row in rows if row.level <= level))


def some(rows: list[Asked], chance: random.Random) -> dict[str, Any]:
    return {row.code: chance.choice([YES, YES, YES, NO, OPEN]) for row in rows}


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_the_level_is_the_highest_whose_statements_and_all_lower_ones_hold(level: int) -> None:
    assert level_of(asked(), up_to(asked(), level)) == level


@pytest.mark.parametrize("missing", ["a-1-2", "a-2-1", "a-3-3", "a-4-1"])
def test_one_statement_that_does_not_hold_stops_there(missing: str) -> None:
    answers = up_to(asked(), 4) | {missing: NO}
    assert level_of(asked(), answers) == int(missing[2]) - 1


def test_higher_levels_do_not_make_up_for_a_lower_one() -> None:
    rows = asked()
    answers = holding(rows, *(row.code for row in rows if row.level > 1))
    assert level_of(rows, answers) == 0


@pytest.mark.parametrize("answers", [{}, {"a-1-1": OPEN}])
def test_what_was_not_answered_does_not_hold(answers: dict[str, Any]) -> None:
    assert level_of(asked(), answers) == 0


def test_no_order_of_statements_changes_a_level() -> None:
    rows, chance = asked(), random.Random(4)
    for _round in range(50):
        answers, shuffled = some(rows, chance), rows[:]
        chance.shuffle(shuffled)
        assert level_of(shuffled, answers) == level_of(rows, answers)


def test_another_yes_never_lowers_a_level() -> None:
    rows, chance = asked(), random.Random(7)
    for _round in range(200):
        answers = some(rows, chance)
        before = level_of(rows, answers)
        for row in rows:
            assert level_of(rows, answers | {row.code: YES}) >= before


def test_dimensions_are_levelled_apart_and_in_their_order() -> None:
    rows = asked("b") + asked("a")
    answers = up_to(asked("b"), 2) | up_to(asked("a"), 3)
    assert list(levels_of(rows, answers).items()) == [("b", 2), ("a", 3)]


def test_only_yes_and_no_are_answers() -> None:
    rows = asked()[:4]
    answers = {"a-1-1": YES, "a-1-2": NO, "a-1-3": OPEN}
    assert unanswered(rows, answers) == ["a-1-3", "a-2-1"]


def test_two_differ_where_they_do_not_say_the_same_whatever_they_name_as_proof() -> None:
    rows = asked()[:3]
    one = {"a-1-1": {"holds": True, "proof": "A list"}, "a-1-2": YES, "a-1-3": NO}
    other = {"a-1-1": {"holds": True, "proof": ""}, "a-1-2": NO, "a-1-3": NO}
    assert differences(rows, one, other) == ["a-1-2"] == differences(rows, other, one)
    assert differences(rows, one, one) == []


# --- Next steps ------------------------------------------------------------------------------


def test_next_steps_are_the_cheapest_of_what_stands_before_the_next_level() -> None:
    rows = [
        Asked("a-1-1", "a", 1, 9),
        Asked("a-2-1", "a", 2, 1),
        Asked("b-1-1", "b", 1, 4),
        Asked("b-1-2", "b", 1, 2),
        Asked("c-1-1", "c", 1, 1),
        Asked("c-2-1", "c", 2, 3),
    ]
    answers = holding(rows, "c-1-1")
    assert next_steps(rows, answers) == ["b-1-2", "c-2-1", "b-1-1"]


def test_next_steps_come_only_from_the_next_level_of_each_dimension() -> None:
    rows = list(itertools.chain(asked("a", 1), asked("b", 20), asked("c", 3)))
    chance = random.Random(11)
    for _round in range(100):
        answers = some(rows, chance)
        levels = levels_of(rows, answers)
        by_code = {row.code: row for row in rows}
        found = next_steps(rows, answers)
        assert len(found) == len(set(found)) <= 3
        for code in found:
            assert by_code[code].level == levels[by_code[code].dimension] + 1
            assert answers[code] != YES
        efforts = [by_code[code].effort for code in found]
        assert efforts == sorted(efforts)


def test_of_equal_cost_the_lower_level_comes_first() -> None:
    rows = [
        Asked("a-1-1", "a", 1, 1), Asked("a-2-1", "a", 2, 5),
        Asked("b-1-1", "b", 1, 5),
    ]  # fmt: skip
    assert next_steps(rows, holding(rows, "a-1-1")) == ["b-1-1", "a-2-1"]


def test_what_is_on_the_road_map_is_not_proposed() -> None:
    rows = asked()
    assert next_steps(rows, {}, taken=["a-1-2"]) == ["a-1-1", "a-1-3"]


def test_a_hub_on_the_top_level_has_no_next_step() -> None:
    assert next_steps(asked(), up_to(asked(), 4)) == []


# --- Benchmark -------------------------------------------------------------------------------


@pytest.mark.parametrize("hubs", [0, 1, 4])
def test_under_five_hubs_there_is_no_benchmark(hubs: int) -> None:
    assert benchmark([{"a": 2}] * hubs, "a") is None


def test_five_hubs_give_quartiles_that_include_their_ends() -> None:
    levels = [{"a": level} for level in (0, 1, 2, 3, 4)]
    assert benchmark(levels, "a") == Spread(1.0, 2.0, 3.0, 5)


def test_hubs_without_that_dimension_do_not_count() -> None:
    levels = [{"a": 1}] * 4 + [{"b": 1}]
    assert benchmark(levels, "a") is None
