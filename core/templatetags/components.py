"""Components: the repeated parts of every page, each with a declared signature.

Registered as template builtins, so no ``{% load %}`` is needed. A misspelt argument, an unknown
icon or an unknown label fails at once instead of printing nothing. "Row" below means any object
or dictionary with the attributes named; lists of pairs may be lists of tuples.

Marks      icon, mark, level, strip, seal, meter, status, eg
Records    record, records, crumbs, tabs, pager, chips, sheet, bar
Facets     facet_groups, facet_group, place_group, tick_boxes
Text       note, nothing, facts, figures, when, localized, comma
Forms      error_summary, steps, progress
Work       todo, rail, world_map
Addresses  query_string, language_links
"""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

from core import worldmap
from core.icons import ICONS
from core.plaintext import comma

register = template.Library()
#: ``{% comma %}`` between two parts of a line.
register.simple_tag(comma)

TOP_SCORE = 4
PASS_SCORE = 2

CRITERIA = (
    gettext_lazy("Relevance"),
    gettext_lazy("Results"),
    gettext_lazy("Verifiability"),
    gettext_lazy("Transferability"),
    gettext_lazy("Sustainability"),
    gettext_lazy("Inclusion"),
)
"""Short names of the six binding criteria of Common Solution Criteria 1.0, in their order."""

#            word, the same word in full, spokes filled, ring, struck out
LEVELS: dict[str, tuple[Any, Any, int, bool, bool]] = {
    "documented": (
        gettext_lazy("Documented"),
        gettext_lazy("Documented, not validated"),
        0,
        False,
        False,
    ),
    "in_review": (gettext_lazy("In review"), gettext_lazy("In review"), 3, False, False),
    "promising": (gettext_lazy("Promising"), gettext_lazy("Promising"), 0, False, False),
    "validated": (gettext_lazy("Validated"), gettext_lazy("Validated"), 6, False, False),
    "adopted": (
        gettext_lazy("Adopted elsewhere"),
        gettext_lazy("Validated and adopted elsewhere"),
        6,
        True,
        False,
    ),
    "expired": (gettext_lazy("Expired"), gettext_lazy("Validation expired"), 6, False, False),
    "suspended": (
        gettext_lazy("Suspended"),
        gettext_lazy("Validation suspended"),
        0,
        False,
        True,
    ),
    "withdrawn": (gettext_lazy("Withdrawn"), gettext_lazy("Withdrawn"), 0, False, True),
}

STATUS_ICONS = {"done": "check", "late": "clock", "open": "pct", "miss": "stop", "none": "dash"}

NOTE_ROLES = {"ok": "status", "info": "status", "wait": "status", "stop": "alert", "": ""}

CHECKED = SafeString(" checked")
CURRENT = SafeString(' aria-current="true"')

Score = float | int | None


def _part(row: Any, name: str, default: Any = None) -> Any:
    """One attribute of a row, whether the row is a dictionary or an object."""
    if isinstance(row, Mapping):
        return row.get(name, default)
    return getattr(row, name, default)


def _plain(value: float) -> str:
    """A coordinate without needless zeros, whatever the active language writes for a comma."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _svg(content: Iterable[str]) -> SafeString:
    """Join drawing instructions made here from numbers and constants only."""
    return mark_safe("".join(content))  # noqa: S308


# --- Marks -------------------------------------------------------------------------------------


@register.simple_tag
@cache
def icon(name: str, cls: str = "") -> SafeString:
    """One icon, hidden from assistive technology: ``{% icon "arrow" "flip" %}``.

    ``flip`` mirrors it on right-to-left pages; give it to arrows and replies, not to clocks.
    """
    return format_html(
        '<svg class="{}" viewBox="0 0 20 20" aria-hidden="true">{}</svg>',
        f"ico {cls}".strip(),
        _svg([ICONS[name]]),
    )


@register.simple_tag
@cache
def mark() -> SafeString:
    """The portal's own mark: six spokes."""
    spokes = (
        f'<rect x="10.1" y=".8" width="3.8" height="8.4" rx=".6" transform="rotate({turn} 12 12)"/>'
        for turn in range(0, 360, 60)
    )
    return _svg(
        ['<svg viewBox="0 0 24 24" aria-hidden="true" fill="currentColor">', *spokes, "</svg>"]
    )


