"""What the portal owes to people goes out here, whoever calls: a task, the beat, a command."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings

from accounts.models import AccountMail
from core import outbox
from core.background import hasten
from notifications.models.deliveries import Delivery
from notifications.models.devices import PushDelivery

if TYPE_CHECKING:
    from collections.abc import Callable

#: In the order they are served.
SOURCES: list[type[outbox.Owed]] = [AccountMail, PushDelivery, Delivery]
#: A process asks for a sender at most once in so many seconds.
EVERY = 1.0
_nudged = float("-inf")


def deliver_owed(
    *, at_most: int | None = None, stopped: Callable[[], bool] = lambda: False
) -> outbox.Tally:
    """Send what is due until nothing is."""
    return outbox.drain(SOURCES, at_most=at_most, stopped=stopped)


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
