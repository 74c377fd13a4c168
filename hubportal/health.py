"""What machines ask: is the process alive, can it serve, what has it counted."""

from __future__ import annotations

import datetime as dt
import hmac
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q, Sum
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
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.models import AccountMail
from catalogue.models import Submission
from core.held import IN_DOUBT
from notifications.kinds import Rank
from notifications.models import Address, Delivery, Notice, Notification, ReportCount

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
    queues.register(Mails())
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


class Mails(Collector):
    """What is owed, in doubt and came back, from the rows. Each number is one indexed query."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from self._owed(now)
        yield from self._ended()
        notices = GaugeMetricFamily("portal_notices_owed", "Facts people are still to be told")
        oldest = GaugeMetricFamily("portal_notices_owed_oldest_seconds", "Age of the oldest")
        found = Notice.objects.filter(done_at=None).aggregate(n=Count("pk"), at=Min("happened_at"))
        notices.add_metric([], found["n"])
        oldest.add_metric([], _seconds(now, found["at"]))
        yield notices
        yield oldest
        waiting = GaugeMetricFamily("portal_digests_waiting", "Notifications that wait for one")
        waiting.add_metric([], Notification.objects.for_digests().count())
        yield waiting
        stopped = GaugeMetricFamily("portal_addresses_stopped", "Addresses not mailed to")
        stopped.add_metric(
            [],
            Address.objects.filter(
                Q(stopped_until__gt=now) | Q(complained_at__isnull=False)
            ).count(),
        )
        yield stopped
        reports = CounterMetricFamily(
            "portal_mail_reports", "Reports of mail servers, kept a year", labels=["outcome"]
        )
        for outcome, number in (
            ReportCount.objects.values_list("outcome").annotate(Sum("number")).order_by("outcome")
        ):
            reports.add_metric([outcome], number)
        yield reports

    def _owed(self, now: dt.datetime) -> Iterator[Metric]:
        """By sort and rank; the oldest one asked for, and since when the first could be sent."""
        owed = GaugeMetricFamily("portal_mail_owed", "Mails owed", labels=["sort", "rank"])
        oldest = GaugeMetricFamily(
            "portal_mail_owed_oldest_seconds", "Since when it is owed", labels=["sort", "rank"]
        )
        due = GaugeMetricFamily(
            "portal_mail_due_seconds", "How long one waits for a sender", labels=["sort", "rank"]
        )
        is_due = Q(available_at__lte=now)
        sums = {
            "n": Count("pk"),
            "at": Min("created_at"),
            "due": Min("available_at", filter=is_due),
        }
        rows: list[tuple[str, str, Mapping[str, Any]]] = [
            (each["sort"], Rank(each["rank"]).name.lower(), each)
            for each in Delivery.objects.filter(state=Delivery.State.OWED)
            .order_by("rank", "sort")
            .values("rank", "sort")
            .annotate(**sums)
        ]
        account = AccountMail.objects.filter(state=AccountMail.State.OWED).order_by()
        rows.append(("account", "urgent", account.aggregate(**sums)))
        for sort, rank, found in rows:
            owed.add_metric([sort, rank], found["n"])
            oldest.add_metric([sort, rank], _seconds(now, found["at"]))
            due.add_metric([sort, rank], _seconds(now, found["due"]))
        yield owed
        yield oldest
        yield due

    def _ended(self) -> Iterator[Metric]:
        """What a person should look at."""
        held = GaugeMetricFamily("portal_mail_held", "Mails in doubt", labels=["of", "state"])
        for name, model in (("notification", Delivery), ("account", AccountMail)):
            found = dict.fromkeys(IN_DOUBT, 0) | dict(
                model._base_manager.filter(state__in=IN_DOUBT)
                .order_by()
                .values_list("state")
                .annotate(Count("pk"))
            )
            for state, number in sorted(found.items()):
                held.add_metric([name, str(state)], number)
        yield held


def _seconds(now: dt.datetime, since: dt.datetime | None) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


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