def _glyph(filled: int, *, ring: bool, struck: bool) -> SafeString:
    top, height = ("3.6", "5.6") if ring else ("2", "7")
    spokes = (
        f'<rect class="{"on" if i < filled else "off"}" x="10.6" y="{top}" width="2.8"'
        f' height="{height}" rx="1.2" transform="rotate({60 * i} 12 12)"/>'
        for i in range(6)
    )
    extras = ['<circle class="ring" cx="12" cy="12" r="11"/>'] if ring else []
    if struck:
        extras.append('<path class="strike" d="M4 20 20 4"/>')
    return _svg(
        ['<svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">', *spokes, *extras, "</svg>"]
    )


@register.simple_tag
def level(code: str, *, full: bool = False) -> SafeString:
    """How far a solution has been checked: always a glyph and its word.

    ``{% level "documented" full=True %}`` prints the longer wording for a page of its own.
    """
    return _level(str(code), full, translation.get_language())


@cache
def _level(code: str, full: bool, language: str | None) -> SafeString:  # noqa: FBT001 (a key of the cache)
    word, in_full, filled, ring, struck = LEVELS[code]
    return format_html(
        '<span class="level level-{}">{}<span>{}</span></span>',
        code,
        _glyph(filled, ring=ring, struck=struck),
        in_full if full else word,
    )


def _scores(scores: Iterable[Any]) -> list[tuple[str, Score]]:
    """Pairs of criterion and score; bare numbers are taken as the binding criteria in order."""
    rows = list(scores)
    if rows and not isinstance(rows[0], (tuple, list)):
        rows = list(zip(CRITERIA, rows, strict=True))
    return [(str(name), value) for name, value in rows]


def _spoken(scores: Sequence[tuple[str, Score]]) -> str:
    """All scores in one sentence, for the label of a picture."""
    unscored = gettext("not scored")
    listed = ", ".join(
        f"{name} {unscored if value is None else number_format(value)}" for name, value in scores
    )
    return gettext("%(scores)s; each out of %(top)s") % {"scores": listed, "top": TOP_SCORE}


@register.simple_tag
def strip(scores: Iterable[Any]) -> SafeString:
    """Score strip for lists: one bar per criterion, a notch at the pass line, hatched below it.

    ``scores`` are numbers from 0 to 4, or None, in the order of the binding criteria; or pairs of
    criterion name and number.
    """
    return _strip(tuple(_scores(scores)), translation.get_language())


@lru_cache(maxsize=1024)
def _strip(pairs: Sequence[tuple[str, Score]], language: str | None) -> SafeString:
    base, unit = 29, 7
    passed: list[str] = []
    low: list[str] = []
    nil: list[str] = []
    for i, (_name, value) in enumerate(pairs):
        x = 10 + 12 * i
        if not value:
            nil.append(f"M{x} {base}v-1.5")
            continue
        bars = passed if value >= PASS_SCORE else low
        bars.append(f"M{x} {base}v-{_plain(unit * value)}")
    width = 12 * len(pairs) + 8
    line = base - unit * PASS_SCORE
    drawing = [
        *(
            f'<path class="{cls}" d="{"".join(bars)}"/>'
            for cls, bars in (("s", passed), ("low", low), ("nil", nil))
            if bars
        ),
        f'<path class="notch" d="M5 {line}H{width - 5}"/>',
        f'<path class="pass" d="M0 {line}h4M{width - 4} {line}h4"/>',
    ]
    return format_html(
        '<svg class="strip flip" width="{0}" height="30" viewBox="0 0 {0} 30" role="img"'
        ' aria-label="{1}">{2}</svg>',
        width,
        gettext("Scores: %(scores)s") % {"scores": _spoken(pairs)},
        _svg(drawing),
    )


@register.simple_tag
def seal(scores: Iterable[Any]) -> SafeString:
    """The mark at full size: spoke length is the score, the ring is the pass line.

    Drawn for five to eight criteria; any other number gives nothing, and the scorecard speaks.
    """
    pairs = _scores(scores)
    if not 5 <= len(pairs) <= 8:
        return mark_safe("")
    hub, unit = 9, 9
    far = hub + unit * TOP_SCORE
    spokes: list[str] = []
    labels: list[SafeString] = []
    for i, (name, value) in enumerate(pairs):
        turn = 360 / len(pairs) * i
        length = unit * (value or 0)
        below = " low" if (value or 0) < PASS_SCORE else ""
        spokes.append(
            f'<g transform="rotate({_plain(turn)})">'
            f'<rect class="t" x="-4.5" y="-{far}" width="9" height="{far - hub}"/>'
            f'<rect class="s{below}" x="-4.5" y="-{_plain(hub + length)}" width="9"'
            f' height="{_plain(length)}"/></g>'
        )
        across, down = math.sin(math.radians(turn)), -math.cos(math.radians(turn))
        anchor = "middle" if abs(across) < 0.2 else ("start" if across > 0 else "end")
        labels.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="{}">{}</text>',
                _plain(across * (far + 5)),
                _plain(down * (far + (8 if abs(across) < 0.2 else 5)) + 3.5),
                anchor,
                name,
            )
        )
    return format_html(
        '<svg class="seal" width="304" height="165" viewBox="-118 -64 236 128" role="img"'
        ' aria-label="{}">{}<circle class="pass" r="{}"/>{}</svg>',
        gettext("Seal: %(scores)s") % {"scores": _spoken(pairs)},
        _svg(spokes),
        hub + unit * PASS_SCORE,
        _svg(labels),
    )


