"""What people wish to be told, how and when: read here, for many people in few queries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from notifications.kinds import TOLD, Mail
from notifications.models.wishes import Preference, Times

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Wish:
    """How one person is told one kind."""

    in_portal: bool
    mail: Mail
    push: bool

    @property
    def nothing(self) -> bool:
        return not self.in_portal and self.mail == Mail.NEVER and not self.push


def by_itself(kind: str) -> Wish:
    """How a kind is told to somebody who wished nothing."""
    told = TOLD[kind]
    return Wish(in_portal=True, mail=told.mail, push=told.push)


def wish_of(row: Preference) -> Wish:
    """What one preference says. What cannot be switched off is mailed at once all the same."""
    told = TOLD[row.kind]
    return Wish(
        in_portal=row.in_portal or told.essential,
        mail=Mail.ONCE if told.essential else Mail(row.mail),
        push=row.push,
    )


def wishes(users: Collection[int], kinds: Collection[str]) -> Callable[[int, str], Wish]:
    """How so many people are told so many kinds. One query."""
    rows = Preference.objects.filter(user__in=users, kind__in=kinds)
    stated = {(row.user_id, row.kind): wish_of(row) for row in rows}
    usual = {kind: by_itself(kind) for kind in kinds}
    return lambda user, kind: stated.get((user, kind)) or usual[kind]


def wish(user: User, kind: str) -> Wish:
    """How one person is told one kind."""
    return wishes([user.pk], [kind])(user.pk, kind)


def times_of(user: User) -> Times:
    """When a person may be written to; unsaved where they wished nothing."""
    return Times.objects.filter(user=user).first() or Times(user=user)


def quiet_until(times: Times, zone: str, now: dt.datetime) -> dt.datetime | None:
    """The end of the quiet hours that last at this moment, or None if none do.

    Quiet hours are those of the clock on the person's wall. They may go over midnight. In the night
    in which an hour comes twice, an end within it is the first one, or the second once that has
    passed.
    """
    begin, end = times.quiet_from, times.quiet_until
    if begin is None or end is None or begin == end:
        return None
    here = now.astimezone(ZoneInfo(zone or "UTC"))
    wall = here.time().replace(tzinfo=None)
    over_midnight = begin > end
    is_quiet = (wall >= begin or wall < end) if over_midnight else begin <= wall < end
    if not is_quiet:
        return None
    day = here.date() + dt.timedelta(days=1 if over_midnight and wall >= begin else 0)
    until = dt.datetime.combine(day, end, tzinfo=here.tzinfo)
    # Compared as moments: two times of one zone would be compared by what the wall shows.
    return until if until.timestamp() > now.timestamp() else until.replace(fold=1)
