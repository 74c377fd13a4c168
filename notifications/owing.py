"""Who is told what becomes rows: a notification each, and a mail where one is wished at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from core.outbox import message_domain
from notifications.kinds import TOLD, Mail
from notifications.models.deliveries import Delivery
from notifications.models.notices import Letter, Notice, Notification
from notifications.wishing import wishes

if TYPE_CHECKING:
    from collections.abc import Sequence

#: No mail is of use for longer.
LAST = dt.datetime.max.replace(tzinfo=dt.UTC)
#: Called with every portion that was told, inside its transaction: other ways to reach people.
OTHER_WAYS: list[Callable[[Sequence[Notification], Callable[[int, str], bool]], None]] = []


@dataclass(frozen=True, slots=True)
class ToTell:
    """One person who is to be told of a notice, why, and in which words, where they are fixed."""

    user_id: int
    reason: str
    kind: str
    letter: Letter | None = None


def tell_people(notice: Notice, people: Iterable[ToTell]) -> int:
    """Write down that these people are told, as each of them wishes. Returns how many are.

    To be called in the transaction that makes sure that nobody is told twice.
    """
    people = list(people)
    wish = wishes([one.user_id for one in people], {one.kind for one in people})
    now = timezone.now()
    rows = []
    for one in people:
        wished = wish(one.user_id, one.kind)
        if not wished.nothing:
            rows.append(
                Notification(
                    notice=notice,
                    user_id=one.user_id,
                    reason=one.reason,
                    kind=one.kind,
                    letter=one.letter,
                    told_at=now,
                    in_portal=wished.in_portal,
                    mail=wished.mail,
                )
            )
    rows = _counted(rows)
    Notification.objects.bulk_create(rows)
    Delivery.objects.bulk_create(
        [
            Delivery(
                user_id=row.user_id,
                sort=Delivery.Sort.NOTICE,
                kind=row.kind,
                rank=TOLD[row.kind].rank,
                notification=row,
                message_id=f"<{uuid.uuid4().hex}@{message_domain()}>",
                created_at=now,
                available_at=now,
                expires_at=min(now + TOLD[row.kind].good_for, notice.until or LAST),
            )
            for row in rows
            if row.mail == Mail.ONCE
        ]
    )
    for way in OTHER_WAYS:
        way(rows, lambda user, kind: wish(user, kind).push)
    return len(rows)


def _counted(rows: list[Notification]) -> list[Notification]:
    """Count them at the bells of their people, and leave out whose account is gone by now. Whoever
    is counted stays until the end of the transaction: the change holds the account."""
    counted = [row.user_id for row in rows if row.in_portal]
    there = User.objects.filter(pk__in=counted).update(unread=F("unread") + 1)
    if there == len(rows):
        return rows
    keys = [row.user_id for row in rows]
    held = User.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    present = set(held.values_list("pk", flat=True))
    return [row for row in rows if row.user_id in present]


@transaction.atomic
def show_in_portal(user: User, rows: QuerySet[Notification]) -> None:
    """What somebody wished by mail only is shown in the portal after all, since it is not mailed
    now: it would be told nowhere."""
    changed = rows.filter(user=user, in_portal=False).update(in_portal=True)
    if changed:
        User.objects.filter(pk=user.pk).update(unread=F("unread") + changed)
