"""What scoring costs as reviews, criteria and judged units grow: it should be no more than linear.

    python bench/scoring.py [--repeat 7]

Each line compares 10 with 1,000 of a thing in one run, in processor time of this process. A
ratio of 100 is linear; below, a fixed cost weighs on the small case.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from validation.agreement import alpha, percent
from validation.scoring import Marks, Rules, needs_third, result_of_reviews

SMALL, LARGE = 10, 1_000


def rules(size: int) -> Rules:
    return Rules.of(
        {
            "criteria": [
                {
                    "code": f"C{n}",
                    "weight": 10 if n < 10 else 0,
                    "binding": n % 2 == 0,
                    "minimum": None if n % 2 else 2,
                }
                for n in range(size)
            ],
            "evidence_strength": [{"code": f"E{n}"} for n in range(5)],
            "thresholds": {
                "validated": {
                    "binding_at_least": 2,
                    "no_zero": True,
                    "score_at_least": 70,
                    "evidence_at_least": "E2",
                },
                "promising": {
                    "binding_at_least": 1,
                    "score_at_least": 50,
                    "evidence_at_least": "E1",
                },
            },
        }
    )


def reviews(number: int, criteria: int, silent: float = 0.05) -> list[Marks]:
    """The same reviews for the same numbers, one answer in twenty “cannot judge” unless told."""
    chance = random.Random(8)  # noqa: S311 (not a secret)
    return [
        Marks(
            {
                f"C{n}": None if chance.random() < silent else chance.randint(0, 4)
                for n in range(criteria)
            },
            chance.randint(0, 4),
        )
        for _ in range(number)
    ]


def units(number: int) -> list[list[int | None]]:
    return [list(marks.scores.values()) for marks in reviews(number, 3)]


def milliseconds(ask: Callable[[], object], repeat: int) -> float:
    """The least of several rounds, each long enough for the clock."""
    times = 1
    while True:
        start = time.process_time()
        for _ in range(times):
            ask()
        if time.process_time() - start > 0.05:
            break
        times *= 2
    spent = []
    for _ in range(repeat):
        start = time.process_time()
        for _ in range(times):
            ask()
        spent.append((time.process_time() - start) / times)
    return min(spent) * 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    def by_reviews(size: int) -> Callable[[], object]:
        common, panel = rules(10), reviews(size, 10)
        return lambda: result_of_reviews(common, True, panel)

    def by_criteria(size: int) -> Callable[[], object]:
        large, panel = rules(size), reviews(3, size)
        return lambda: result_of_reviews(large, True, panel)

    def third(size: int) -> Callable[[], object]:
        large, (first, second) = rules(size), reviews(2, size, silent=0)
        return lambda: needs_third(large, True, first, second)

    def agreement(ask: Callable[..., object], *more: str) -> Callable[[int], Callable[[], object]]:
        def ready(size: int) -> Callable[[], object]:
            judged = units(size)
            return lambda: ask(judged, *more)

        return ready

    print(f"{'CPU ms':<34}{SMALL:>10,}{LARGE:>10,}{'ratio':>8}")
    for name, ready in {
        "result, reviews of 10 criteria": by_reviews,
        "result, criteria in 3 reviews": by_criteria,
        "third reviewer, criteria": third,
        "percent, units of 3": agreement(percent),
        "alpha nominal, units of 3": agreement(alpha, "nominal"),
        "alpha ordinal, units of 3": agreement(alpha, "ordinal"),
        "alpha interval, units of 3": agreement(alpha, "interval"),
    }.items():
        small, large = (milliseconds(ready(size), options.repeat) for size in (SMALL, LARGE))
        print(f"{name:<34}{small:>10.3f}{large:>10.2f}{large / small:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