@register.simple_tag
def meter(value: Score) -> SafeString:
    """One criterion on the scorecard: four boxes and the pass line."""
    boxes = "".join(f"M{39 * i + 0.5} 4.5h35v11h-35z" for i in range(TOP_SCORE))
    fill = ""
    if value:
        bars = []
        for i in range(TOP_SCORE):
            part = min(max(value - i, 0), 1)
            if part:
                bars.append(f"M{39 * i} 10h{_plain(36 * part)}")
        fill = f'<path class="{"s" if value >= PASS_SCORE else "low"}" d="{"".join(bars)}"/>'
    line = 39 * PASS_SCORE - 1.5
    label = (
        gettext("Not scored")
        if value is None
        else gettext("%(score)s of %(top)s") % {"score": number_format(value), "top": TOP_SCORE}
    )
    return format_html(
        '<svg class="meter flip" width="153" height="20" viewBox="0 0 153 20" role="img"'
        ' aria-label="{}">{}</svg>',
        label,
        _svg(
            [
                fill,
                f'<path class="box" d="{boxes}"/>',
                f'<path class="pass" d="M{line} 0v20"/>',
            ]
        ),
    )


@register.simple_tag
def bar(value: float, maximum: float, cls: str = "bar") -> SafeString:
    """A share as a plain bar beside its number, which carries the meaning."""
    share = 0 if not maximum else min(max(value / maximum, 0), 1) * 100
    return format_html(
        '<svg class="{} flip" aria-hidden="true"><rect width="{}%" height="100%"/></svg>',
        cls,
        _plain(share),
    )


@register.simple_tag
def status(kind: str, text: str) -> SafeString:
    """State of a promise, a task or a check. Kinds: done, late, open, miss, none."""
    return format_html(
        '<span class="status st-{}">{}<span>{}</span></span>', kind, icon(STATUS_ICONS[kind]), text
    )


@register.simple_tag
def eg(text: str = "") -> SafeString:
    """Marks something as illustrative, not a fact."""
    return format_html('<span class="eg">{}</span>', text or gettext("Example"))


# --- Records -----------------------------------------------------------------------------------


@register.simple_tag
def record(row: Any, *, heading: int = 3) -> SafeString:
    """One row of the catalogue, as ``<li>``; wrap rows in ``<ol class="records">`` in ``.cq``.

    The row has ref, title, url, summary, meta (list of words or of word and address), level,
    scores (or None); and, if its language differs from the page's, lang and dir.
    """
    title, summary = _part(row, "title"), _part(row, "summary")
    meta = [_meta_part(part) for part in _part(row, "meta") or () if part]
    scores = _part(row, "scores")
    given = (
        title,
        summary,
        f"h{int(heading)}",
        translation.get_language(),
        _part(row, "ref"),
        _part(row, "url"),
        str(_part(row, "level")),
        _part(row, "lang"),
        _part(row, "dir"),
        tuple(_scores(scores)) if scores else None,
        *meta,
    )
    # Words searched for are set off in a safe text: such a row is hardly ever drawn again.
    is_marked = type(title) is SafeString or type(summary) is SafeString
    return _record(*given) if is_marked else _kept_record(*given)


@register.simple_tag
def records(rows: Iterable[Any], *, heading: int = 3) -> SafeString:
    """Several of them."""
    return _svg(record(row, heading=heading) for row in rows)


def _meta_part(part: Any) -> SafeString:
    text, url = part if isinstance(part, (tuple, list)) else (part, "")
    if url:
        return SafeString(f'<a href="{_safe(url)}">{_safe(text)}</a>')
    return SafeString(f"<bdi>{_safe(text)}</bdi>")


def _safe(value: Any) -> str:
    """As a template prints it."""
    if type(value) is str:
        return html.escape(value)
    return value if type(value) is SafeString else str(conditional_escape(value))


