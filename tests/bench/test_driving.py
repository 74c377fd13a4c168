"""What the benchmarks share: a clock of processor time, wrong answers, tables, lines of goals."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import driving
from bench.driving import Answer, Case, Goal, Measured, Served, WrongAnswer

WORK = "sum(n * n for n in range(2_000_000))"


def test_the_clock_sees_work_in_this_process():
    clock = driving.ProcessorClock(lambda: [os.getpid()])
    assert sum(n * n for n in range(300_000)) > 0
    assert clock.now() > 1


def test_the_clock_sees_what_a_child_does_and_goes_on_when_it_has_ended():
    child = subprocess.Popen(
        [sys.executable, "-c", f"{WORK}; print('done', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    clock = driving.ProcessorClock(lambda: driving.tree(os.getpid()))
    assert child.stdout.readline() == "done\n"
    worked = clock.now()
    child.communicate("\n")
    assert clock.now() >= worked > 5


def test_a_process_and_its_children_are_one_tree():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in driving.tree(os.getpid())
        assert driving.proportional_size(child.pid) > 0
    finally:
        child.communicate(b"\n")
    assert child.pid not in driving.tree(os.getpid())
    assert driving.proportional_size(child.pid) == 0


def test_back_ends_of_an_unknown_database_are_none():
    assert driving.back_ends("no_such_database_of_a_benchmark") == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://me@127.0.0.1:5432/bench_10k?options=-c%20x%3D1", "bench_10k"),
        ("postgresql://127.0.0.1/portal", "portal"),
        ("sqlite:////tmp/db.sqlite3", ""),
        ("", ""),
    ],
)
def test_only_postgresql_has_back_ends_to_count(url: str, name: str):
    assert driving.database_name(url) == name


def test_a_back_end_has_no_helpers_and_keeps_its_limits():
    url = driving.one_back_end("postgres://me@127.0.0.1:5432/bench_10k")
    assert "max_parallel_workers_per_gather%3D0" in url
    assert "statement_timeout%3D15000" in url
    assert "+" not in url
    assert driving.one_back_end(url) == url
    assert driving.one_back_end("") == ""


# --- Asking -------------------------------------------------------------------------------------


class Made(Served):
    """A server that answers from a list and says what each answer cost."""

    def __init__(self, *answers: Answer, each: float = 1.0) -> None:
        self.answers, self.each, self.spent, self.asked = answers, each, 0.0, 0

    def get(self, path: str, headers: Any = None) -> Answer:
        self.spent += self.each
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def clock(self) -> float:
        return self.spent

    def leave(self) -> None:
        """No connection is kept."""


PAGE = Answer(200, b"<p>Show 12 solutions</p>", {}, 3.0)


def test_ratios_are_made_to_the_anchor_of_the_same_run():
    bare, ours = Made(PAGE, each=2.0), Made(PAGE, each=5.0)
    cases = [Case("bare", bare, "/"), Case("page", ours, "/", anchor="bare", shows="12 solutions")]

    measured = driving.drive(cases, rounds=4, each=3)

    assert measured["bare"].milliseconds == 2.0
    assert measured["page"].ratio == 2.5
    assert len(measured["page"].clock) == 12
    assert measured["page"].bytes == len(PAGE.body)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (replace(PAGE, status=500), "answers 500"),
        (replace(PAGE, body=b"<p>Show 3 solutions</p>"), "does not show"),
    ],
)
def test_a_wrong_answer_is_no_measurement(answer: Answer, complaint: str):
    case = Case("page", Made(answer), "/", shows="12 solutions")
    with pytest.raises(WrongAnswer, match=complaint):
        driving.drive([case])


def test_an_answer_that_turns_wrong_later_ends_the_run():
    case = Case("page", Made(*[PAGE] * 20, replace(PAGE, status=302)), "/")
    with pytest.raises(WrongAnswer, match="answers 302"):
        driving.drive([case], rounds=10, each=10)


def test_two_cases_of_one_name_are_refused():
    server = Made(PAGE)
    with pytest.raises(ValueError, match="same name"):
        driving.drive([Case("page", server, "/"), Case("page", server, "/other")])


def test_a_table_has_a_line_for_each_case():
    bare = Measured(Case("bare", Made(PAGE), "/"), cpu=[2.0, 4.0, 3.0], clock=[4.0], bytes=1_200)
    page = Measured(
        Case("page", Made(PAGE), "/", anchor="bare", queries=4), cpu=[6.0], clock=[9.0], anchor=bare
    )
    assert driving.table({"bare": bare, "page": page}).splitlines()[2:] == [
        "| bare | – | 1,200 | 3.00 | 2.00 | 4.0 | 4.0 | – | – |",
        "| page | 4 | 0 | 6.00 | 6.00 | 9.0 | 9.0 | bare | 2.00 |",
    ]


# --- Goals --------------------------------------------------------------------------------------


def test_lines_of_goals_are_read_as_they_were_written():
    goals = [
        Goal("W1 10k no text", 1.42, 2, 1.5),
        Goal("W1 10k text", 1.75, 2, 1.5),
        Goal("W6 first answer, CPU s", 1.25, 1.0),
    ]
    lines = driving.goal_lines(goals)
    assert lines.splitlines() == [
        "W1 10k no text 1.420 (must 2, aim 1.5: best)",
        "W1 10k text 1.750 (must 2, aim 1.5: met)",
        "W6 first answer, CPU s 1.250 (must 1: missed)",
    ]
    assert driving.read_goals(f"| a table | 2 |\n\n{lines}\n") == goals


# --- Anchors ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_anchors_answer_with_pages_of_the_size_that_was_measured(tmp_path: Path):
    with driving.anchors(tmp_path) as bare:
        sizes = {
            path: len(bare.get(path).body)
            for path in ("/prebuilt", "/catalogue", "/thread", "/programme")
        }
        assert bare.get("/nothing").status == 404
        assert len(bare.memory()) == 1 + driving.WORKERS
        port = bare.port
    assert 26_000 < sizes["/prebuilt"] < 29_000
    assert 26_000 < sizes["/catalogue"] < 29_000
    assert 195_000 < sizes["/thread"] < 212_000
    assert 24_000 < sizes["/programme"] < 28_000
    with pytest.raises(OSError):  # noqa: PT011 (which one depends on the machine)
        http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()
