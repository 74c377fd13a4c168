"""Claims about one question: which is shown, and whether they can all hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.models import Contradiction, before
from claims.weighing import best, disagree, groups_of, in_conflict
from hubs.models import HubClaim
from hubs.topics import TOPICS


def claim(**values: Any) -> HubClaim:
    values.setdefault("topic", "staff")
    values.setdefault("text", "Said.")
    for name in ("low", "high"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    return HubClaim(**values)


def exact(number: int, **values: Any) -> HubClaim:
    return claim(low=number, high=number, **values)


DATES = st.sampled_from(["", "2006", "2006-05", "2006-07", "2006-07-12", "2007", "2008-01"])
NUMBERS = st.none() | st.integers(0, 5)


@st.composite
def claims(draw: Any) -> HubClaim:
    """Any claim that could have been saved."""
    low, high = draw(NUMBERS), draw(NUMBERS)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    starts, ends = draw(DATES), draw(DATES)
    return claim(
        low=low,
        high=high,
        unit=draw(st.sampled_from(["", "people", "projects"])),
        starts=ends if before(ends, starts) else starts,
        ends=ends,
        as_of=draw(DATES),
        status=draw(st.sampled_from(["", "proposed", "in_place"])),
        is_preferred=draw(st.booleans()),
    )


@given(claims(), claims())
def test_disagreeing_is_mutual(one: HubClaim, other: HubClaim):
    assert disagree(one, other) is disagree(other, one)


@given(claims())
def test_no_claim_disagrees_with_itself(one: HubClaim):
    assert disagree(one, one) is False


@given(st.lists(claims(), min_size=1, max_size=6))
def test_the_best_is_preferred_if_any_is_and_then_of_the_latest_date(several: list[HubClaim]):
    chosen = best(several)

    assert any(chosen is one for one in several)
    assert chosen.is_preferred is any(one.is_preferred for one in several)
    rivals = [one for one in several if one.is_preferred is chosen.is_preferred]
    assert chosen.as_of == max(one.as_of for one in rivals)


@given(st.lists(claims(), max_size=6))
def test_grouping_loses_no_claim_and_shows_none_twice(several: list[HubClaim]):
    grouped = [one for group in groups_of(several, TOPICS) for one in group.all]

    assert sorted(map(id, grouped)) == sorted(map(id, several))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (exact(39), exact(35), True),
        (exact(39), claim(low=35), False),
        (exact(39), claim(low=40), True),
        (exact(39), claim(high=30), True),
        (claim(low=15, high=20), exact(18), False),
        (claim(low=15, high=20), claim(low=21, high=30), True),
        (claim(low=15), claim(low=90), False),
        (exact(19, as_of="2008"), exact(25, as_of="2012"), False),
        (exact(19, as_of="2008"), exact(25, as_of="2008"), True),
        (exact(19, unit="people"), exact(25, unit="projects"), False),
        (claim(starts="2004"), claim(starts="2007"), True),
        (claim(starts="2006"), claim(starts="2006-05"), False),
        (claim(starts="2006-05"), claim(starts="2006-07"), True),
        (claim(starts="2006", ends="2008"), claim(starts="2007"), False),
        (claim(status="proposed"), claim(status="in_place"), True),
        (claim(status="proposed"), claim(), False),
        (claim(text="Small."), claim(text="Large."), False),
    ],
)
def test_answers_disagree_only_where_they_cannot_both_hold(
    one: HubClaim, other: HubClaim, apart: bool
):
    assert disagree(one, other) is apart


def test_claims_with_another_label_answer_another_question():
    told = [
        claim(topic="founded", label="established", starts="2006-05"),
        claim(topic="founded", label="launched", starts="2006-07-12"),
        claim(topic="founded", label="established", starts="2006"),
    ]

    groups = groups_of(told, TOPICS)

    assert [(group.label, [one.starts for one in group.all]) for group in groups] == [
        ("established", ["2006-05", "2006"]),
        ("launched", ["2006-07-12"]),
    ]
    assert in_conflict(told, TOPICS) == []


def test_items_of_a_list_stand_alone():
    told = [claim(topic="method", uid="a"), claim(topic="method", uid="b")]

    assert [len(group.all) for group in groups_of(told, TOPICS)] == [1, 1]


@pytest.mark.parametrize(
    "marked", [{"conflict": "The page says 2007."}, {"contradiction": Contradiction(pk=7)}]
)
def test_an_editor_can_mark_a_disagreement_that_no_value_shows(marked: dict[str, Any]):
    told = [claim(topic="governance", **marked), claim(topic="governance")]

    assert [group.all for group in in_conflict(told, TOPICS)] == [(told[0],)]