def _record(
    title: str,
    summary: str,
    tag: str,
    language: str | None,
    ref: str,
    url: str,
    code: str,
    lang: str,
    direction: str,
    scores: tuple[tuple[str, Score], ...] | None,
    *meta: str,
) -> SafeString:
    attrs = f' lang="{_safe(lang)}" dir="{_safe(direction or "auto")}"' if lang else ""
    marks = level(code)
    if scores:
        marks += _strip(scores, language)
    elif code == "documented":
        told = _safe(gettext("Not validated yet"))
        marks += SafeString(f'<span class="meta">{told}</span>')
    return _svg(
        [
            f'<li class="record"><span class="ref">{_safe(ref)}</span>\n<div>',
            f'<{tag}><a href="{_safe(url)}"{attrs}>{_safe(title)}</a></{tag}>\n',
            f'<p class="sum"{attrs}>{_safe(summary)}</p>' if summary else "",
            "\n",
            f'<p class="meta">{" · ".join(meta)}</p>' if meta else "",
            f'</div>\n<div class="marks">{marks}</div></li>\n',
        ]
    )


#: By the types of what is given too: a safe text is equal to one that has to be escaped.
_kept_record = lru_cache(maxsize=1024, typed=True)(_record)


@register.simple_tag
def crumbs(*parts: Any) -> SafeString:
    """Path to this page, after Home; the last label is this page and has no address.

    ``{% crumbs "Solutions" solutions_url solution.ref %}``, or one list of pairs from the view.
    """
    if len(parts) == 1 and not isinstance(parts[0], (str, Promise)):
        pairs = [item if isinstance(item, (tuple, list)) else (item, "") for item in parts[0]]
    else:
        pairs = list(zip(parts[::2], [*parts[1::2], ""][: len(parts[::2])], strict=True))
    *path, here = pairs
    trail, home = escape(gettext("Breadcrumb")), escape(gettext("Home"))
    drawn = [
        f'<nav class="crumbs" aria-label="{trail}"><ol>',
        f'<li><a href="{escape(reverse("home"))}">{home}</a></li>',
    ]
    for label, url in path:
        text = _safe(label)
        inside = f'<a href="{_safe(url)}">{text}</a>' if url else f"<span>{text}</span>"
        drawn.append(f"<li>{inside}</li>")
    drawn.append(f'<li><span aria-current="page">{_safe(here[0])}</span></li></ol></nav>\n')
    return _svg(drawn)


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Any], *, label: str) -> dict[str, Any]:
    """Sections of one record: rows of label, url, current and, where it helps, count."""
    rows = [_named(item, ("label", "url", "current", "count")) for item in items]
    return {"items": rows, "label": label}


def _named(item: Any, names: Sequence[str]) -> Any:
    """A tuple as a dictionary of these names; anything else as it is."""
    if isinstance(item, (tuple, list)):
        return dict(zip(names, item, strict=False))
    return item


def with_query(params: QueryDict, **changes: Any) -> str:
    """``?…`` of these parameters with some changed; None or "" removes one. Lists repeat."""
    query = params.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(name, [str(part) for part in value])
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_string(context: template.Context, **changes: Any) -> str:
    """This page's query with some parameters changed, from its first page again.

    ``<a href="{% query_string sort="title" %}">``. Unlike Django's own ``querystring`` it drops
    ``page``, since a change of filter or order makes the old page number meaningless.
    """
    changes.setdefault("page", None)
    return with_query(context["request"].GET, **changes)


@register.simple_tag(takes_context=True)
def pager(context: template.Context, page_obj: Page, params: QueryDict | None = None) -> SafeString:
    """Numbered pages that keep the rest of the address. Nothing for a single page."""
    paginator = page_obj.paginator
    if paginator.num_pages <= 1:
        return SafeString("\n")
    query = params if params is not None else context["request"].GET
    before = query.copy()
    before.pop("page", None)
    rest = before.urlencode()
    first, others = f"?{escape(rest)}", f"?{escape(rest + '&') if rest else ''}page="

    def link(number: int, inside: str, attrs: str = "") -> str:
        return f'<a href="{first if number == 1 else f"{others}{number}"}"{attrs}>{inside}</a>'

    here, word = page_obj.number, escape(gettext("Page"))
    pages, back, on = map(escape, (gettext("Pages"), gettext("Previous"), gettext("Next")))
    drawn = [f'<nav class="pager" aria-label="{pages}">']
    if page_obj.has_previous():
        inside = f"{icon('back', 'flip')}{back}"
        drawn.append(link(page_obj.previous_page_number(), inside, ' rel="prev"'))
    for number in paginator.get_elided_page_range(here, on_each_side=1, on_ends=1):
        inside = f'<span class="vh">{word} </span>{number}'
        if not isinstance(number, int):
            drawn.append('<span aria-hidden="true">…</span>')
        elif number == here:
            drawn.append(f'<span aria-current="page">{inside}</span>')
        else:
            drawn.append(link(number, inside))
    if page_obj.has_next():
        inside = f"{on}{icon('arrow', 'flip')}"
        drawn.append(link(page_obj.next_page_number(), inside, ' rel="next"'))
    each = ngettext("%(n)s a page", "%(n)s a page", paginator.per_page)
    words = escape(each % {"n": paginator.per_page})
    drawn.append(f'<span class="muted push">{words}</span></nav>\n')
    return _svg(drawn)


