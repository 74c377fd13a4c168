"""What moderators decided, for everybody: what, to what kind of thing, in which part of the
community, on which rule, and how an appeal ended.

No person stands in it, no title and no word of a text; of what happens in a private chapter only
that it was a private chapter.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.db.models.functions import TruncQuarter
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from community.models import Appeal, Decision, Discussion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_stubs_ext import StrOrPromise

What = Decision.What
#: So many quarters are counted, the last one being this one.
QUARTERS = 4
#: What is counted together.
COUNTED: tuple[tuple[StrOrPromise, frozenset[str]], ...] = (
    (gettext_lazy("Shown after a check"), frozenset({What.RELEASE})),
    (gettext_lazy("Not shown, or hidden"), frozenset({What.REFUSE, What.HIDE})),
    (gettext_lazy("Flagged and left as it is"), frozenset({What.KEEP})),
    (
        gettext_lazy("Measures about members"),
        frozenset({What.WARN, What.CHECK, What.SUSPEND, What.BAN}),
    ),
)
PLACES: dict[str, StrOrPromise] = {
    "theme": gettext_lazy("Theme of the month"),
    "chapter": gettext_lazy("Chapter"),
    "lab": gettext_lazy("Living lab"),
    "solution": gettext_lazy("Discussion of a solution"),
    "commitment": gettext_lazy("Discussion of a commitment"),
    "event": gettext_lazy("Discussion of an event"),
    "article": pgettext_lazy("part of the community", "Blog"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    day: dt.date
    what: str
    thing: str
    part: str
    name: str
    ground: str
    after: str


def decisions() -> Any:
    """Every decision, newest first, with what its line needs and nothing else."""
    around = [f"{of}{name}" for of in ("discussion__", "post__discussion__") for name in (
        "theme", "chapter", "lab",
    )]  # fmt: skip
    return Decision.objects.select_related(
        "appeal", *around, "report__lab", "post__discussion", "discussion"
    ).defer("reason", "post__body", "post__quote", "appeal__text", "appeal__answer")


def filtered(what: str, ground: str) -> Any:
    rows = decisions()
    if what:
        rows = rows.filter(what=what)
    return rows.filter(ground=ground) if ground else rows


def entry_of(row: Decision) -> Entry:
    part, name = part_of(row)
    return Entry(
        day=timezone.localtime(row.decided_at).date(),
        what=str(row.get_what_display()),
        thing=str(row.get_thing_display()),
        part=part,
        name=name,
        ground=str(row.get_ground_display()) if row.ground else "",
        after=_after(row),
    )


def part_of(row: Decision) -> tuple[str, str]:
    """The part of the community, and its name where everybody may know it."""
    if row.thing == Decision.Thing.MEMBER:
        return _("The whole community"), ""
    if row.thing in {Decision.Thing.ARTICLE, Decision.Thing.VERSION}:
        return str(PLACES["article"]), ""
    if row.thing == Decision.Thing.REPORT:
        lab = row.report.lab if row.report else None
        if lab is None:
            return _("Reports of trials"), ""
        return str(PLACES["lab"]), lab.name if lab.is_public else ""
    discussion: Discussion | None = row.post.discussion if row.post else row.discussion
    if discussion is None:
        return _("Community"), ""
    kind = discussion.place_name
    if kind == "chapter" and discussion.chapter is not None:
        if discussion.chapter.is_private or not discussion.chapter.is_public:
            return _("A private chapter"), ""
        return str(PLACES[kind]), discussion.chapter.name
    # The month tells which theme it was; its question stands on its own page.
    if kind == "theme" and discussion.theme is not None and discussion.theme.is_public:
        return str(PLACES[kind]), date_format(discussion.theme.first_day, "YEAR_MONTH_FORMAT")
    if kind == "lab" and discussion.lab is not None and discussion.lab.is_public:
        return str(PLACES[kind]), discussion.lab.name
    return str(PLACES[kind]), ""


def _after(row: Decision) -> str:
    appeal: Appeal | None = getattr(row, "appeal", None)
    if appeal is not None:
        if appeal.state == Appeal.State.GRANTED:
            return _("Undone after an appeal")
        if appeal.state == Appeal.State.REJECTED:
            return _("Stands after an appeal")
        return _("Under appeal")
    return _("Undone") if row.undone_at else ""


def quarters(now: dt.datetime) -> list[tuple[str, list[int], int, int]]:
    """The last quarters, newest first: name, how many of each of ``COUNTED``, appeals made and
    granted. Two queries."""
    local = timezone.localtime(now)
    year, number = local.year, (local.month - 1) // 3 + 1
    found: list[tuple[int, int]] = []
    for _n in range(QUARTERS):
        found.append((year, number))
        year, number = (year - 1, 4) if number == 1 else (year, number - 1)
    first = local.replace(
        year=found[-1][0], month=3 * found[-1][1] - 2, day=1, hour=0, minute=0, second=0
    )
    counts: Counter[tuple[int, int, str]] = Counter()
    rows = (
        Decision.objects.filter(decided_at__gte=first)
        .order_by()
        .annotate(quarter=TruncQuarter("decided_at"))
        .values_list("quarter", "what")
        .annotate(n=Count("pk"))
    )
    for quarter, what, n in rows:
        counts[quarter.year, (quarter.month - 1) // 3 + 1, what] += n
    appeals = {
        (quarter.year, (quarter.month - 1) // 3 + 1): (made, granted)
        for quarter, made, granted in Appeal.objects.filter(made_at__gte=first)
        .order_by()
        .annotate(quarter=TruncQuarter("made_at"))
        .values_list("quarter")
        .annotate(n=Count("pk"), g=Count("pk", filter=Q(state=Appeal.State.GRANTED)))
        .values_list("quarter", "n", "g")
    }
    return [
        (
            _("%(year)d, quarter %(number)d") % {"year": y, "number": q},
            [sum(counts[y, q, what] for what in kinds) for _label, kinds in COUNTED],
            *appeals.get((y, q), (0, 0)),
        )
        for y, q in found
    ]


def table(what: str, ground: str, most: int) -> Iterator[list[str]]:
    """The log as rows of a file."""
    yield [
        _("Date"), _("Decision"), _("About"), _("Part of the community"), _("Which"), _("Rule"),
        _("Afterwards"),
    ]  # fmt: skip
    for row in filtered(what, ground)[:most].iterator(chunk_size=500):
        entry = entry_of(row)
        yield [
            entry.day.isoformat(), entry.what, entry.thing, entry.part, entry.name, entry.ground,
            entry.after,
        ]  # fmt: skip
