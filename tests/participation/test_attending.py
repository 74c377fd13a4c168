"""Reading who was there from what a meeting platform lists."""

from __future__ import annotations

import time

import pytest

from participation.attending import Guest, Outcome, read, taking_part


def guest(uid: str, name: str, email: str = "", *, has_place: bool = True) -> Guest:
    return Guest(uid, name, email, "", has_place)


GUESTS = [
    guest("ada", "Ada Well", "ada@wells.example"),
    guest("bo1", "Bo Brunnen", "bo@wells.example"),
    guest("bo2", "Bo Brunnen", "bo@pumps.example"),
    guest("zoe", "Zoë Fontaine-Müller", "zoe@wells.example"),
    guest("ali", "علي البئر", "ali@wells.example"),
    guest("li", "李井", "li@wells.example"),
    guest("cy", "Cy Cistern", "cy@wells.example", has_place=False),
    guest("gone", "Former member"),
]


@pytest.mark.parametrize(
    ("typed", "outcome", "uids"),
    [
        ("Ada Well", Outcome.FOUND, ["ada"]),
        ("  ada   WELL ", Outcome.FOUND, ["ada"]),
        ("WELL, Ada", Outcome.FOUND, ["ada"]),
        ("Ada Well (she/her)", Outcome.FOUND, ["ada"]),
        ("iPad of A (Ada Well)", Outcome.FOUND, ["ada"]),
        ("Ada Well (Host),ada@home.example,2026-05-01 15:00,72", Outcome.FOUND, ["ada"]),
        ('"Ada Well"\tada@wells.example\t72 min', Outcome.FOUND, ["ada"]),
        ("Well;Ada;2026-05-01", Outcome.FOUND, ["ada"]),
        ("Somebody Else <ADA@wells.example>", Outcome.FOUND, ["ada"]),
        ("Bo Brunnen", Outcome.SEVERAL, ["bo1", "bo2"]),
        ("Bo Brunnen, bo@pumps.example", Outcome.FOUND, ["bo2"]),
        ("zoe fontaine-muller", Outcome.FOUND, ["zoe"]),
        ("علي البئر", Outcome.FOUND, ["ali"]),
        ("李井\uff08主持人\uff09", Outcome.FOUND, ["li"]),
        ("Cy Cistern", Outcome.NO_PLACE, ["cy"]),
        ("Nobody Known", Outcome.MISSING, []),
        ("Ada", Outcome.MISSING, []),
        ("() , ;", Outcome.MISSING, []),
        ("=1+1", Outcome.MISSING, []),
    ],
)
def test_one_line_is_read(typed: str, outcome: Outcome, uids: list[str]):
    (line,) = read(typed, GUESTS)
    assert (line.outcome, [found.uid for found in line.guests]) == (outcome, uids)


def test_a_whole_list_keeps_its_numbers_and_counts_nobody_twice():
    text = "Name,Email,Minutes\nAda Well,,70\n\nada@wells.example\nBo Brunnen\nNobody"

    lines = read(text, GUESTS)

    assert [(line.number, line.outcome) for line in lines] == [
        (2, Outcome.FOUND), (4, Outcome.AGAIN), (5, Outcome.SEVERAL), (6, Outcome.MISSING),
    ]  # fmt: skip
    assert taking_part(lines, {}) == {"ada"}
    assert taking_part(lines, {5: "bo2"}) == {"ada", "bo2"}
    assert taking_part(lines, {5: "cy", 6: "cy", 2: "cy"}) == {"ada"}


def test_two_of_one_name_of_whom_one_has_a_place_are_no_question():
    rows = [guest("one", "Bo Well"), guest("two", "Bo Well", has_place=False)]
    (line,) = read("Bo Well", rows)
    assert (line.outcome, line.guests) == (Outcome.FOUND, rows[:1])


@pytest.mark.parametrize(
    "evil",
    ["a" * 100_000, "@" * 100_000, "a.@" * 30_000, "(" * 100_000, "a@b." * 25_000, "," * 99_999],
)
def test_a_hostile_line_is_read_at_once(evil: str):
    before = time.perf_counter()
    lines = read(evil, GUESTS)
    assert time.perf_counter() - before < 1
    assert [line.outcome for line in lines] == [Outcome.MISSING]
