"""What the portal owes to people goes out here, whoever calls: a task, the beat, a command."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AccountMail
from core import outbox
from core.background import hasten
from notifications.kinds import Mail
from notifications.models.deliveries import Delivery
from notifications.models.devices import PushDelivery
from notifications.models.notices import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

#: In the order they are served.
SOURCES: list[type[outbox.Owed]] = [AccountMail, PushDelivery, Delivery]
#: A process asks for a sender at most once in so many seconds.
EVERY = 1.0
#: Mails that were sent or not wanted are kept so long; those given up or in doubt longer.
KEPT, KEPT_IN_DOUBT = dt.timedelta(days=30), dt.timedelta(days=180)
#: Rows removed in one transaction.
PORTION = 500
_nudged = float("-inf")


def deliver_owed(
    *, at_most: int | None = None, stopped: Callable[[], bool] = lambda: False
) -> outbox.Tally:
    """Send what is due until nothing is."""
    return outbox.drain(SOURCES, at_most=at_most, stopped=stopped)


def forget_old(now: dt.datetime | None = None) -> int:
    """Remove mails nothing is owed of any more, some at a time. Returns how many went."""
    now = now or timezone.now()
    gone, sent = 0, (Delivery.State.SENT, Delivery.State.UNWANTED)
    ended = Delivery.objects.exclude(state=Delivery.State.OWED)
    for rows in (
        ended.filter(state__in=sent, created_at__lt=now - KEPT),
        ended.filter(created_at__lt=now - KEPT_IN_DOUBT),
    ):
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:PORTION]):
            with transaction.atomic():
                # What stood in a digest has been told, and does not wait for another one.
                Notification.objects.filter(digest__in=keys).update(mail=Mail.NEVER, digest=None)
                gone += (
                    Delivery.objects.filter(pk__in=keys)
                    .delete()[1]
                    .get("notifications.Delivery", 0)
                )
    return gone


def nudge() -> None:
    """Ask for a sender once the present change is committed. Lost, the beat comes by anyway."""
    global _nudged  # noqa: PLW0603 (each process for itself)
    from notifications import tasks  # noqa: PLC0415 (tasks call this module)

    if settings.CELERY_TASK_ALWAYS_EAGER:  # tests send when they mean to
        return
    now = time.monotonic()
    if now - _nudged >= EVERY:
        _nudged = now
        hasten(tasks.drain)
