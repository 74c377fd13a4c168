"""Where a place lies on the world map, how dots on it keep clear of each other, and how large
circles for figures are.

The map is Equal Earth centred on 11° east, 1600 by 734 units, without Antarctica.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt
from pathlib import Path

WIDTH, HEIGHT = 1600, 734
LAND_FILE = Path(__file__).parent / "data" / "world-land.svg"
LETTER = 10.5
"""Mean advance of a letter of the map's labels, in map units."""
LARGEST, SMALLEST = 40.0, 5.0
"""Radius of the circle of the largest figure, and the least one that is still seen."""


@dataclass
class Dot:
    """One dot: where it is drawn, what it links to, where its name stands."""

    label: str
    url: str
    x: float
    y: float
    count: int = 1
    pilot: bool = False
    spoken: str = ""
    name_at: tuple[int, int, str] | None = field(default=None, compare=False)

    @property
    def radius(self) -> int:
        """Larger with a number inside, smaller for a pilot alone."""
        if self.count > 1:
            return 26
        return 15 if self.count else 11


@dataclass
class Circle:
    """One figure on the map: the area of its circle stands for it."""

    label: str
    value: int
    url: str
    x: float
    y: float
    radius: float
    name_at: tuple[int, int, str] | None = field(default=None, compare=False)


def project(lon: float, lat: float) -> tuple[int, int]:
    """Longitude and latitude in degrees to the map's coordinates."""
    along = radians((lon - 11 + 180) % 360 - 180)
    p = asin(sqrt(3) / 2 * sin(radians(lat)))
    q = p * p
    s = q**3
    x = along * cos(p) / (sqrt(3) / 2 * (1.340264 - 0.243318 * q + s * (0.006251 + 0.034164 * q)))
    y = p * (1.340264 - 0.081106 * q + s * (0.000893 + 0.003796 * q))
    return round(305.8365 * x + 782.2882), round(403.467 - 305.8365 * y)


@cache
def land() -> str:
    """The outline of all land as one path."""
    found = re.search(r' d="([^"]+)"', LAND_FILE.read_text(encoding="ascii"))
    if found is None:
        raise ValueError(f"No path in {LAND_FILE}")
    return found.group(1)


def middle(points: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Longitude and latitude in the middle of these, wherever the map is cut."""
    x = y = z = 0.0
    for lon, lat in points:
        along, up = radians(lon), radians(lat)
        x, y, z = x + cos(up) * cos(along), y + cos(up) * sin(along), z + sin(up)
    return degrees(atan2(y, x)), degrees(atan2(z, hypot(x, y)))


def radius_of(value: int, most: int) -> float:
    """The radius of a figure's circle where ``most`` is the largest figure."""
    return round(max(SMALLEST, LARGEST * sqrt(value / most)), 1) if most else SMALLEST


def circles(
    places: Iterable[tuple[str, int, str, float, float]], *, named: int = 0
) -> list[Circle]:
    """A circle for each place, given as name, figure, address, longitude and latitude.

    They stay where they belong: the largest comes first, so that none is hidden by another
    drawn later. As many as ``named`` of the largest bear their names, where there is room.
    """
    given = sorted((place for place in places if place[1] > 0), key=lambda one: (-one[1], one[0]))
    most = given[0][1] if given else 0
    drawn = [
        Circle(label, value, url, x, y, radius_of(value, most))
        for label, value, url, lon, lat in given
        for x, y in [project(lon, lat)]
    ]
    _name(drawn, named)
    return drawn


def scale_of(most: int) -> list[tuple[int, float]]:
    """Figures for the key, largest first, with the radius of each."""
    if most < 1:
        return []
    chosen = dict.fromkeys([most, max(1, round(most / 4)), 1])
    return [(value, radius_of(value, most)) for value in chosen]


def arrange(dots: Iterable[Dot]) -> list[Dot]:
    """Add up dots of one name at one place, move the others apart, and find room for names."""
    merged: list[Dot] = []
    for dot in dots:
        same = next(
            (d for d in merged if d.label == dot.label and hypot(d.x - dot.x, d.y - dot.y) < 24),
            None,
        )
        if same:
            same.count += dot.count
            same.pilot = same.pilot or dot.pilot
        else:
            merged.append(dot)
    _spread(merged)
    _name(merged)
    return merged


def _spread(dots: list[Dot]) -> None:
    """Push covering dots apart, half each, until none covers another or patience ends."""
    sizes = [(dot, dot.radius) for dot in dots]
    for _round in range(40):
        moved = False
        for i, (one, size) in enumerate(sizes):
            for other, other_size in sizes[i + 1 :]:
                reach = size + other_size + 3
                dx, dy = other.x - one.x, other.y - one.y
                if not (-reach < dx < reach and -reach < dy < reach):
                    continue
                apart = hypot(dx, dy)
                missing = reach - apart
                if missing <= 0:
                    continue
                if apart < 0.5:
                    dx, dy, apart = 1.0, 0.6, hypot(1.0, 0.6)
                push = missing / 2 / apart
                one.x, one.y = one.x - dx * push, one.y - dy * push
                other.x, other.y = other.x + dx * push, other.y + dy * push
                moved = True
        if not moved:
            break
    for dot in dots:
        dot.x = round(min(max(dot.x, dot.radius), WIDTH - dot.radius))
        dot.y = round(min(max(dot.y, dot.radius), HEIGHT - dot.radius))


Box = tuple[float, float, float, float]


def _name(dots: Sequence[Dot | Circle], most: int | None = None) -> None:
    """Place each name, or those of the first ``most``, beside, below or above its dot, where
    nothing else is; else leave it out.

    A name left out is still the accessible name of the link and stands in the list below the map.
    """
    taken: list[Box] = [
        (d.x - d.radius, d.y - d.radius, d.x + d.radius, d.y + d.radius) for d in dots[:most]
    ]
    for own, dot in enumerate(dots[:most]):
        wide, gap = LETTER * len(dot.label), dot.radius + 8
        places = [
            (dot.x + gap, dot.y + 7, "start"),
            (dot.x - gap, dot.y + 7, "end"),
            (dot.x, dot.y + gap + 14, "middle"),
            (dot.x, dot.y - gap, "middle"),
        ]
        for x, y, anchor in places:
            left = x - {"start": 0, "end": wide, "middle": wide / 2}[anchor]
            box = (left, y - 17, left + wide, y + 5)
            inside = box[0] >= 0 and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT
            if inside and not any(
                _overlap(box, other) for i, other in enumerate(taken) if i != own
            ):
                dot.name_at = (round(x), round(y), anchor)
                taken.append(box)
                break


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
