"""Times as people agree on them: a day, an hour and a place on earth.

A meeting at 15:00 in Mexico City stays at 15:00 when a government moves its clocks, and a
webinar every second Tuesday stays at its hour across summer time. So the wall time and the
zone are what is kept; the instant follows from them. Twice a year an hour does not exist
and another comes twice: neither is guessed.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


@cache
def zones() -> frozenset[str]:
    """The names of places whose clocks are known (IANA)."""
    return frozenset(available_timezones())


def zone(name: str) -> ZoneInfo:
    """The zone of that name; refuses one nobody knows."""
    if name not in zones():
        raise ValidationError(_("Choose a time zone from the list."), code="zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValidationError(_("Choose a time zone from the list."), code="zone") from None


def both(wall: dt.datetime, name: str) -> tuple[dt.datetime, dt.datetime]:
    """The instants a wall time can mean: the same one twice, unless its hour comes twice.

    Refuses a time that the clocks of that place leave out.
    """
    place = zone(name)
    first = wall.replace(tzinfo=place, fold=0)
    second = wall.replace(tzinfo=place, fold=1)
    back = first.astimezone(dt.UTC).astimezone(place).replace(tzinfo=None)
    if back != wall.replace(tzinfo=None, fold=0):
        raise ValidationError(
            _("This time does not exist there: the clocks are put forward. Choose another."),
            code="nonexistent",
        )
    return first.astimezone(dt.UTC), second.astimezone(dt.UTC)


def instant(wall: dt.datetime, name: str, *, second: bool | None = None) -> dt.datetime:
    """The instant of a wall time. An hour that comes twice has to be told apart by ``second``."""
    first, later = both(wall, name)
    if first == later:
        return first
    if second is None:
        raise ValidationError(
            _("This time comes twice there: the clocks are put back. Say which of the two."),
            code="ambiguous",
        )
    return later if second else first


def wall(moment: dt.datetime, name: str) -> dt.datetime:
    """What the clocks of a place show at that instant."""
    return moment.astimezone(zone(name))
