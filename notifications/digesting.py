"""Digests: what waits for one is bound to it when its hour has come, once a day or week.

Nothing here depends on the clock coming by in time. What is due follows from the last moment a
digest was due in the person's zone; the unique row of that day makes a doubled clock harmless, and
one that was away for a day is made up for.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from accounts.models import Profile
from core.outbox import message_domain
from notifications.kinds import Mail, Rank
from notifications.models.deliveries import Delivery
from notifications.models.notices import Notification
from notifications.models.wishes import Times

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: People looked at in one go.
PORTION = 500
#: A digest that could not be sent by then is not sent: the next one comes.
GOOD_FOR = {Mail.DAILY: dt.timedelta(days=1), Mail.WEEKLY: dt.timedelta(days=4)}


def last_due(times: Times, zone: str, mail: str, now: dt.datetime) -> dt.datetime:
    """The last moment at which a digest was due for somebody. An hour the clocks skip counts as
    the hour after."""
    here = now.astimezone(ZoneInfo(zone or "UTC"))
    day = here.date()
    if mail == Mail.WEEKLY:
        day -= dt.timedelta(days=(day.weekday() - times.digest_weekday) % 7)
    due = dt.datetime.combine(day, dt.time(times.digest_hour), tzinfo=here.tzinfo)
    if due > here:
        back = dt.timedelta(days=7 if mail == Mail.WEEKLY else 1)
        due = dt.datetime.combine(day - back, dt.time(times.digest_hour), tzinfo=here.tzinfo)
    return due


def owe_digests(now: dt.datetime | None = None) -> int:
    """Owe every digest whose hour has come. Returns how many are new."""
    now = now or timezone.now()
    owed = after = 0
    while True:
        waiting = Notification.objects.for_digests().filter(user_id__gt=after)
        groups = list(
            waiting.order_by("user_id", "mail")
            .values("user_id", "mail")
            .annotate(oldest=Min("told_at"))[: PORTION * 2]
        )
        if not groups:
            return owed
        full = len(groups) == PORTION * 2
        last = groups[-1]["user_id"]
        if full and groups[0]["user_id"] != last:  # the last one may have a second row
            groups = [row for row in groups if row["user_id"] != last]
        after = groups[-1]["user_id"]
        keys = {row["user_id"] for row in groups}
        times = {row.user_id: row for row in Times.objects.filter(user__in=keys)}
        zones: Mapping[int, str] = dict(
            Profile.objects.filter(user__in=keys).values_list("user_id", "time_zone")
        )
        for row in groups:
            user = row["user_id"]
            due = last_due(times.get(user) or Times(), zones.get(user, "UTC"), row["mail"], now)
            if row["oldest"] < due:
                owed += owe_digest(user, row["mail"], due, now=now)
        if not full:
            return owed


@transaction.atomic
def owe_digest(user_id: int, mail: str, due: dt.datetime, *, now: dt.datetime) -> bool:
    """One digest, with everything that waits for it. False if that day has one already."""
    delivery = Delivery(
        user_id=user_id,
        sort=mail,
        rank=Rank.DIGEST,
        period=due.date(),
        message_id=f"<{uuid.uuid4().hex}@{message_domain()}>",
        created_at=now,
        available_at=now,
        expires_at=now + GOOD_FOR[Mail(mail)],
    )
    Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
    made = Delivery.objects.filter(message_id=delivery.message_id).first()
    if made is None:
        return False
    waiting = Notification.objects.for_digests().filter(user_id=user_id, mail=mail)
    waiting.update(digest=made)
    return True


def keep_for_next(delivery: Delivery, *, besides: Collection[int]) -> None:
    """What this digest has no space for, and what does not stand in the portal either, waits for
    the next one. ``besides`` are the keys of what it says."""
    left = Notification.objects.filter(digest=delivery, read_at=None, in_portal=False)
    left.exclude(pk__in=besides).update(digest=None)
