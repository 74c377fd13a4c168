"""When the clocks of a place change, as a calendar file tells it (``VTIMEZONE``).

Written here rather than by the calendar library, which puts the spring change an hour late and
lists every date. Most places follow a rule, like "the last Sunday of March"; what has none, like
a change that follows Ramadan, is told change by change.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

from core import walltime

DAY = dt.timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: A rule is believed if it held so many years in a row.
YEARS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """The moment the clocks are moved, as the clocks show it that still run the old way."""

    at: dt.datetime
    before: dt.timedelta
    after: dt.timedelta
    is_summer: bool
    name: str

    @property
    def kind(self) -> tuple[object, ...]:
        """Changes of one rule have this in common."""
        moment = self.at
        return (
            moment.month, moment.weekday(), moment.time(), self.before, self.after,
            self.is_summer, self.name,
        )  # fmt: skip


@lru_cache(maxsize=256)
def rules_of(name: str, first: int, last: int) -> Timezone:
    """The clocks of a place from the first year to the last, and beyond where a rule holds."""
    rules = Timezone()
    rules.add("tzid", name)
    beginning, changes = _changes(name, first, last)
    rules.add_component(_observance([beginning], ""))
    for group in _by_rule(changes):
        rule = _rule(group) if len(group) >= YEARS else ""
        if not rule:
            for change in group:
                rules.add_component(_observance([change], ""))
            continue
        if group[-1].at.year < last - 1:  # later than any reading of the zone of "until"
            rule += f";UNTIL={group[-1].at.year}1231T235959Z"
        rules.add_component(_observance(group, rule))
    return rules


def _changes(name: str, first: int, last: int) -> tuple[Change, list[Change]]:
    """How the clocks run when the first year begins, and each change until the last begins."""
    place = walltime.zone(name)

    def clock(moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(place)

    def told(moment: dt.datetime, before: dt.timedelta) -> Change:
        local = clock(moment)
        after = local.utcoffset() or dt.timedelta()
        at = (moment + before).replace(tzinfo=None)
        return Change(at, before, after, bool(local.dst()), local.tzname() or name)

    now = dt.datetime(first, 1, 1, tzinfo=dt.UTC)
    end = dt.datetime(last, 1, 1, tzinfo=dt.UTC)
    offset = clock(now).utcoffset() or dt.timedelta()
    beginning, found = told(now, offset), []
    while now < end:
        later = now + DAY
        if clock(later).utcoffset() != offset:
            while later - now > dt.timedelta(seconds=1):
                middle = (now + (later - now) / 2).replace(microsecond=0)
                if clock(middle).utcoffset() == offset:
                    now = middle
                else:
                    later = middle
            found.append(told(later, offset))
            offset = found[-1].after
        now = later
    return beginning, found


def _by_rule(changes: list[Change]) -> list[list[Change]]:
    """Changes that follow one rule year after year, together; in the order of their beginning."""
    groups: list[list[Change]] = []
    running: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        group = running.get(change.kind)
        if (
            group is None
            or change.at.year != group[-1].at.year + 1
            or not (_rule([*group, change]))
        ):
            group = running[change.kind] = []
            groups.append(group)
        group.append(change)
    return groups


def _rule(group: list[Change]) -> str:
    """The rule of these changes: the second Sunday, the last one, or the Friday from the 23rd on;
    empty if there is none."""
    first = group[0].at
    weekday, days = WEEKDAYS[first.weekday()], [change.at.day for change in group]
    start = f"FREQ=YEARLY;BYMONTH={first.month};"
    if len({(day - 1) // 7 for day in days}) == 1 and days[0] <= 28:
        return f"{start}BYDAY={(days[0] - 1) // 7 + 1}{weekday}"
    if all(
        change.at.day > calendar.monthrange(change.at.year, change.at.month)[1] - 7
        for change in group
    ):
        return f"{start}BYDAY=-1{weekday}"
    if max(days) - min(days) == 6 and len(days) > YEARS:
        window = ",".join(str(day) for day in range(min(days), max(days) + 1))
        return f"{start}BYMONTHDAY={window};BYDAY={weekday}"
    return ""


def _observance(group: list[Change], rule: str) -> TimezoneStandard | TimezoneDaylight:
    change = group[0]
    made = TimezoneDaylight() if change.is_summer else TimezoneStandard()
    made.add("dtstart", change.at)
    made.add("tzoffsetfrom", change.before)
    made.add("tzoffsetto", change.after)
    made.add("tzname", change.name)
    if rule:
        made.add("rrule", vRecur.from_ical(rule))
    return made
