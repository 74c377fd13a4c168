"""Until when something is open, as people say it: a day, an hour, at a place."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core import walltime


def last_moment(day: dt.date, hour: dt.time | None, zone: str) -> dt.datetime:
    """The instant; without an hour the end of that day. Of an hour that comes twice the later
    one, since "until" promises it; one that the clocks leave out is refused."""
    try:
        wall = dt.datetime.combine(day, hour or dt.time.min)
        if hour is None:
            # The first moment of the next day: a midnight can be missing, that moment cannot.
            next_day = (wall + dt.timedelta(days=1)).replace(tzinfo=walltime.zone(zone))
            return next_day.astimezone(dt.UTC) - dt.timedelta(minutes=1)
        return walltime.instant(wall, zone, second=True)
    except (OverflowError, ValueError):
        raise ValidationError(_("Choose another day.")) from None
