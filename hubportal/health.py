"""What machines ask: is the process alive, can it serve, what has it counted."""

from __future__ import annotations

import hmac
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.models import AccountMail
from catalogue.models import Submission

BROKER_PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}
BROKER_SECONDS = 0.5


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else, so a database outage restarts nothing."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Pages can be served: the database answers and has every migration.

    The broker is reported and does not count: rows in the database are the record of what
    is owed, so pages work without it.
    """
    database, migrations = _database()
    answer = {"database": database, "migrations": migrations, "broker": _broker()}
    is_ready = database == "ok" and migrations == "ok"
    status = "ready" if is_ready else "not ready"
    return JsonResponse({"status": status, **answer}, status=200 if is_ready else 503)


_migrated = False


def _database() -> tuple[str, str]:
    """State of the database and of its migrations, which are read once they are all applied."""
    global _migrated  # noqa: PLW0603 (a process that has seen them all need not look again)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            executor = MigrationExecutor(connection)
            pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
            if pending:
                return "ok", f"{pending} to apply"
            _migrated = True
    except DatabaseError:
        return "does not answer", "unknown"
    return "ok", "ok"


def _broker() -> str:
    """Whether somebody listens where tasks are handed over."""
    url = settings.CELERY_BROKER_URL
    parts = urlsplit(url)
    if parts.scheme == "filesystem":
        folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
        return "ok" if os.access(folder, os.W_OK) else "does not answer"
    port = parts.port or BROKER_PORTS.get(parts.scheme)
    if port is None:
        return "unknown"
    try:
        socket.create_connection((parts.hostname or "localhost", port), BROKER_SECONDS).close()
    except OSError:
        return "does not answer"
    return "ok"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counters of all processes of this machine, for those who may see them."""
    if not _may_see_metrics(request):
        raise Http404
    counters = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counters = CollectorRegistry()
        multiprocess.MultiProcessCollector(counters)
    queues = CollectorRegistry()
    queues.register(Queues())
    lines = generate_latest(counters) + generate_latest(queues)
    return HttpResponse(lines, content_type=CONTENT_TYPE_LATEST)


class Queues(Collector):
    """What waits in the database and for how long, read at the moment of asking."""

    def collect(self) -> Iterator[Metric]:
        number = GaugeMetricFamily("portal_waiting", "Work that waits", labels=["queue"])
        age = GaugeMetricFamily(
            "portal_waiting_oldest_seconds", "How long the oldest has waited", labels=["queue"]
        )
        now = timezone.now()
        for name, queue, since in (
            ("screening", Submission.objects.waiting(), "submitted_at"),
            ("mail", AccountMail.objects.filter(state=AccountMail.State.OWED), "created_at"),
            (
                "mail given up",
                AccountMail.objects.filter(state=AccountMail.State.DEAD),
                "created_at",
            ),
        ):
            found = queue.order_by().aggregate(number=Count("pk"), oldest=Min(since))
            number.add_metric([name], found["number"])
            age.add_metric([name], (now - (found["oldest"] or now)).total_seconds())
        yield number
        yield age


def _may_see_metrics(request: HttpRequest) -> bool:
    """The bearer of METRICS_TOKEN, or a machine of METRICS_IPS that asks without a proxy.

    A proxy on this machine makes every visitor look local; whoever comes through one is
    therefore never let in by address.
    """
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    if token and kind.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode()):
        return True
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not forwarded and request.META.get("REMOTE_ADDR") in settings.METRICS_IPS
