"""How far reviewers agree: published examples, the definition once more, and what always holds."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.agreement import alpha, percent


def units_of(*raters: str) -> list[list[int | str | None]]:
    """Rows of raters as printed, turned into units; a point is a missing value."""
    values = [
        [None if each == "." else int(each) if each.isdigit() else each for each in row.split()]
        for row in raters
    ]
    return [list(unit) for unit in zip(*values, strict=True)]


# K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), examples A, B and C.
TWO_BINARY = units_of("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
TWO_NOMINAL = units_of("a a b b d c c c e d d a", "b a b b b c c c e d d d")
FOUR_WITH_GAPS = units_of(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


@pytest.mark.parametrize(
    ("units", "metric", "published"),
    [
        (TWO_BINARY, "nominal", 0.095),
        (TWO_NOMINAL, "nominal", 0.692),
        (FOUR_WITH_GAPS, "nominal", 0.743),
        (FOUR_WITH_GAPS, "ordinal", 0.815),
        (FOUR_WITH_GAPS, "interval", 0.849),
    ],
)
def test_alpha_of_published_examples(units, metric, published):
    assert round(alpha(units, metric), 3) == published


def test_alpha_worked_out_by_hand():
    units = [[0, 1], [1, 1], [2, 4]]  # paired values: 0, 1, 1, 1, 2, 4
    # Interval. Observed: squares (1 + 1 + 0 + 0 + 4 + 4) of 6 coincidences. Expected: each of the
    # 30 ordered pairs; 0 meets 1, 1, 1, 2, 4 (23), and so on: 114 of 30.
    assert (
        alpha(units) == alpha(units, "interval") == float(1 - Fraction(10, 6) / Fraction(114, 30))
    )
    # Nominal. 4 of 6 coincidences differ, and all ordered pairs but the 3 × 2 among the ones: 24.
    assert alpha(units, "nominal") == float(1 - Fraction(4, 6) / Fraction(24, 30))
    # Ordinal. The middle ranks are ½, 2½ (three times), 4½ and 5½. Observed: (4 + 4 + 1 + 1) of
    # 6. Expected, each unordered pair twice: 2 × (3 × 4 + 16 + 25 + 3 × 4 + 3 × 9 + 1) of 30.
    assert alpha(units, "ordinal") == float(1 - Fraction(10, 6) / Fraction(186, 30))


@pytest.mark.parametrize(
    "units",
    [
        pytest.param([], id="no unit"),
        pytest.param([[], [None, None]], id="no value"),
        pytest.param([[3], [None, 2], [4, None, None]], id="nothing to pair"),
        pytest.param([[3, 3], [3, 3, None]], id="no variation"),
        pytest.param([[3, 3], [1]], id="no variation among what is paired"),
    ],
)
@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_alpha_is_none_where_it_is_not_defined(units, metric):
    assert alpha(units, metric) is None


def test_an_unknown_metric_is_refused():
    for units in ([], [[1, 2]]):
        with pytest.raises(ValueError, match="'ratio' is not nominal, ordinal or interval"):
            alpha(units, "ratio")


@pytest.mark.parametrize("metric", ["ordinal", "interval"])
def test_words_are_compared_as_nominal_only(metric):
    with pytest.raises(ValueError, match="words have no order"):
        alpha([["1", "2"]], metric)


@pytest.mark.parametrize(
    ("units", "share"),
    [
        ([], None),
        ([[1], [None, 2], []], None),
        ([[1, 1]], Fraction(1)),
        ([[1, 2]], Fraction(0)),
        ([[1, 1, 2]], Fraction(1, 3)),
        ([[1, 1, 2, 2]], Fraction(2, 6)),
        ([[3, None, 3], [2, 1], [4]], Fraction(1, 2)),
        ([[1, 1, 1], [1, 2]], Fraction(3, 4)),
        ([["yes", "yes"], ["no", "yes"], ["no", "no"]], Fraction(2, 3)),
    ],
)
def test_percent_is_the_share_of_pairs_that_agree(units, share):
    assert percent(units) == share


def test_units_are_read_once():
    assert alpha(iter(FOUR_WITH_GAPS)) == alpha(FOUR_WITH_GAPS)
    assert percent(iter(FOUR_WITH_GAPS)) == percent(FOUR_WITH_GAPS)


# What always holds -------------------------------------------------------------------------------

METRICS = st.sampled_from(["nominal", "ordinal", "interval"])
answers = st.one_of(st.integers(0, 4), st.none())
reviewed = st.lists(st.lists(answers, min_size=0, max_size=4), max_size=8)


def by_its_definition(units: list[list[int | None]], metric: str) -> float | None:
    """Alpha as its author defines it: coincidences, then differences of every pair of values."""
    coincidences: dict[tuple[int, int], Fraction] = {}
    for unit in units:
        judged = [value for value in unit if value is not None]
        for pair in permutations(judged, 2):
            weight = Fraction(1, len(judged) - 1)
            coincidences[pair] = coincidences.get(pair, Fraction(0)) + weight
    values = sorted({value for pair in coincidences for value in pair})
    number = {
        value: sum(n for pair, n in coincidences.items() if pair[0] == value) for value in values
    }
    total = sum(number.values())

    def difference(one: int, other: int) -> Fraction:
        if metric == "nominal":
            return Fraction(one != other)
        if metric == "interval":
            return Fraction((one - other) ** 2)
        low, high = sorted((one, other))
        between = sum(number[value] for value in values if low <= value <= high)
        return (between - Fraction(number[low] + number[high], 2)) ** 2

    observed = sum(n * difference(*pair) for pair, n in coincidences.items())
    expected = sum(
        number[one] * number[other] * difference(one, other) for one in values for other in values
    )
    return float(1 - (total - 1) * observed / expected) if expected else None


@given(units=reviewed, metric=METRICS)
def test_alpha_is_what_its_definition_says(units, metric):
    assert alpha(units, metric) == by_its_definition(units, metric)


@given(units=reviewed)
def test_percent_is_what_its_definition_says(units):
    pairs = [
        pair
        for unit in units
        for pair in combinations([value for value in unit if value is not None], 2)
    ]
    share = Fraction(sum(one == other for one, other in pairs), len(pairs)) if pairs else None
    assert percent(units) == share


@given(units=reviewed, metric=METRICS, data=st.data())
def test_neither_the_order_of_raters_nor_of_units_matters(units, metric, data):
    other = data.draw(st.permutations([data.draw(st.permutations(unit)) for unit in units]))
    assert alpha(other, metric) == alpha(units, metric)
    assert percent(other) == percent(units)


@given(units=reviewed, metric=METRICS, alone=st.integers(0, 4))
def test_what_cannot_be_paired_changes_nothing(units, metric, alone):
    more = [[alone], *([*unit, None] for unit in units), [None]]
    assert alpha(more, metric) == alpha(units, metric)
    assert percent(more) == percent(units)


@given(
    values=st.lists(st.integers(0, 4), min_size=2, max_size=8).filter(lambda v: len(set(v)) > 1),
    raters=st.integers(2, 4),
    metric=METRICS,
)
def test_perfect_agreement_is_one(values, raters, metric):
    units = [[value] * raters for value in values]
    assert alpha(units, metric) == 1
    assert percent(units) == 1


@given(units=reviewed, metric=METRICS)
def test_alpha_is_one_exactly_where_all_pairs_agree(units, metric):
    found = alpha(units, metric)
    if found is None:
        return
    assert found <= 1
    assert (found == 1) == (percent(units) == 1)


@given(units=reviewed)
def test_each_metric_sees_only_what_it_should(units):
    def moved(by: dict[int, object]) -> list[list[object]]:
        return [[None if value is None else by[value] for value in unit] for unit in units]

    names = moved({0: "d", 1: "a", 2: "e", 3: "b", 4: "c"})
    stretched = moved({0: -7, 1: 0, 2: 1, 3: 10, 4: 1000})
    scaled = moved({value: Fraction(3 * value - 1, 7) for value in range(5)})
    assert alpha(names, "nominal") == alpha(units, "nominal")
    assert alpha(stretched, "ordinal") == alpha(units, "ordinal")
    assert alpha(scaled, "interval") == alpha(units, "interval")


def test_decimals_are_taken_as_they_are():
    assert alpha([[0.5, 0.5], [0.25, 1.0]]) == alpha([[2, 2], [1, 4]])
    far, near = 1e9 + 0.1, 1e9 + 0.2  # squares of these lose their difference as floats
    assert alpha([[far, far], [near, near], [far, near]]) == alpha([[0, 0], [1, 1], [0, 1]])
