"""From answers to levels, differences, next steps and benchmark: arithmetic without a database.

The rule is that of specification section 5: the level of a dimension is the highest whose
statements and all lower ones hold; level 0 has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

#: A benchmark of fewer hubs would say something about one of them.
FEWEST_HUBS = 5
NEXT_STEPS = 3

Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement as the arithmetic needs it."""

    code: str
    dimension: str
    level: int
    effort: int
    position: int = 0


def holds(answers: Answers, code: str) -> bool:
    """Whether the statement was said to hold; what was not answered does not."""
    return answers.get(code, {}).get("holds") is True


def is_answered(answers: Answers, code: str) -> bool:
    return answers.get(code, {}).get("holds") in (True, False)


def level_of(asked: Iterable[Asked], answers: Answers) -> int:
    """The level of one dimension."""
    by_level: dict[int, list[bool]] = {}
    for statement in asked:
        by_level.setdefault(statement.level, []).append(holds(answers, statement.code))
    reached = 0
    for level in sorted(by_level):
        if level != reached + 1 or not all(by_level[level]):
            break
        reached = level
    return reached


def levels_of(asked: Iterable[Asked], answers: Answers) -> dict[str, int]:
    """The level of every dimension, in the order in which dimensions come."""
    by_dimension: dict[str, list[Asked]] = {}
    for statement in asked:
        by_dimension.setdefault(statement.dimension, []).append(statement)
    return {code: level_of(members, answers) for code, members in by_dimension.items()}


def unanswered(asked: Iterable[Asked], answers: Answers) -> list[str]:
    return [each.code for each in asked if not is_answered(answers, each.code)]


def differences(asked: Iterable[Asked], one: Answers, other: Answers) -> list[str]:
    """The statements on which two people do not say the same."""
    return [
        each.code
        for each in asked
        if one.get(each.code, {}).get("holds") != other.get(each.code, {}).get("holds")
    ]


def next_steps(
    asked: Sequence[Asked], answers: Answers, *, taken: Iterable[str] = (), most: int = NEXT_STEPS
) -> list[str]:
    """The cheapest statements to make true, among those that stand between each dimension
    and its next level; of equal cost, first where the hub is lowest.

    ``taken`` are codes that are on the road map already.
    """
    levels = levels_of(asked, answers)
    known = set(taken)
    open_ones = [
        each
        for each in asked
        if each.level == levels[each.dimension] + 1
        and not holds(answers, each.code)
        and each.code not in known
    ]
    open_ones.sort(key=lambda each: (each.effort, each.level))
    return [each.code for each in open_ones[:most]]


@dataclass(frozen=True, slots=True)
class Spread:
    """How hubs lie in one dimension: quartiles of their levels, and how many hubs."""

    low: float
    middle: float
    high: float
    hubs: int


def benchmark(levels: Sequence[Mapping[str, int]], dimension: str) -> Spread | None:
    """The quartiles of one dimension over hubs (one mapping each); None for too few hubs."""
    values = [each[dimension] for each in levels if dimension in each]
    if len(values) < FEWEST_HUBS:
        return None
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return Spread(low, middle, high, len(values))
