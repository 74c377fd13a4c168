"""The same hour of the wall clock on other days: which days, and what follows for the instants.

A webinar every second Tuesday stays at its hour when the clocks are changed, so the days are
counted in the calendar of its place and each instant is worked out for itself. A month without
the day asked for is left out, never moved.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import walltime
from participation.times import Clock

if TYPE_CHECKING:
    from events.models import Session

#: So many days are proposed at once at most.
MOST = 60
#: So far apart at most, in weeks or months.
WIDEST = 12
LAST_YEAR = 2100


class Rule(TextChoices):
    """How the days follow each other."""

    WEEKS = "weeks", gettext_lazy("Every so many weeks on the same day of the week")
    WEEKDAY = "weekday", gettext_lazy("On the same day of the week in the same week of the month")
    LAST = "last", gettext_lazy("On the last such day of the week in the month")
    DAY = "day", gettext_lazy("On the same day of the month")


def is_last(day: dt.date) -> bool:
    """Whether no other such day of the week comes in its month."""
    return (day + dt.timedelta(days=7)).month != day.month


def rules_for(day: dt.date) -> list[tuple[str, str]]:
    """The rules a day fits, in words: "Every month on the second Tuesday"."""
    weekday = str(WEEKDAYS[day.weekday()])
    ordinals = (_("first"), _("second"), _("third"), _("fourth"), _("fifth"))
    rows = [
        (Rule.WEEKS, _("Weekly, on %(weekday)s") % {"weekday": weekday}),
        (
            Rule.WEEKDAY,
            _("Monthly, on the %(ordinal)s %(weekday)s")
            % {"ordinal": ordinals[(day.day - 1) // 7], "weekday": weekday},
        ),
    ]
    if is_last(day):
        rows.append((Rule.LAST, _("Monthly, on the last %(weekday)s") % {"weekday": weekday}))
    rows.append((Rule.DAY, _("Monthly, on day %(day)d") % {"day": day.day}))
    return [(str(rule), words) for rule, words in rows]


def days_after(first: dt.date, rule: str, every: int, times: int) -> list[dt.date]:
    """So many days after the first one."""
    found: list[dt.date] = []
    for day in _days(first, rule, every):
        if len(found) == times or day.year > LAST_YEAR:
            break
        found.append(day)
    return found


def _days(first: dt.date, rule: str, every: int) -> Iterator[dt.date]:
    if rule == Rule.WEEKS:
        day = first
        while day.year <= LAST_YEAR:
            day += dt.timedelta(weeks=every)
            yield day
        return
    months = first.year * 12 + first.month - 1
    while months // 12 <= LAST_YEAR:
        months += every
        found = _in_month(first, rule, months // 12, months % 12 + 1)
        if found is not None:
            yield found


def _in_month(first: dt.date, rule: str, year: int, month: int) -> dt.date | None:
    """The day of that month that is to it what the first one is to its own, if it has one."""
    opens_on, length = calendar.monthrange(year, month)
    if rule == Rule.DAY:
        number = first.day
    else:
        number = 1 + (first.weekday() - opens_on) % 7 + 7 * ((first.day - 1) // 7)
        if rule == Rule.LAST:
            number = max(range(1 + (first.weekday() - opens_on) % 7, length + 1, 7))
    return dt.date(year, month, number) if number <= length else None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One day on which it would be, and what is to be known of it.

    On a day when the clocks are put back there may be two, told apart by ``second``.
    """

    day: dt.date
    second: bool | None = None
    host: Clock | None = None
    reader: Clock | None = None
    #: Why it cannot be on that day.
    problem: str = ""
    #: What is unlike the day before.
    note: str = ""

    @property
    def key(self) -> str:
        """How a form calls it."""
        return self.day.isoformat() + {None: "", False: "/1", True: "/2"}[self.second]

    @property
    def is_proposed(self) -> bool:
        """Whether it is ticked unless somebody decides otherwise; nobody guesses which of two."""
        return not self.problem and self.second is None


def occurrences(
    session: Session, days: list[dt.date], *, zone: str, taken: frozenset[dt.date] = frozenset()
) -> list[Occurrence]:
    """Each day with its instants for the host and for the reader in ``zone``.

    ``taken`` are days on which the series has one already.
    """
    found: list[Occurrence] = []
    before = _on(session, session.day, zone, second=session.second_hour) if session.day else None
    for day in days:
        if day in taken:
            found.append(Occurrence(day, problem=_("There is one on this day already.")))
            continue
        found += [_noted(row, before) for row in _both(session, day, zone)]
        if found[-1].host is not None:
            before = found[-1]
    return found


def _both(session: Session, day: dt.date, zone: str) -> list[Occurrence]:
    """What the wall time means on that day: one instant, or one of two."""
    try:
        row = _on(session, day, zone, second=None)
    except ValidationError as refusal:
        if refusal.code != "ambiguous":
            return [Occurrence(day, problem=" ".join(refusal.messages))]
    else:
        return [row]
    found = []
    for second in (False, True):
        try:
            found.append(_on(session, day, zone, second=second))
        except ValidationError as refusal:
            found.append(Occurrence(day, second, problem=" ".join(refusal.messages)))
    return found


def _on(session: Session, day: dt.date, zone: str, *, second: bool | None) -> Occurrence:
    """Refuses hours that no clock shows on that day, and those that come twice if not told."""
    moments: list[dt.datetime | None] = []
    for time in (session.wall_starts, session.wall_ends):
        if time is None:
            moments.append(None)
        else:
            wall = dt.datetime.combine(day, time)
            moments.append(walltime.instant(wall, session.zone, second=second))
    begins, ends = moments
    if begins is None:
        raise ValidationError(_("Say at which hours it is before you repeat it."))
    if ends is not None and ends <= begins:
        raise ValidationError(_("It ends before it begins."))
    return Occurrence(
        day,
        second,
        host=Clock.of(session.zone, begins, ends),
        reader=Clock.of(zone, begins, ends),
    )


def _noted(row: Occurrence, before: Occurrence | None) -> Occurrence:
    """With a note where clocks were changed since the day before."""
    if before is None or row.host is None or before.host is None:
        return row
    if row.reader is None or before.reader is None:
        return row
    notes = []
    if row.second is not None:
        notes.append(_("This hour comes twice on this day. Choose one of the two."))
    if row.host.offset != before.host.offset:
        notes.append(
            _("Clocks in %(place)s: from %(before)s to %(now)s.")
            % {"place": row.host.place, "before": before.host.offset, "now": row.host.offset}
        )
    if row.reader.hour != before.reader.hour:
        notes.append(
            _("For you at %(hour)s instead of %(before)s.")
            % {"hour": row.reader.hour, "before": before.reader.hour}
        )
    return Occurrence(row.day, row.second, row.host, row.reader, row.problem, " ".join(notes))
