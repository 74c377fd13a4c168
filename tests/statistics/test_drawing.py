"""The small pictures, and circles on the map."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from xml.etree import ElementTree as ET

import pytest

from core import plots, worldmap


def parts_of(picture: str) -> list[dict[str, str]]:
    """The shapes of a picture, each by its attributes."""
    return [dict(shape.attrib) for shape in ET.fromstring(picture)]


@pytest.mark.parametrize(
    ("value", "most", "width"),
    [(5, 10, "50%"), (1, 3, "33.33%"), (0, 10, "0%"), (0, 0, "0%"), (12, 10, "100%")],
)
def test_a_bar_is_as_long_as_its_share_of_the_most(value: int, most: int, width: str):
    assert parts_of(plots.bar(value, most)) == [
        {"class": "is-bar", "width": width, "height": "100%"}
    ]


def test_a_pair_tells_its_halves_apart_by_shape_and_not_by_colour_alone():
    one, other = parts_of(plots.pair(3, 6, 6))

    assert (one["class"], one["width"]) == ("is-bar", "50%")
    assert (other["class"], other["x2"]) == ("is-hatched", "100%")


def test_parts_follow_each_other_and_what_is_open_stays_empty():
    one, other = parts_of(plots.parts((60, 25), 100))

    assert (one["x1"], one["x2"], one["class"]) == ("0%", "60%", "is-part")
    assert (other["x1"], other["x2"], other["class"]) == ("60%", "85%", "is-hatched")


def test_columns_stand_in_the_order_of_time_and_nought_is_a_gap():
    drawing = ET.fromstring(plots.columns([4, 0, 1], 4))

    assert drawing.attrib["viewBox"] == "0 0 30 40"
    assert [shape.attrib["d"] for shape in drawing] == ["M5 40v-40.0M25 40v-10.0"]


def test_nothing_to_draw_is_still_a_picture():
    assert [shape.attrib["d"] for shape in ET.fromstring(plots.columns([], 0))] == [""]


def test_the_area_of_a_circle_stands_for_its_figure():
    assert worldmap.radius_of(100, 100) == worldmap.LARGEST
    assert worldmap.radius_of(25, 100) == worldmap.LARGEST / 2
    assert worldmap.radius_of(1, 10_000) == worldmap.SMALLEST


def test_circles_stay_where_they_belong_the_largest_first():
    found = worldmap.circles(
        [("Small", 1, "/s", 15.2, -0.8), ("None", 0, "/n", 0, 0), ("Large", 9, "/l", 15.2, -0.8)],
        named=1,
    )

    assert [(one.label, one.value, one.url) for one in found] == [
        ("Large", 9, "/l"),
        ("Small", 1, "/s"),
    ]
    assert {(one.x, one.y) for one in found} == {worldmap.project(15.2, -0.8)}
    assert [bool(one.name_at) for one in found] == [True, False]


def test_names_of_circles_do_not_cover_each_other():
    found = worldmap.circles(
        [(f"Land {n}", 50 - n, "", 10 + n / 4, n / 4) for n in range(40)], named=12
    )

    named = sorted(one.name_at[1] for one in found if one.name_at)
    assert named
    assert not any(one.name_at for one in found[12:])
    for one, other in pairwise(found[:12]):
        if one.name_at and other.name_at:
            assert one.name_at != other.name_at


def test_the_middle_of_places_on_both_sides_of_the_date_line_lies_between_them():
    lon, lat = worldmap.middle([(179, 10), (-177, 10)])

    assert hypot((lon % 360) - 181, lat - 10) < 0.1


@pytest.mark.parametrize(("most", "figures"), [(0, []), (1, [1]), (3, [3, 1]), (22, [22, 6, 1])])
def test_the_key_names_figures_that_can_be_read_off(most: int, figures: list[int]):
    scale = worldmap.scale_of(most)

    assert [value for value, _radius in scale] == figures
    assert [radius for _value, radius in scale] == [
        worldmap.radius_of(value, most) for value in figures
    ]
