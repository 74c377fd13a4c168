"""The Celery application. Tasks only hasten what rows in the database already ask for."""

from __future__ import annotations

import logging
import logging.config
import os
import time
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")

#: Seconds a task asked for at the start of a worker is worth running.
WORTH = 30

app = Celery("hubportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Each with an exchange and a key of its own: by default they share one, and each gets all.
app.conf.task_queues = [
    Queue(name, Exchange(name), routing_key=name) for name in settings.TASK_QUEUES
]
app.autodiscover_tasks()
# The id of the request goes with its tasks. The receiver is named: signals hold it weakly.
request_ids = CeleryReceiver()
request_ids.connect_signals()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def log_like_the_web_server(**_: Any) -> None:
    """Keep Celery from putting its own log format in place of ours."""
    logging.config.dictConfig(settings.LOGGING)


@signals.worker_init.connect
def refuse_unsafe_start(**_: Any) -> None:
    from hubportal import checks  # noqa: PLC0415 (needs the apps to be ready)

    checks.refuse_unsafe_start()


@signals.task_prerun.connect
def note_start(task: Any, **_: Any) -> None:
    task.request.started_at = time.perf_counter()


@signals.task_postrun.connect
def note_end(task: Any, state: str | None = None, **_: Any) -> None:
    from hubportal.observability import count_task  # noqa: PLC0415 (not in every command)

    seconds = time.perf_counter() - getattr(task.request, "started_at", time.perf_counter())
    count_task(task.name, (state or "unknown").lower(), seconds)


@signals.worker_ready.connect
def begin_with_what_is_owed(**_: Any) -> None:
    """A worker that starts asks at once for what was left while none ran."""
    for name in ("notifications.tasks.tell_owed", "notifications.tasks.drain"):
        try:
            app.send_task(name, expires=WORTH)
        except (OperationalError, OSError) as error:  # the beat comes by, too
            logging.getLogger(__name__).warning("%s could not be asked for: %s", name, error)
