"""The figures at the desk, as a page and as tables for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.spreadsheet import safe_cell
from validation import choices as c
from validation import statistics
from validation.admin.base import is_moderator, person
from validation.admin.words import names_of
from validation.models import Case, Seat

if TYPE_CHECKING:
    from django.http import HttpRequest

    from catalogue.models import CriteriaSet

#: What stands for a figure that cannot be known yet.
NONE = "–"
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header. The first cell of a row names it."""

    name: str
    title: str
    header: list[str]
    rows: list[list[object]]
    note: str = ""


def share(value: Fraction | None) -> str:
    """A share as a percentage without decimals."""
    return NONE if value is None else _("%(n)d %%") % {"n": round(value * 100)}


def two(value: Fraction | float | None) -> str:
    return NONE if value is None else f"{float(value):.2f}"


def half_in_words(half: str) -> str:
    year, number = half.split("-")
    text = _("January to June %(year)s") if number == "1" else _("July to December %(year)s")
    return text % {"year": year}


def quarter_in_words(name: str) -> str:
    year, number = name.split("-")
    return _("Quarter %(n)s of %(year)s") % {"n": number, "year": year}


class Figures:
    """The figures for one person, from the cases in their scope: whoever reviews in a case
    learns nothing of it here either. Load and names are for portal moderators."""

    def __init__(self, request: HttpRequest) -> None:
        self.user = person(request)
        self.cases = Case.objects.at_desk_of(self.user)
        self.sees_people = is_moderator(request.user)
        self.sets = statistics.sets_judged_by(self.cases)
        asked = request.GET.get("set", "")
        self.chosen: CriteriaSet | None = next(
            (each for each in self.sets if str(each.pk) == asked),
            self.sets[0] if self.sets else None,
        )

    def tables(self) -> dict[str, Callable[[], Table]]:
        """What there is for this person, by the name it has in an address."""
        found: dict[str, Callable[[], Table]] = {"queues": self.queues}
        if self.chosen is not None:
            found = {"criteria": self.criteria, "halves": self.halves, **found}
        if self.sees_people:
            found |= {"load": self.load, "reviewers": self.reviewers}
        return found

    def measured(self) -> statistics.Measured:
        if not hasattr(self, "_measured"):
            assert self.chosen is not None  # noqa: S101 (asked only where there is a set)
            self._measured = statistics.agreement(self.cases, self.chosen)
        return self._measured

    def criteria(self) -> Table:
        assert self.chosen is not None  # noqa: S101
        names, measured = names_of(self.chosen.content), self.measured()
        return Table(
            "criteria",
            _("Agreement per criterion"),
            [
                _("Criterion"),
                _("Cases with two or more judgements"),
                _("Pairs that agree"),
                _("Krippendorff’s alpha"),
                _("Mean difference"),
            ],
            [
                [names[code], one.cases, share(one.percent), two(one.alpha), two(one.difference)]
                for code, one in measured.overall.items()
            ],
            _(
                "Alpha is for interval data: 1 is perfect agreement, 0 what chance would give. It "
                "is not defined while all judgements are the same."
            ),
        )

    def halves(self) -> Table:
        """One row per half-year and criterion: that is how a spreadsheet takes it."""
        assert self.chosen is not None  # noqa: S101
        names = names_of(self.chosen.content)
        return Table(
            "halves",
            _("Agreement over time"),
            [
                _("Half-year"),
                _("Criterion"),
                _("Cases with two or more judgements"),
                _("Pairs that agree"),
                _("Krippendorff’s alpha"),
                _("Mean difference"),
            ],
            [
                [
                    half_in_words(half),
                    names[code],
                    one.cases,
                    share(one.percent),
                    two(one.alpha),
                    two(one.difference),
                ]
                for half, codes in self.measured().halves.items()
                for code, one in codes.items()
                if one.cases
            ],
        )

    def over_time(self) -> dict[str, Any]:
        """The same for the page: a row per half-year, a column per criterion."""
        measured = self.measured()
        return {
            "codes": measured.codes,
            "rows": [
                (
                    half_in_words(half),
                    [(share(one.percent), two(one.alpha), one.cases) for one in codes.values()],
                )
                for half, codes in measured.halves.items()
            ],
        }

    def queues(self) -> Table:
        rows = statistics.queues(self.cases)
        return Table(
            "queues",
            _("Open cases and their age"),
            [_("State"), _("Cases"), _("Middle age, days"), _("Oldest, days"), _("Late")],
            [
                [
                    c.CaseState(row.state).label,
                    row.cases,
                    NONE if row.middle is None else f"{row.middle:g}",
                    NONE if row.oldest is None else row.oldest,
                    row.late,
                ]
                for row in rows
            ],
            _("Age is the time in the present state."),
        )

    def load(self) -> Table:
        return Table(
            "load",
            _("Reviews over time"),
            [_("Quarter"), _("Asked"), _("Accepted"), _("Sent"), _("Sent on time"), _("On time")],
            [
                [
                    quarter_in_words(row.name),
                    row.asked,
                    row.accepted,
                    row.sent,
                    row.on_time,
                    share(Fraction(row.on_time, row.sent) if row.sent else None),
                ]
                for row in statistics.load_over_time(Seat.objects.filter(case__in=self.cases))
            ],
            _("Each is counted in the quarter in which it happened."),
        )

    def reviewers(self) -> Table:
        return Table(
            "reviewers",
            _("Reviewers and what they have open"),
            [_("Reviewer"), _("Open now"), _("At most"), _("Sent")],
            [
                [
                    str(row.user),
                    row.load,  # type: ignore[attr-defined]
                    row.most_open,
                    row.sent,  # type: ignore[attr-defined]
                ]
                for row in statistics.people(self.user)
            ],
        )


def context(request: HttpRequest) -> dict[str, Any]:
    """Everything the page shows."""
    figures = Figures(request)
    tables = {name: make() for name, make in figures.tables().items() if name != "halves"}
    return {
        "sets": figures.sets,
        "chosen": figures.chosen,
        "tables": list(tables.values()),
        "over_time": figures.over_time() if figures.chosen else None,
    }


def as_csv(request: HttpRequest, name: str) -> HttpResponse:
    """One table as a file, safe to open in a spreadsheet."""
    make = Figures(request).tables().get(name)
    if make is None:
        raise Http404
    table = make()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_cell(value) for value in table.header])
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    day = timezone.localdate().isoformat()
    return HttpResponse(
        "\ufeff" + out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{day}.csv"'},
    )


def _cell(value: object) -> str:
    """A number may begin with a minus; a text that does would be run as a formula."""
    text = str(value)
    if text == NONE:
        return ""
    return text if NUMBER.fullmatch(text) else safe_cell(text)