@register.simple_tag
def chips(items: Iterable[Any], clear_url: str = "") -> SafeString:
    """Filters in force: rows of group, label and remove_url, and a way to clear them all."""
    rows = [_named(item, ("group", "label", "remove_url")) for item in items]
    if not rows:
        return SafeString("\n")
    remove, showing = escape(gettext("remove this filter")), escape(gettext("Showing:"))
    cross = f'{icon("x")}<span class="vh">{remove}</span>'
    drawn = [f'<div class="chips mb"><span class="muted">{showing}</span>']
    for row in rows:
        group, url = _part(row, "group"), _safe(_part(row, "remove_url") or "")
        bold = f"<b>{_safe(group)}</b> " if group else ""
        label = _safe(_part(row, "label"))
        drawn.append(f'<a class="chip" href="{url}">{bold}{label} {cross}</a>')
    if clear_url:
        words = escape(gettext("Clear all"))
        drawn.append(f'<a href="{_safe(clear_url)}">{words}</a>')
    drawn.append("</div>\n")
    return _svg(drawn)


@register.simple_tag
def tick_boxes(
    options: Iterable[Any], name: str, most: int | None = None, cls: str = ""
) -> SafeString:
    """Options of a facet with their counts; with bars if told the largest count.

    An option has value, label, count and checked; a count of ``None`` was not counted. Joined
    here and not in a template: there may be two hundred countries, and a template takes ten times
    as long for them.
    """
    drawn: list[str] = []
    for option in options:
        value, label, count, checked = option if isinstance(option, tuple) else _parts(option)
        before, after = _tick_box(name, value, label, cls, count == 0)
        said = "" if count is None else count
        bar = "" if most is None else _count_bar(count, most)
        drawn.append(f"{before}{CHECKED if checked else ''}{after}{said}</span>{bar}</label>")
    return _svg(drawn)


OPTION = ("value", "label", "count", "checked")


def _parts(option: Any) -> tuple[Any, ...]:
    return tuple(_part(option, name) for name in OPTION)


@lru_cache(maxsize=4096)
def _tick_box(name: str, value: str, label: str, cls: str, is_zero: bool) -> tuple[str, str]:  # noqa: FBT001 (a key of the cache)
    """What stands before and after the tick, up to the number. The same on nearly every page."""
    classes = f"facet{cls and ' '}{cls}{' facet-0' if is_zero else ''}"
    control = f'<input type="checkbox" name="{escape(name)}" value="{escape(value)}"'
    return (
        f'<label class="{escape(classes)}">{control}',
        f'><span>{escape(label)}</span> <span class="n">',
    )


@lru_cache(maxsize=4096)
def _count_bar(count: int | None, most: int) -> SafeString:
    """The bar of an option; where nothing was counted, an unseen one that keeps its place for
    when a filter brings numbers back."""
    return bar(0, 0, "bar vh") if count is None else bar(count, most)


@register.simple_tag
def facet_group(group: Any, *, limit: int = 8) -> SafeString:
    """One facet: a fieldset of tick boxes with counts and bars.

    The group has key, name and options; an option has value, label, count and checked. Ticked
    options and the first ``limit`` stand open, the rest under "more", so long lists stay short.
    """
    options = tuple(
        option if isinstance(option, tuple) else _parts(option)
        for option in _part(group, "options") or ()
    )
    if not options:
        return mark_safe("")
    name, language = str(_part(group, "name")), translation.get_language()
    return _facet_group(_part(group, "key"), name, options, limit, language)


@lru_cache(maxsize=256)
def _facet_group(
    key: str, name: str, options: tuple[tuple[Any, ...], ...], limit: int, language: str | None
) -> SafeString:
    """Kept, since most readers see the whole list or one of a few questions."""
    most = max(option[2] or 0 for option in options)
    opened = [row for i, row in enumerate(options) if i < limit or row[3]]
    folded = [row for i, row in enumerate(options) if i >= limit and not row[3]]
    if len(folded) == 1:
        opened, folded = list(options), []
    inside = tick_boxes(opened, key, most)
    if folded:
        more = ngettext("%(n)s more", "%(n)s more", len(folded)) % {"n": len(folded)}
        inside += _folded(more, name, tick_boxes(folded, key, most))
    return _fieldset(name, inside)


