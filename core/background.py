"""Hasten what a row in the database already asks for."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)

#: Seconds a task handed over is worth running. After that the sweep has found its row, and a broker
#: that comes back need not hand over what hours have piled up.
FRESH = 30


def hasten(task: Task, **arguments: Any) -> None:
    """Hand a task over once the present change is committed.

    A broker that is away is logged and costs nothing but time: the row is there, and the
    sweep by the clock finds it. Any other error is a bug and is raised. Celery is loaded here:
    a process that only shows pages does without.
    """
    from kombu.exceptions import OperationalError  # noqa: PLC0415 (see above)

    import_module(settings.TASK_APP)

    def hand_over() -> None:
        try:
            task.apply_async(kwargs=arguments, expires=FRESH)
        except (OperationalError, OSError) as error:
            logger.warning("The broker does not answer, %s has to wait: %s", task.name, error)

    transaction.on_commit(hand_over)
