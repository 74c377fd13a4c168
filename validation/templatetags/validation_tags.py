"""Labels, seals and scorecards, for pages of the validation and, as tags, for those of the
catalogue, which may not import what stands above it.

Pages of a solution   validation_card, validation_scorecard, validation_linked_data
Lists of solutions    scored_cards
Records               record_mark, check_mark, score_seal, score_meter, score_strip, points
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.around import may_have
from catalogue.choices import Level
from catalogue.linked_data import as_script
from core.templatetags.components import LEVELS, icon, level, strip
from validation import choices as c
from validation.models import Record
from validation.presentation import (
    SPOKES,
    TOP_SCORE,
    Item,
    Row,
    Shown,
    binding_scores,
    pointer,
    with_document,
)

if TYPE_CHECKING:
    from catalogue.cards import Card
    from catalogue.models import Solution, Version

register = template.Library()

#: Marks a solution bears while its scores say something about it today.
SCORED = {Level.VALIDATED, Level.PROMISING, Level.ADOPTED}
#: Records that ended in another way than running out: word and class of the mark.
ENDED = {
    c.RecordState.REVOKED: (gettext_lazy("Revoked"), "revoked"),
    c.RecordState.SUPERSEDED: (gettext_lazy("Replaced"), "withdrawn"),
}


def _drawn(parts: Iterable[str]) -> SafeString:
    """Drawing instructions made here from numbers and constants only."""
    return mark_safe("".join(parts))  # noqa: S308


def _plain(value: float) -> str:
    """A coordinate without needless zeros, whatever the language writes for a comma."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


# --- Marks ----------------------------------------------------------------------------------


@register.simple_tag
def record_mark(code: str, *, full: bool = False) -> SafeString:
    """The mark of a record: its label, or what ended it. ``code`` is ``Shown.level``."""
    if code in LEVELS:
        return level(code, full=full)
    word, cls = ENDED[c.RecordState(code)]
    spokes = (
        '<rect class="off" x="10.6" y="2" width="2.8" height="7" rx="1.2"'
        f' transform="rotate({turn} 12 12)"/>'
        for turn in range(0, 360, 60)
    )
    return format_html(
        '<span class="level level-{}"><svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">'
        '{}<path class="strike" d="M4 20 20 4"/></svg><span>{}</span></span>',
        cls,
        _drawn(spokes),
        word,
    )


#: The icons of what a check found, by the kind of its status.
CHECK_ICONS = {"open": "doc", "done": "check", "late": "warn", "miss": "stop", "none": "dash"}


@register.simple_tag
def check_mark(item: Item) -> SafeString:
    """What the panel found when it looked at an item of evidence: icon and word."""
    return format_html(
        '<span class="status st-{}">{}<span>{}</span></span>',
        item.kind,
        icon(CHECK_ICONS[item.kind]),
        item.check,
    )


@register.simple_tag
def score_meter(row: Row) -> SafeString:
    """One criterion on the scorecard: four boxes, filled to its score, and its own pass line."""
    boxes = "".join(f"M{39 * i + 0.5} 4.5h35v11h-35z" for i in range(TOP_SCORE))
    parts = []
    value = row.value or 0
    bars = [f"M{39 * i} 10h{_plain(36 * min(value - i, 1))}" for i in range(TOP_SCORE) if value > i]
    if bars:
        cls = "low" if row.minimum is not None and value < row.minimum else "s"
        parts.append(f'<path class="{cls}" d="{"".join(bars)}"/>')
    parts.append(f'<path class="box" d="{boxes}"/>')
    if row.minimum:
        parts.append(f'<path class="pass" d="M{39 * row.minimum - 1.5} 0v20"/>')
    return format_html(
        '<svg class="meter flip{}" width="153" height="20" viewBox="0 0 153 20" role="img"'
        ' aria-label="{}">{}</svg>',
        "" if row.is_judged else " unjudged",
        _spoken_score(row),
        _drawn(parts),
    )


def _spoken_score(row: Row) -> str:
    if not row.is_judged:
        return _("Not judged")
    words = {"score": row.number, "top": TOP_SCORE, "minimum": row.minimum}
    if row.minimum is None:
        return _("%(score)s of %(top)s") % words
    return _("%(score)s of %(top)s, minimum %(minimum)s") % words


HUB, UNIT = 9, 9
FAR = HUB + UNIT * TOP_SCORE


@register.simple_tag
def score_seal(rows: Sequence[Row]) -> SafeString:
    """The mark at full size: a spoke per binding criterion, as long as its score; the ring is
    the minimum. Drawn for five to eight criteria; for others the scorecard speaks alone.
    """
    rows = [row for row in rows if row.minimum is not None]
    if len(rows) not in SPOKES:
        return SafeString("")
    minimums = {row.minimum for row in rows}
    spokes, labels = [], []
    for place, row in enumerate(rows):
        turn = 360 / len(rows) * place
        minimum, value = row.minimum or 0, row.value or 0
        length = UNIT * value
        low = " low" if value < minimum else ""
        spokes.append(
            f'<g transform="rotate({_plain(turn)})">'
            f'<rect class="t" x="-4.5" y="-{FAR}" width="9" height="{FAR - HUB}"/>'
            f'<rect class="s{low}" x="-4.5" y="-{_plain(HUB + length)}" width="9"'
            f' height="{_plain(length)}"/>'
            # A set may ask more of one criterion than of another: then each has its own line.
            + (f'<path class="pass" d="M-8-{HUB + UNIT * minimum}h16"/>' * (len(minimums) > 1))
            + "</g>"
        )
        labels.append(_spoke_label(row.short_name, turn))
    ring = f'<circle class="pass" r="{HUB + UNIT * (min(m or 0 for m in minimums))}"/>'
    none = _("not judged")
    said = ", ".join(f"{row.short_name} {row.number or none}" for row in rows)
    return format_html(
        '<svg class="seal" width="304" height="165" viewBox="-118 -64 236 128" role="img"'
        ' aria-label="{}">{}{}{}</svg>',
        _("Seal: %(scores)s; each out of %(top)s") % {"scores": said, "top": TOP_SCORE},
        _drawn(spokes),
        _drawn([ring] if len(minimums) == 1 else []),
        mark_safe("".join(labels)),  # noqa: S308 (each is escaped)
    )