def _folded(words: str, name: str, inside: str, cls: str = "") -> SafeString:
    """What is behind a line of words; ``name`` says of what to those who hear only the line."""
    return _svg(
        f'<details class="more{cls}"><summary>{escape(words)}<span class="vh">: {escape(name)}'
        f"</span></summary>{inside}</details>"
    )


def _fieldset(name: str, inside: str) -> SafeString:
    return _svg(f"<fieldset><legend>{escape(name)}</legend><div>{inside}</div></fieldset>")


@register.simple_tag
def place_group(group: Any) -> SafeString:
    """Regions with their countries: those ticked stand open, the others under their region."""
    branches = tuple(
        (branch.region, tuple(branch.opened), tuple(branch.folded)) for branch in group.tree
    )
    return _place_group(group.name, branches, group.most, translation.get_language())


@lru_cache(maxsize=64)
def _place_group(
    name: str, branches: tuple[tuple[Any, ...], ...], most: int, language: str | None
) -> SafeString:
    drawn: list[str] = []
    for region, opened, folded in branches:
        drawn += [
            tick_boxes([region], "region", most),
            tick_boxes(opened, "country", cls="facet-in"),
        ]
        if n := len(folded):
            words = (
                ngettext("%(n)s more country", "%(n)s more countries", n)
                if opened
                else ngettext("%(n)s country", "%(n)s countries", n)
            )
            inside = tick_boxes(folded, "country")
            drawn.append(_folded(words % {"n": n}, region.label, inside, " facet-in"))
    return _fieldset(name, "".join(drawn))


@register.simple_tag
def facet_groups(groups: Iterable[Any]) -> SafeString:
    """All facets of a list (``core.facets.Group``), each with its note."""
    return _svg(
        place_group(group)
        if group.tree
        else f"{facet_group(group)}{_meta(group.note) if group.note else ''}"
        for group in groups
    )


def _meta(words: str) -> str:
    return f'<p class="meta">{escape(words)}</p>'


@register.simple_tag
def language_links(languages: Iterable[Any]) -> SafeString:
    """This page in each language: rows of code, name, dir, url and current."""
    return _svg(
        f'<a href="{escape(row.url)}" lang="{escape(row.code)}" dir="{escape(row.dir)}"'
        f' hreflang="{escape(row.code)}"{CURRENT if row.current else ""}>{escape(row.name)}</a>'
        for row in languages
    )


@register.simple_block_tag(end_name="endsheet")
def sheet(
    content: str,
    *,
    target: str,
    title: str,
    action: str,
    submit: str,
    clear_url: str,
    back: str = "results",
    count: int = 0,
) -> SafeString:
    """A form that is a side column on wide screens and a full-screen sheet on phones.

    Without scripts: the sheet is a fragment target. "Filters" links to ``#target``, "Close" back
    to ``#back``. ``count`` says how many filters are on.
    """
    on = ngettext("%(n)s on", "%(n)s on", count) % {"n": count} if count else ""
    said, close, clear = escape(title), escape(gettext("Close")), escape(gettext("Clear"))
    apply = escape(gettext("Apply filters"))
    return _svg(
        [
            f'\n<a class="sheet-open" href="#{escape(target)}"><span class="row gap-s">',
            f"{icon('filter')} {said}</span>{f'<span>{escape(on)}</span>' if on else ''}</a>\n",
            f'<form class="sheet" id="{escape(target)}" action="{escape(action)}" method="get"',
            f' autocomplete="off" aria-label="{said}">\n<div class="sheet-head"><h2>{said}</h2>',
            f'<a class="btn btn-2 btn-s" href="#{escape(back)}">{close}</a>',
            f'</div>\n<div class="facets">{content}<p class="apply-d mt-s">',
            f'<button class="btn btn-s">{apply}</button></p></div>\n',
            f'<div class="sheet-foot"><a class="btn btn-2" href="{escape(clear_url)}">',
            f'{clear}</a><button class="btn">{escape(submit)}</button></div>\n',
            "</form>\n",
        ]
    )


# --- Text --------------------------------------------------------------------------------------


