"""One way to say when something is: on pages, in letters, in the language of whoever reads.

What is said is worked out from instants alone. Each time carries its place and how far its clocks
are from UTC, so that an hour that comes twice is told apart and nobody has to guess whose it is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core import walltime
from events.models import Session
from participation.cities import name_of

if TYPE_CHECKING:
    from participation.timing import Span


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clocks of one place show from the beginning of something to its end."""

    zone: str
    begins: dt.datetime
    ends: dt.datetime | None

    @classmethod
    def of(cls, zone: str, begins: dt.datetime, ends: dt.datetime | None) -> Clock:
        """``zone`` is a name of the time zone database; one nobody knows is read as UTC."""
        known = zone if zone in walltime.zones() else "UTC"
        return cls(known, walltime.wall(begins, known), ends and walltime.wall(ends, known))

    @property
    def place(self) -> str:
        """The place its clocks are of, for people."""
        return name_of(self.zone)

    @property
    def offset(self) -> str:
        """How far the clocks are from UTC when it begins: "UTC+5:30"."""
        return offset_of(self.begins)

    @property
    def day(self) -> str:
        """The day it begins there: "Thursday 16 May 2013"."""
        return day_in_words(self.begins.date())

    @property
    def hour(self) -> str:
        return f"{self.begins:%H:%M}"

    @property
    def hours(self) -> str:
        """From hour to hour, with what differs at the end: another day, clocks that were moved."""
        if self.ends is None:
            return self.hour
        last = f"{self.ends:%H:%M}"
        if self.ends.date() != self.begins.date():
            last = _("%(day)s, %(hour)s") % {"day": day_in_words(self.ends.date()), "hour": last}
        if self.is_moved:
            return f"{self.hour} {self.offset} – {last} {offset_of(self.ends)}"
        return f"{self.hour} – {last}" if " " in last else f"{self.hour}–{last}"

    @property
    def is_moved(self) -> bool:
        """Whether the clocks of the place are put forward or back in between."""
        return self.ends is not None and self.ends.utcoffset() != self.begins.utcoffset()

    @property
    def is_whole_days(self) -> bool:
        """Whether only days are known: from one midnight to another."""
        midnight = dt.time.min
        return (
            self.ends is not None
            and self.begins.time() == midnight == self.ends.time()
            and self.ends.date() > self.begins.date()
        )

    @property
    def words(self) -> str:
        """All of it: "Thursday 16 May 2013, 20:00–21:15 (Jakarta, UTC+7)"."""
        said = {"day": self.day, "hours": self.hours, "place": self.place, "offset": self.offset}
        if self.is_moved:  # the hours carry both offsets
            return _("%(day)s, %(hours)s (%(place)s)") % said
        if self.place == self.offset:
            return _("%(day)s, %(hours)s %(offset)s") % said
        return _("%(day)s, %(hours)s (%(place)s, %(offset)s)") % said

    @property
    def days(self) -> str:
        """The days alone, where no hours are known."""
        last = (self.ends or self.begins) - dt.timedelta(days=1 if self.ends else 0)
        if last.date() == self.begins.date():
            return self.day
        return f"{self.day} – {day_in_words(last.date())}"


@dataclass(frozen=True, slots=True)
class TimesInWords:
    """When something is, for one reader. All are empty where nobody knows the hours."""

    #: In the reader's zone, in full.
    reader: str = ""
    #: In the zone of the host, in full.
    host: str = ""
    #: The beginning for the reader, for a subject: "16 May 2013, 20:00 (Jakarta)".
    short: str = ""
    #: Whether both show the same, so that it is said once.
    same: bool = True
    #: Whether only days are known and no hours.
    whole_days: bool = False
    #: As a letter says it: the reader's time, and the host's where it is another.
    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.host)


def times_in_words(
    session_or_span: Session | Span, zone_reader: str, zone_host: str, language: str
) -> TimesInWords:
    """When it is, in words of that language. Nothing is asked of the database."""
    begins, ends = _instants(session_or_span)
    if begins is None:
        return TimesInWords()
    with translation.override(language):
        host = Clock.of(zone_host, begins, ends)
        if host.is_whole_days:
            days, first = host.days, _date(host.begins.date())
            return TimesInWords(days, days, first, whole_days=True, lines=(days,))
        reader = Clock.of(zone_reader, begins, ends)
        same = shows_the_same(reader, host)
        both = (
            _("Your time: %(time)s") % {"time": reader.words},
            _("Time of the host: %(time)s") % {"time": host.words},
        )
        short = _("%(day)s, %(hour)s (%(place)s)") % {
            "day": _date(reader.begins.date()),
            "hour": reader.hour,
            "place": reader.place,
        }
        return TimesInWords(
            reader.words, host.words, short, same, lines=(host.words,) if same else both
        )


def shows_the_same(one: Clock, other: Clock) -> bool:
    """Whether clocks of two places stand alike all the while."""
    return one.begins.utcoffset() == other.begins.utcoffset() and (
        one.ends is None or other.ends is None or one.ends.utcoffset() == other.ends.utcoffset()
    )


def offset_of(moment: dt.datetime) -> str:
    """The distance of a clock from UTC: "UTC", "UTC+7", "UTC+5:30"."""
    seconds = int((moment.utcoffset() or dt.timedelta()).total_seconds())
    if not seconds:
        return "UTC"
    sign = "+" if seconds > 0 else "\N{MINUS SIGN}"
    hours, rest = divmod(abs(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    said = f"UTC{sign}{hours}"
    if minutes or rest:
        said += f":{minutes:02d}"
    return f"{said}:{rest:02d}" if rest else said


def day_in_words(day: dt.date) -> str:
    """A day with its name."""
    return f"{date_format(day, 'l')} {_date(day)}"


def _date(day: dt.date) -> str:
    """Day, month and year in that order in English; elsewhere the language's own long form."""
    english = (translation.get_language() or "en").startswith("en")
    return date_format(day, "j F Y" if english else "DATE_FORMAT")


def _instants(timed: Session | Span) -> tuple[dt.datetime | None, dt.datetime | None]:
    if isinstance(timed, Session):
        return timed.starts_at, timed.ends_at
    return timed.begins, timed.ends
