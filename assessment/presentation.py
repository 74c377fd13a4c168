"""How a self-assessment looks and reads: the radar plot as geometry, levels and changes as words.

Nothing here asks the database. Coordinates are text without the comma of any language, ready
for the attributes of an SVG.
"""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessment.models import TOP_LEVEL
from assessment.scoring import Spread

LEVEL_NAMES = (
    gettext_lazy("not yet"),
    gettext_lazy("ad hoc"),
    gettext_lazy("repeatable"),
    gettext_lazy("institutional"),
    gettext_lazy("learning and leading"),
)

#: Of the plot: how long an axis is, how far from its end its name stands, the height of a line.
RADIUS = 104
GAP = 13
LINE = 17
#: How wide a letter is at the size of the names, at most; ideographs are square.
LETTER = 8.2
IDEOGRAPH = 15.0
LETTERS_PER_LINE = 14
IDEOGRAPHS_PER_LINE = 6


def level_name(level: int) -> str:
    return str(LEVEL_NAMES[level])


# --- The radar ---------------------------------------------------------------------------------


def plain(value: float) -> str:
    """A coordinate with one decimal at most; never a minus before zero."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def direction(axis: int, of: int) -> tuple[float, float]:
    """The unit vector of an axis: the first points up, the others follow clockwise."""
    angle = 2 * math.pi * axis / of
    return math.sin(angle), -math.cos(angle)


def point(axis: int, of: int, level: float) -> tuple[float, float]:
    """Where a level lies on an axis; the centre is level 0."""
    across, down = direction(axis, of)
    length = RADIUS * level / TOP_LEVEL
    return across * length, down * length


def polygon(levels: Sequence[float]) -> str:
    """The corners of a shape, one on each axis, as ``points`` wants them."""
    corners = (point(axis, len(levels), level) for axis, level in enumerate(levels))
    return " ".join(f"{plain(x)},{plain(y)}" for x, y in corners)


def wrapped(name: str) -> list[str]:
    """A name in lines short enough to stand beside the plot; words are never broken."""
    if any(unicodedata.east_asian_width(char) in "WF" for char in name):
        step = IDEOGRAPHS_PER_LINE
        return [name[start : start + step] for start in range(0, len(name), step)]
    return textwrap.wrap(name, LETTERS_PER_LINE, break_long_words=False, break_on_hyphens=False)


def width(text: str) -> float:
    """How wide a line may become."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return wide * IDEOGRAPH + (len(text) - wide) * LETTER


@dataclass(frozen=True, slots=True)
class Label:
    """The name of an axis: where its lines stand and on which side of that point."""

    x: str
    anchor: str
    lines: tuple[tuple[str, str], ...]


def label_of(name: str, axis: int, of: int) -> tuple[Label, float]:
    """The name of an axis beside its end, and how far it reaches from the middle."""
    across, down = direction(axis, of)
    lines = wrapped(name) or [""]
    widest = max(width(line) for line in lines)
    x, y = across * (RADIUS + GAP), down * (RADIUS + GAP)
    if abs(across) < 0.2:
        anchor, reach = "middle", widest / 2
        first = y + 12 if down > 0 else y - (len(lines) - 1) * LINE
    else:
        anchor, reach = ("start" if across > 0 else "end"), abs(x) + widest
        first = y + 5 - (len(lines) - 1) * LINE / 2
    placed = tuple((plain(first + row * LINE), line) for row, line in enumerate(lines))
    return Label(plain(x), anchor, placed), reach


@dataclass(frozen=True, slots=True)
class Radar:
    """Everything the template of the plot prints."""

    view_box: str
    rings: tuple[str, ...]
    axes: tuple[tuple[str, str], ...]
    now: str
    before: str
    dots: tuple[tuple[str, str], ...]
    labels: tuple[Label, ...]
    scale: tuple[tuple[str, int], ...]
    spoken: str


def radar(
    names: Sequence[str],
    now: Sequence[int],
    before: Sequence[int | None] | None = None,
    *,
    named: bool = True,
) -> Radar | None:
    """The plot of levels on three axes or more; fewer make no shape. The time before is drawn
    only if it knows every axis. Not ``named``: a small one without names or scale."""
    of = len(names)
    if of < 3 or len(now) != of:
        return None
    known = [level for level in before or () if level is not None]
    placed = [label_of(name, axis, of) for axis, name in enumerate(names)] if named else []
    half = max([RADIUS, *(reach for _label, reach in placed)]) + 4
    most = max((len(label.lines) for label, _reach in placed), default=0)
    high = RADIUS + 5 + (GAP + LINE * most if named else 0)
    low = RADIUS + 5 + (GAP + 12 + LINE * (most - 1) if named else 0)
    return Radar(
        view_box=" ".join(plain(part) for part in (-half, -high, 2 * half, high + low)),
        rings=tuple(polygon([level] * of) for level in range(1, TOP_LEVEL + 1)),
        axes=tuple(_text(point(axis, of, TOP_LEVEL)) for axis in range(of)),
        now=polygon(now),
        before=polygon(known) if len(known) == of else "",
        dots=tuple(_text(point(axis, of, level)) for axis, level in enumerate(now)),
        labels=tuple(label for label, _reach in placed),
        scale=tuple((plain(point(0, of, level)[1] + 4), level) for level in range(1, TOP_LEVEL + 1))
        if named
        else (),
        spoken=spoken(names, now),
    )