@register.simple_block_tag(end_name="endnote")
def note(content: str, kind: str = "", *, title: str = "", live: bool = False) -> SafeString:
    """A message that stays in the page. Kinds: ok, wait, stop, info, or none.

    ``live`` gives it the role that makes a screen reader say it at once; only for answers to
    something the person has just done.
    """
    role = NOTE_ROLES[kind]
    heading = format_html("<b>{}</b> ", title) if title else ""
    return format_html(
        '<div class="note{}"{}>{}{}</div>',
        f" note-{kind}" if kind else "",
        format_html(' role="{}"', role) if live and role else "",
        heading,
        content,
    )


@register.simple_block_tag(end_name="endnothing")
def nothing(content: str, title: str, *, heading: int = 3) -> SafeString:
    """Empty state: what is missing; inside, why and one way on.

    Not called ``empty``, which inside a ``{% for %}`` would be taken for the loop's own clause.
    """
    tag = f"h{int(heading)}"
    return format_html('<div class="empty"><{0}>{1}</{0}>{2}</div>', _svg([tag]), title, content)


@register.inclusion_tag("components/facts.html")
def facts(pairs: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """Label and value, as a list of terms; a missing value says "Not stated".

    A third element is an address for "Change", as on a check-your-answers page. A value that is
    a list is printed one below the other.
    """
    rows = []
    for label, value, *more in pairs:
        listed = list(value) if isinstance(value, (list, tuple)) else None
        rows.append(
            {
                "label": label,
                "value": value,
                "values": listed,
                "missing": value in (None, "") or listed == [],
                "change": more[0] if more else "",
            }
        )
    return {"rows": rows}


@register.simple_tag
def figures(pairs: Iterable[tuple[Any, str]]) -> SafeString:
    """A few large numbers with what they count: pairs of number and label."""
    return format_html(
        '<dl class="figures">{}</dl>',
        format_html_join(
            "",
            "<div><dt>{}</dt><dd>{}</dd></div>",
            (
                (label, number_format(value, force_grouping=True) if _is_number(value) else value)
                for value, label in pairs
            ),
        ),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _day_format() -> str:
    """Day, month and year in that order in English; elsewhere the language's own long form."""
    return "j F Y" if (translation.get_language() or "en").startswith("en") else "DATE_FORMAT"


def _day(value: dt.date, precision: str) -> tuple[str, str]:
    """A day, or as much of it as is known, for machines and for people."""
    year = f"{value.year:04d}"
    if precision == "year":
        return year, year
    if precision == "month":
        style = "F Y" if _day_format() == "j F Y" else "YEAR_MONTH_FORMAT"
        return f"{year}-{value.month:02d}", date_format(value, style)
    if precision == "day":
        return f"{year}-{value.month:02d}-{value.day:02d}", date_format(value, _day_format())
    raise ValueError(f"No such precision for a date: {precision}")


@register.simple_tag
def when(value: dt.date | dt.datetime | str | None, precision: str = "") -> SafeString:
    """A date as far as it is known, as ``<time>``. Precisions: year, month, day, minute.

    Without one, a date is printed to the day, an instant to the minute with its zone, and a
    partial date (``2012``, ``2012-07``, ``2012-07-10``) as far as it goes.
    """
    if not value:
        return format_html('<span class="muted">{}</span>', gettext("Not stated"))
    if isinstance(value, str):
        parts = [int(part) for part in value.split("-")]
        precision = precision or ("year", "month", "day")[len(parts) - 1]
        value = dt.date(*[*parts, 1, 1][:3])
    if isinstance(value, dt.datetime):
        if timezone.is_aware(value):
            value = timezone.localtime(value)
        if precision in ("", "minute"):
            zone = value.tzname() or ""
            machine = value.isoformat(timespec="minutes")
            day = date_format(value, _day_format())
            human = f"{day}{comma()}{value:%H:%M} {zone}".strip()
            return format_html('<time datetime="{}">{}</time>', machine, human)
    return format_html('<time datetime="{}">{}</time>', *_day(value, precision or "day"))


@register.filter
def localized(names: Mapping[str, str] | None) -> str:
    """The name in the reader's language, from names per language; else in English; else any."""
    if not names:
        return ""
    code = translation.get_language() or "en"
    for choice in (code, code.split("-")[0], "en"):
        if names.get(choice):
            return names[choice]
    return next(iter(names.values()))


# --- Forms -------------------------------------------------------------------------------------


def _target(bound: Any) -> str:
    """The id an error links to: the control, or the first one of a group."""
    group = bound.field.widget.use_fieldset and len(bound.subwidgets) > 0
    return bound.subwidgets[0].id_for_label if group else bound.id_for_label


def _form_errors(form: Any) -> Iterable[tuple[str, str]]:
    """Every error of a form or formset with the id it belongs to, in the order of the page."""
    if hasattr(form, "forms"):
        yield from ((str(text), "") for text in form.non_form_errors())
        for one in form.forms:
            yield from _form_errors(one)
        return
    yield from ((str(text), "") for text in form.non_field_errors())
    for bound in form:
        target = "" if bound.is_hidden else _target(bound)
        yield from ((str(text), target) for text in bound.errors)


@register.simple_tag
def error_summary(*forms: Any, extra: Iterable[tuple[str, str]] = ()) -> SafeString:
    """What to fix, at the top of the page, each line a link to its field. Nothing if all is well.

    Takes forms, formsets or lists of them; ``extra`` adds pairs of message and id.
    """
    rows: list[tuple[str, str]] = []
    for form in forms:
        for one in form if isinstance(form, (list, tuple)) else [form]:
            if one is not None and one.is_bound:
                rows.extend(_form_errors(one))
    rows.extend((str(text), target) for text, target in extra)
    rows = list(dict.fromkeys(rows))
    if not rows:
        return mark_safe("")
    title = ngettext("There is %(n)s thing to fix", "There are %(n)s things to fix", len(rows))
    return mark_safe(  # noqa: S308 — the template escapes
        render_to_string(
            "components/error_summary.html", {"title": title % {"n": len(rows)}, "rows": rows}
        )
    )


STEP_STATES = {"done", "now", "todo"}


def _steps(items: Iterable[Any]) -> list[dict[str, Any]]:
    rows = []
    for item in items:
        row = _named(item, ("label", "url", "state", "note"))
        state = _part(row, "state") or "todo"
        if state not in STEP_STATES:
            raise ValueError(f"No such step state: {state}")
        rows.append(
            {
                "label": _part(row, "label"),
                "url": _part(row, "url", ""),
                "state": state,
                "note": _part(row, "note", ""),
            }
        )
    return rows


@register.inclusion_tag("components/steps.html")
def steps(items: Iterable[Any]) -> dict[str, Any]:
    """Pages of a long form: rows of label, url, state (done, now, todo) and note."""
    return {"items": _steps(items)}


@register.simple_tag
def progress(items: Iterable[Any]) -> SafeString:
    """The same steps as a row of segments. Decoration: the page says "Step 3 of 7" in words."""
    classes = {"done": "y", "now": "c", "todo": ""}
    segments = (f'<i class="{classes[row["state"]]}"></i>' for row in _steps(items))
    return _svg(['<div class="bars" aria-hidden="true">', *segments, "</div>"])


# --- Work --------------------------------------------------------------------------------------


@register.inclusion_tag("components/todo.html")
def todo(items: Iterable[Any], *, heading: int = 2) -> dict[str, Any]:
    """What waits for this person: rows of title, meta, action (a verb), url, and late."""
    rows = [_named(item, ("title", "meta", "action", "url", "late")) for item in items]
    return {"items": rows, "heading": f"h{int(heading)}"}


@register.inclusion_tag("components/rail.html")
def rail(items: Iterable[Any], *, tight: bool = False) -> dict[str, Any]:
    """The six steps from practice to exchange: rows of label, state (done, now, todo), text."""
    rows = [_named(item, ("label", "state", "text")) for item in items]
    return {"items": rows, "tight": tight}


@register.inclusion_tag("components/world_map.html")
def world_map(points: Iterable[Any], *, label: str = "", caption: str = "") -> dict[str, Any]:
    """Dots on a world map, each a link; never the only way to what it links to.

    A point has label, url, lon, lat, count and pilot. Points at one place are added up, points
    that would cover each other are moved apart.
    """
    dots = worldmap.arrange(
        worldmap.Dot(
            label=str(_part(point, "label")),
            url=str(_part(point, "url")),
            x=x,
            y=y,
            count=int(_part(point, "count", 1) or 0),
            pilot=bool(_part(point, "pilot", False)),
        )
        for point in points
        for x, y in [worldmap.project(_part(point, "lon"), _part(point, "lat"))]
    )
    for dot in dots:
        dot.spoken = _spoken_dot(dot)
    return {
        "dots": dots,
        "land": worldmap.land(),
        "label": label or pgettext("label of the map", "Hubs on a world map"),
        "caption": caption,
        "has_hubs": any(dot.count for dot in dots),
        "has_pilots": any(dot.pilot for dot in dots),
    }


def _spoken_dot(dot: worldmap.Dot) -> str:
    """Accessible name of one dot."""
    parts = []
    if dot.count:
        parts.append(ngettext("%(n)s hub", "%(n)s hubs", dot.count) % {"n": dot.count})
    if dot.pilot:
        parts.append(gettext("pilot"))
    return f"{dot.label}: {', '.join(parts)}" if parts else dot.label
