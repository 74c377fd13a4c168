"""The plot as geometry, and levels and changes in words."""

from __future__ import annotations

import math

import pytest
from django.utils import translation

from assessment.presentation import (
    RADIUS,
    change_in_words,
    finding,
    in_the_middle,
    label_of,
    point,
    polygon,
    radar,
    spread_plot,
    what_it_raises,
    wrapped,
)
from assessment.scoring import Spread

SIX = ["Identify", "Package", "Partner", "Results", "Structure", "Financing"]


def corners(points: str) -> list[tuple[float, float]]:
    return [tuple(float(part) for part in pair.split(",")) for pair in points.split()]


@pytest.mark.parametrize("of", [3, 6, 8])
def test_a_level_lies_on_its_axis_at_its_share_of_the_length(of: int) -> None:
    for axis in range(of):
        for level in range(5):
            x, y = point(axis, of, level)
            assert math.hypot(x, y) == pytest.approx(RADIUS * level / 4)
            if level:
                turned = math.degrees(math.atan2(x, -y)) % 360
                assert turned == pytest.approx(360 / of * axis, abs=1e-6)


def test_a_shape_has_one_corner_for_each_axis_in_their_order() -> None:
    levels = [0, 1, 2, 3, 4, 2]
    found = corners(polygon(levels))
    assert found == [
        pytest.approx(point(axis, 6, level), abs=0.06) for axis, level in enumerate(levels)
    ]
    assert "-0 " not in polygon([0] * 6).replace(",", " ") + " "


def test_names_stand_outside_the_plot_on_the_side_of_their_axis() -> None:
    anchors = [label_of(name, axis, 6)[0].anchor for axis, name in enumerate(SIX)]
    assert anchors == ["middle", "start", "start", "middle", "end", "end"]
    for axis, name in enumerate(SIX):
        label, _reach = label_of(name, axis, 6)
        assert math.hypot(float(label.x), 0) <= RADIUS + 13.1
        assert (float(label.x) > 0) == (label.anchor == "start") or label.anchor == "middle"


def test_no_line_of_a_name_reaches_beyond_the_picture() -> None:
    names = [
        "Institutional structure and culture",
        "Partnerschaften",
        "国家发展解决方案验证",
        *SIX[3:],
    ]
    drawn = radar(names, [1] * 6)
    assert drawn is not None
    left, top, wide, high = (float(part) for part in drawn.view_box.split())
    for label in drawn.labels:
        for y, line in label.lines:
            assert top < float(y) - 12
            assert float(y) < top + high
            if label.anchor == "start":
                assert float(label.x) + 7 * len(line) < left + wide


def test_names_break_between_words_and_never_inside_one() -> None:
    assert wrapped("Institutional structure and culture") == [
        "Institutional",
        "structure and",
        "culture",
    ]
    assert wrapped("Zusammenarbeitsvereinbarung") == ["Zusammenarbeitsvereinbarung"]
    assert wrapped("验证和推广发展方案") == ["验证和推广发", "展方案"]


def test_the_plot_says_all_levels_in_one_sentence() -> None:
    drawn = radar(SIX, [0, 1, 2, 3, 4, 2], [0, 1, 1, 3, 4, 1])
    assert drawn is not None
    assert drawn.spoken == (
        "Levels from 0 to 4: Identify 0, Package 1, Partner 2, Results 3, Structure 4, Financing 2."
    )
    assert drawn.before == polygon([0, 1, 1, 3, 4, 1])


def test_the_time_before_is_not_drawn_when_it_lacks_an_axis() -> None:
    drawn = radar(SIX, [1] * 6, [1, 1, 1, 1, 1, None])
    assert drawn is not None
    assert drawn.before == ""


def test_two_axes_make_no_plot() -> None:
    assert radar(["A", "B"], [1, 2]) is None


def test_coordinates_have_no_comma_of_another_language() -> None:
    with translation.override("fr"):
        french = radar(SIX, [1, 2, 3, 4, 3, 2])
    english = radar(SIX, [1, 2, 3, 4, 3, 2])
    assert french is not None
    assert english is not None
    assert french.now == english.now
    assert len(corners(french.now)) == 6


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (None, 2, "Not assessed before"),
        (2, 2, "The same"),
        (1, 2, "1 level higher"),
        (0, 3, "3 levels higher"),
        (2, 1, "1 level lower"),
        (4, 0, "4 levels lower"),
    ],
)
def test_a_change_is_said_in_words(before: int | None, now: int, words: str) -> None:
    assert change_in_words(before, now) == words


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        ([1, 1, 1], [None] * 3, "All dimensions are at level 1, ad hoc."),
        ([0, 2, 2], [None] * 3, "Highest: B, C. Lowest: A."),
        ([1, 2, 2], [1, 2, 2], "No dimension has changed its level since last time."),
        ([2, 2, 2], [1, 1, 2], "Higher than last time in 2 of 3 dimensions."),
        ([0, 2, 2], [1, 2, 2], "Lower than last time in 1 of 3 dimensions."),
        ([0, 3, 2], [1, 2, 2], "Higher than last time in 1 of 3 dimensions, lower in 1."),
        ([1, 2, 2], [None, 1, 2], "Higher than last time in 1 of 2 dimensions."),
    ],
)
def test_the_finding_says_what_changed(
    now: list[int], before: list[int | None], words: str
) -> None:
    assert finding(["A", "B", "C"], now, before) == words


def test_the_spread_is_a_box_between_the_quartiles() -> None:
    drawn = spread_plot(Spread(1, 2, 2.5, 7), 3)
    assert (drawn.x, drawn.width, drawn.middle, drawn.own) == ("27", "35", "50", "72")
    assert drawn.figures == "1–2.5"
    assert drawn.spoken == "Half of the 7 hubs lie between 1 and 2.5, the middle at 2."
    assert in_the_middle(Spread(1, 1, 1, 5)) == "Half of the 5 hubs or more are at 1."


def test_a_step_says_whether_it_alone_raises_the_level() -> None:
    assert what_it_raises("Partnerships", 2, 1) == "Raises “Partnerships” to level 2."
    assert what_it_raises("Partnerships", 2, 3) == (
        "One of 3 still missing for level 2 of “Partnerships”."
    )
