"""Zones that a calendar file brings along: the rules of a VTIMEZONE, read with care.

They are taken out of the text before a library reads it: rules may be written so that working
them out takes hours, and what one file calls a zone must not be what another one means by it.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: As the library joins lines that were folded.
_FOLD = re.compile(r"(?:(?<!\n)\r\n|(?<![\r\n])\n)(?:\r?\n)*[ \t]")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})(?:\d{2})?")
_WALL = re.compile(r"\d{8}T\d{6}")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})Z?)?")
_DAY = re.compile(r"(-?\d)?(MO|TU|WE|TH|FR|SA|SU)")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_ZONES = 20
MOST_CHANGES = 200
YEARS = range(1900, 2101)
#: A day like the fifth Sunday of a month or 29 February comes at least once in so many years.
RARE = 12


@dataclass(frozen=True, slots=True)
class Rule:
    """One day of every year on which the clocks are moved: "the last Sunday in March"."""

    month: int
    weekday: int | None = None
    nth: int = 0
    days: tuple[int, ...] = ()
    until: dt.datetime | None = None

    @classmethod
    def of(cls, text: str, starts: dt.datetime) -> Rule:
        """Refuses every rule that is no such day."""
        parts = dict(part.split("=", 1) for part in text.upper().split(";") if part)
        known = {"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST"}
        if parts.get("FREQ") != "YEARLY" or parts.get("INTERVAL", "1") != "1" or set(parts) - known:
            raise ValueError(text)
        weekday, nth = None, 0
        if "BYDAY" in parts:
            match = _DAY.fullmatch(parts["BYDAY"])
            if match is None:
                raise ValueError(text)
            weekday, nth = _WEEKDAYS.index(match[2]), int(match[1] or 0)
        days = tuple(int(day) for day in parts.get("BYMONTHDAY", "").split(",") if day)
        if weekday is None and not days:
            days = (starts.day,)
        if weekday is not None and not nth and not days:
            raise ValueError(text)
        month = int(parts.get("BYMONTH", starts.month))
        if not 1 <= month <= 12:
            raise ValueError(text)
        return cls(month, weekday, nth, days, _until(parts.get("UNTIL", "")))

    def day_in(self, year: int) -> dt.date | None:
        """The day in that year, if it has one."""
        last = calendar.monthrange(year, self.month)[1]
        dates = [dt.date(year, self.month, number) for number in range(1, last + 1)]
        if self.days:
            wanted = {day if day > 0 else last + 1 + day for day in self.days}
            dates = [date for date in dates if date.day in wanted]
        if self.weekday is not None:
            dates = [date for date in dates if date.weekday() == self.weekday]
        place = self.nth - 1 if self.nth > 0 else self.nth
        return dates[place] if -len(dates) <= place < len(dates) else None


def _until(text: str) -> dt.datetime | None:
    if not text:
        return None
    match = _UNTIL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return _wall(f"{match[1]}T{match[2] or '235959'}")


@dataclass(slots=True)
class Observance:
    """One part of a zone's year: since when, and how far from UTC before and then."""

    starts: dt.datetime
    before: dt.timedelta
    offset: dt.timedelta
    rule: Rule | None = None
    others: list[dt.datetime] = field(default_factory=list)

    def latest(self, wall: dt.datetime) -> dt.datetime | None:
        """When it last began up to that hour."""
        found = [moment for moment in (self.starts, *self.others) if moment <= wall]
        if self.rule is not None:
            until = self.rule.until  # said in UTC
            end = wall if until is None else min(wall, until + self.before)
            for year in range(end.year, max(self.starts.year, end.year - RARE) - 1, -1):
                day = self.rule.day_in(year)
                moment = dt.datetime.combine(day, self.starts.time()) if day else None
                if moment and self.starts <= moment <= end:
                    found.append(moment)
                    break
        return max(found, default=None)


@dataclass(slots=True)
class Rules:
    """A zone as a file explains it."""

    observances: list[Observance]

    def instant(self, wall: dt.datetime) -> dt.datetime:
        """What an hour on the wall of the zone is. The first of two of one name."""
        if wall.year not in YEARS:
            raise ValidationError(_("Its time cannot be read."))
        begun = [(since, part) for part in self.observances if (since := part.latest(wall))]
        if not begun:
            first = min(self.observances, key=lambda part: part.starts)
            return _at(wall, first.before)
        since, part = max(begun, key=lambda pair: pair[0])
        shift = part.offset - part.before
        if wall < since + shift:
            raise ValidationError(
                _("This time does not exist there: the clocks are put forward. Choose another."),
                code="nonexistent",
            )
        return _at(wall, part.offset)


def _at(wall: dt.datetime, offset: dt.timedelta) -> dt.datetime:
    return (wall - offset).replace(tzinfo=dt.UTC)


# --- Reading them --------------------------------------------------------------------------------


def rules_of(text: str) -> tuple[str, dict[str, Rules]]:
    """The text of a calendar without its zones, and the zones it explains by their names."""
    rest: list[str] = []
    found: dict[str, Rules] = {}
    block: list[str] | None = None
    for line in _FOLD.sub("", text).split("\n"):
        mark = line.strip().upper()
        if block is None and mark.startswith("BEGIN") and mark.endswith("VTIMEZONE"):
            block = []
        elif block is None:
            rest.append(line)
        elif mark == "END:VTIMEZONE":
            if len(found) < MOST_ZONES:
                _add(block, found)
            block = None
        else:
            block.append(line)
    return "\n".join(rest), found


def _add(block: list[str], found: dict[str, Rules]) -> None:
    """The zone of these lines under its name, unless its rules are not understood."""
    name = ""
    parts: list[dict[str, list[str]]] = []
    for line in block:
        key, _colon, value = line.partition(":")
        key, value = key.partition(";")[0].strip().upper(), value.strip()
        if key == "TZID":
            name = value
        elif key == "BEGIN" and value.upper() in ("STANDARD", "DAYLIGHT"):
            parts.append({})
        elif parts:
            parts[-1].setdefault(key, []).append(value)
    if not name or not parts or len(parts) > MOST_CHANGES:
        return
    try:
        found.setdefault(name, Rules([_observance(part) for part in parts]))
    except (LookupError, ValueError):
        return


def _observance(part: dict[str, list[str]]) -> Observance:
    starts = _wall(part["DTSTART"][0])
    rules = part.get("RRULE", [])
    moments = [moment for value in part.get("RDATE", []) for moment in value.split(",")]
    if len(rules) > 1 or len(moments) > MOST_CHANGES:
        raise ValueError("rules that are not understood")
    return Observance(
        starts=starts,
        before=_offset(part["TZOFFSETFROM"][0]),
        offset=_offset(part["TZOFFSETTO"][0]),
        rule=Rule.of(rules[0], starts) if rules else None,
        others=[_wall(moment) for moment in moments],
    )


def _wall(text: str) -> dt.datetime:
    if _WALL.fullmatch(text) is None:
        raise ValueError(text)
    return dt.datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 (an hour on a wall)


def _offset(text: str) -> dt.timedelta:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(text)
    found = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
    if found >= dt.timedelta(hours=24):
        raise ValueError(text)
    return -found if match[1] == "-" else found