def _text(where: tuple[float, float]) -> tuple[str, str]:
    return plain(where[0]), plain(where[1])


def spoken(names: Sequence[str], now: Sequence[int]) -> str:
    """The plot in one sentence, for who does not see it."""
    listed = ", ".join(
        f"{name} {number_format(level)}" for name, level in zip(names, now, strict=True)
    )
    return _("Levels from 0 to %(top)s: %(levels)s.") % {"top": TOP_LEVEL, "levels": listed}


# --- The benchmark -----------------------------------------------------------------------------

STEP = 22
EDGE = 6


@dataclass(frozen=True, slots=True)
class SpreadPlot:
    """Where hubs lie in one dimension, and where this one does, on a line from 0 to 4."""

    ticks: tuple[str, ...]
    x: str
    width: str
    middle: str
    own: str
    figures: str
    spoken: str


def spread_plot(spread: Spread, own: int) -> SpreadPlot:
    def at(level: float) -> float:
        return EDGE + STEP * level

    return SpreadPlot(
        ticks=tuple(plain(at(level)) for level in range(TOP_LEVEL + 1)),
        x=plain(at(spread.low) - 1),
        width=plain(STEP * (spread.high - spread.low) + 2),
        middle=plain(at(spread.middle)),
        own=plain(at(own)),
        figures="–".join(dict.fromkeys((short(spread.low), short(spread.high)))),
        spoken=in_the_middle(spread),
    )


def in_the_middle(spread: Spread) -> str:
    """The quartiles as a sentence."""
    if spread.low == spread.high:
        return _("Half of the %(hubs)s hubs or more are at %(level)s.") % {
            "hubs": number_format(spread.hubs),
            "level": short(spread.low),
        }
    return _(
        "Half of the %(hubs)s hubs lie between %(low)s and %(high)s, the middle at %(mid)s."
    ) % {
        "hubs": number_format(spread.hubs),
        "low": short(spread.low),
        "high": short(spread.high),
        "mid": short(spread.middle),
    }


def short(value: float) -> str:
    """A quartile without needless zeros, as the language writes it."""
    places = 0 if value == int(value) else 2 if value * 2 != int(value * 2) else 1
    return str(number_format(value, places))


# --- Changes -----------------------------------------------------------------------------------


def change_in_words(before: int | None, now: int) -> str:
    """How a level compares with the time before."""
    if before is None:
        return _("Not assessed before")
    by = now - before
    if by > 0:
        return ngettext("%(n)s level higher", "%(n)s levels higher", by) % {"n": by}
    if by < 0:
        return ngettext("%(n)s level lower", "%(n)s levels lower", -by) % {"n": -by}
    return _("The same")


def finding(names: Sequence[str], now: Sequence[int], before: Sequence[int | None]) -> str:
    """The result in one sentence, to stand above the plot."""
    pairs = [(was, level) for was, level in zip(before, now, strict=True) if was is not None]
    if pairs:
        return _compared(pairs)
    best, least = max(now, default=0), min(now, default=0)
    if best == least:
        return _("All dimensions are at level %(level)s, %(name)s.") % {
            "level": best,
            "name": level_name(best),
        }
    return _("Highest: %(highest)s. Lowest: %(lowest)s.") % {
        "highest": ", ".join(n for n, level in zip(names, now, strict=True) if level == best),
        "lowest": ", ".join(n for n, level in zip(names, now, strict=True) if level == least),
    }


def _compared(pairs: Sequence[tuple[int, int]]) -> str:
    up = sum(now > was for was, now in pairs)
    down = sum(now < was for was, now in pairs)
    numbers = {"up": up, "down": down, "of": len(pairs)}
    if up and down:
        return (
            _("Higher than last time in %(up)s of %(of)s dimensions, lower in %(down)s.") % numbers
        )
    if up:
        return _("Higher than last time in %(up)s of %(of)s dimensions.") % numbers
    if down:
        return _("Lower than last time in %(down)s of %(of)s dimensions.") % numbers
    return _("No dimension has changed its level since last time.")


def days_of_work(days: int) -> str:
    """What a step costs, as a guess."""
    return ngettext(
        "About %(n)s day of one person’s work.", "About %(n)s days of one person’s work.", days
    ) % {"n": number_format(days)}


def what_it_raises(name: str, level: int, missing: int) -> str:
    """What a step does for its dimension, given how many statements miss for that level."""
    words: Mapping[str, object] = {"dimension": name, "level": level, "n": missing}
    if missing <= 1:
        return _("Raises “%(dimension)s” to level %(level)s.") % words
    return _("One of %(n)s still missing for level %(level)s of “%(dimension)s”.") % words