def _spoke_label(name: str, turn: float) -> SafeString:
    across, down = math.sin(math.radians(turn)), -math.cos(math.radians(turn))
    upright = abs(across) < 0.2
    return format_html(
        '<text x="{}" y="{}" text-anchor="{}">{}</text>',
        _plain(across * (FAR + 5)),
        _plain(down * (FAR + (8 if upright else 5)) + 3.5),
        "middle" if upright else ("start" if across > 0 else "end"),
        name,
    )


@register.simple_tag
def score_strip(criteria: Sequence[dict[str, Any]]) -> SafeString:
    """The strip of a record in a list, from the criteria of its document."""
    scores = binding_scores(criteria)
    return strip(scores) if scores else SafeString("")


@register.filter
def points(value: Any) -> str:
    """A sum as readers of this language write it."""
    found = float(value)
    return number_format(int(found) if found == int(found) else found)


# --- The label on the page of a solution ----------------------------------------------------


def latest(solution: Solution) -> Shown | None:
    """The newest record of a solution, whatever became of it. One query for all the tags of a
    page; none where it is known that there has never been a panel."""
    if not may_have(solution, "records"):
        return None
    if not hasattr(solution, "_latest_record"):
        records = with_document(Record.objects.filter(solution=solution))
        record = records.order_by("-issued_at", "-pk").first()
        solution._latest_record = Shown(record) if record else None  # type: ignore[attr-defined]
    return solution._latest_record  # type: ignore[attr-defined]


def _number_read(solution: Solution, version: Version | None) -> int | None:
    read = version or solution.public_version
    return read.number if read else None


@register.inclusion_tag("validation/_card.html", takes_context=True)
def validation_card(
    context: template.Context, solution: Solution, version: Version | None = None
) -> dict[str, Any]:
    """The box beside the title: the label with its dates and seal, or what stands instead.

    ``version`` is the one that is read, if it is not the public one. What no record says is
    taken from the page: ``level_means``.
    """
    shown = latest(solution)
    read = _number_read(solution, version)
    code = str(solution.level)
    if shown and code in SCORED and not shown.is_in_force:
        code = shown.level  # the sweep that says so everywhere has not run yet
    return {
        "solution": solution,
        "shown": shown,
        "level": code,
        "level_means": context.get("level_means", ""),
        "is_labelled": bool(shown and code in SCORED),
        "is_other": bool(shown and read and shown.version_number != read),
        "read": read,
    }


@register.inclusion_tag("validation/_scorecard_part.html")
def validation_scorecard(solution: Solution, version: Version | None = None) -> dict[str, Any]:
    """Scores and reasons as a part of the solution's page. Nothing without a label that is in
    force, suspended or expired."""
    shown = latest(solution)
    kept = {c.RecordState.IN_FORCE, c.RecordState.SUSPENDED, c.RecordState.EXPIRED}
    if shown is None or shown.state not in kept:
        return {"shown": None}
    read = _number_read(solution, version)
    is_other = shown.version_number != read
    if is_other:
        # The evidence on this page is numbered anew: lead to the list that was judged.
        shown = Shown(shown.record, evidence_base=shown.url)
    return {"shown": shown, "is_other": is_other, "read": read, "solution": solution}


@register.simple_tag
def validation_linked_data(solution: Solution, canonical: str) -> SafeString:
    """The label in the terms of schema.org, as a second block about the same work."""
    shown = latest(solution)
    data = pointer(shown, canonical) if shown else {}
    if not data:
        return SafeString("")
    return format_html('<script type="application/ld+json">{}</script>\n', as_script(data))


# --- The label in a list of solutions -------------------------------------------------------


@register.simple_tag
def scored_cards(cards: Iterable[Card]) -> list[Card]:
    """The same cards with the scores of their records: one query for the whole page, and none
    where nothing on it has a label."""
    listed = list(cards)
    numbers = {_number(card.ref) for card in listed if card.level in SCORED}
    if not numbers:
        return listed
    rows = Record.objects.filter(
        solution__number__in=numbers, state=c.RecordState.IN_FORCE
    ).values_list("solution__number", "document__criteria")
    scores = {number: binding_scores(criteria) for number, criteria in rows}
    return [
        replace(card, scores=scores.get(_number(card.ref)) or None)
        if card.level in SCORED
        else card
        for card in listed
    ]


def _number(reference: str) -> int:
    return int(reference.removeprefix("S-"))
