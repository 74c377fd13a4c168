"""Small pictures of figures, drawn as SVG by the server.

Only shapes are drawn here, in shares of a box: labels and numbers stand beside them as text of the
page, which grows, wraps and turns with the language. Every colour is a class of the style sheet,
and no picture says anything that its numbers do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

#: Units across one column of a row of columns, and its height.
STEP, HEIGHT = 10, 40


def _percent(value: float, whole: float) -> str:
    share = min(max(value / whole, 0), 1) * 100 if whole else 0
    return f"{share:.2f}".rstrip("0").rstrip(".")


def bar(value: float, most: float, *, chosen: bool = False) -> SafeString:
    """One figure as a bar; ``most`` is as long as the box."""
    return format_html(
        '<svg class="flip" aria-hidden="true" focusable="false">'
        '<rect class="{}" width="{}%" height="100%"/></svg>',
        "is-chosen" if chosen else "is-bar",
        _percent(value, most),
    )


def pair(one: float, other: float, most: float) -> SafeString:
    """Two figures of one thing, the second hatched below the first."""
    return format_html(
        '<svg class="flip two" aria-hidden="true" focusable="false">'
        '<rect class="is-bar" width="{}%" height="46%"/>'
        '<line class="is-hatched" x2="{}%" y1="77%" y2="77%"/></svg>',
        _percent(one, most),
        _percent(other, most),
    )


def parts(values: Sequence[float], whole: float) -> SafeString:
    """Parts of a whole, one after the other; the second is hatched, what is left stays empty."""
    drawn, done = [], 0.0
    for number, value in enumerate(values):
        drawn.append((number, _percent(done, whole), _percent(done + value, whole)))
        done += value
    return format_html(
        '<svg class="flip" aria-hidden="true" focusable="false">{}</svg>',
        format_html_join(
            "",
            '<line class="{}" x1="{}%" x2="{}%" y1="50%" y2="50%"/>',
            (
                ("is-hatched" if number % 2 else "is-part", start, end)
                for number, start, end in drawn
            ),
        ),
    )


def columns(values: Sequence[float], most: float) -> SafeString:
    """Figures in the order of time, one narrow column each; nought is a gap."""
    across = max(len(values), 1) * STEP
    shape = "".join(
        f"M{place * STEP + STEP // 2} {HEIGHT}v-{max(value / most * HEIGHT, 1):.1f}"
        for place, value in enumerate(values)
        if value > 0 and most > 0
    )
    return format_html(
        '<svg class="flip" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false"><path class="is-column" d="{}"/></svg>',
        across,
        HEIGHT,
        shape,
    )
