"""One moment on the clocks of several places, for the page of a webinar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format

from participation.cities import CITIES
from participation.models import zone_of
from participation.times import Clock, shows_the_same

if TYPE_CHECKING:
    from participation.reading import Around

#: When people are usually at work.
OFFICE = (9, 17)
DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Line:
    """The local day of one city, with the webinar on it."""

    name: str
    clock: Clock
    is_reader: bool
    is_host: bool
    #: Where the reader's day is another one: the day here, short.
    day: str

    @property
    def _minutes(self) -> tuple[int, int]:
        """From which minute of its day to which; what goes on after midnight is cut off."""
        begins = self.clock.begins.hour * 60 + self.clock.begins.minute
        ends = self.clock.ends
        if ends is None:
            return begins, min(begins + 60, DAY)
        if ends.date() != self.clock.begins.date():
            return begins, DAY
        return begins, max(ends.hour * 60 + ends.minute, begins)

    @property
    def is_out(self) -> bool:
        """Whether some of it is outside office hours."""
        begins, ends = self._minutes
        return begins < OFFICE[0] * 60 or ends > OFFICE[1] * 60

    @property
    def x(self) -> tuple[str, str]:
        """Where on the line of the day it begins and ends."""
        begins, ends = self._minutes
        return f"{100 * begins / DAY:.2f}%", f"{100 * ends / DAY:.2f}%"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a webinar is: for the reader, for the host, in cities from west to east."""

    reader: Clock
    host: Clock | None
    minutes: int
    lines: list[Line]
    utc: Clock


def moment_of(part: Around, zone: str) -> Moment | None:
    """None where no hours are known. The cities are left out once it is over."""
    begins, ends = part.span.begins, part.span.ends
    if begins is None:
        return None
    host = Clock.of(zone_of(part.event), begins, ends)
    if host.is_whole_days:
        return None
    reader = Clock.of(zone, begins, ends)
    alike = shows_the_same(reader, host)
    over = part.is_over or part.is_cancelled
    return Moment(
        reader=reader,
        host=None if alike else host,
        minutes=int((ends - begins).total_seconds() // 60) if ends else 0,
        lines=[] if over else _lines(reader, host, begins, ends),
        utc=Clock.of("UTC", begins, ends),
    )


def _lines(reader: Clock, host: Clock, begins: dt.datetime, ends: dt.datetime | None) -> list[Line]:
    """The eight cities, with the reader's and the host's own if their clocks are others."""
    cities = [(str(city.name), Clock.of(city.zone, begins, ends)) for city in CITIES]
    for own in (reader, host):
        zones = {clock.zone for _name, clock in cities}
        same = any(shows_the_same(own, clock) for _name, clock in cities)
        if own.zone not in zones and not same:
            cities.append((own.place, own))
    cities.sort(key=lambda row: row[1].begins.replace(tzinfo=None))
    mine, theirs = _marked(cities, reader), _marked(cities, host)
    return [
        Line(
            name=name,
            clock=clock,
            is_reader=n == mine,
            is_host=n == theirs,
            day=(
                date_format(clock.begins, "D j")
                if clock.begins.date() != reader.begins.date()
                else ""
            ),
        )
        for n, (name, clock) in enumerate(cities)
    ]


def _marked(cities: list[tuple[str, Clock]], own: Clock) -> int:
    """Which line is that of these clocks: that of the zone itself, else one that shows the same."""
    rows = list(enumerate(clock for _name, clock in cities))
    exact = [n for n, clock in rows if clock.zone == own.zone]
    return exact[0] if exact else next(n for n, clock in rows if shows_the_same(own, clock))
