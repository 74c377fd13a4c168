"""Logs, counters and error reports. None of them holds a secret or the text of a mail."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

REMOVED = "[removed]"
SECRET_NAMES = re.compile(
    r"pass(word|wd|phrase)|secret|token|cookie|authorization|credential|api.?key|csrf|session|"
    r"(^|_)body$|recovery|otp",
    re.IGNORECASE,
)
# Addresses that are keys themselves: password reset, e-mail confirmation, the end of one kind of
# mail, the feed of notifications, personal calendar.
SECRET_PATHS = re.compile(
    r"(/(?:reset/key|confirm-email|notifications/(?:stop|feed))/|/events/mine/(?!calendar/))[^/\s?]+"
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = Counter("portal_requests", "Requests answered", ["method", "view", "status"])
SECONDS = Histogram(
    "portal_request_seconds",
    "Time to answer",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
TASKS = Counter("portal_tasks", "Background tasks ended", ["task", "outcome"])
TASK_SECONDS = Histogram(
    "portal_task_seconds",
    "Time a background task took",
    ["task"],
    buckets=(0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 300.0),
)


def hide_secrets(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank what must not reach a log: secrets by name, and addresses that are keys."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = REMOVED
        elif name == "request" and isinstance(value, str):
            event[name] = public_address(value)
    return event


def public_address(address: str) -> str:
    """An address without its query, which may hold what somebody typed, and without keys."""
    path, question, _ = address.partition("?")
    return SECRET_PATHS.sub(rf"\1{REMOVED}", path) + ("?…" if question else "")


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    hide_secrets,
]


def line_formatter(*, json: bool = True) -> logging.Formatter:
    """One line per event, whoever logs it: JSON in production, for people otherwise."""
    renderer = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(colors=False)]
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        foreign_pre_chain=SHARED,
    )


def logging_config(*, json: bool, level: str = "INFO") -> dict[str, Any]:
    """Settings for ``logging``: everything goes to standard error, in one form."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": line_formatter, "json": json}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Replaces Django's own handlers; request lines come from the middleware.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"level": "CRITICAL"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody can send one
            # Tasks are told once each, by their start and end; the folder broker has no host.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "kombu.connection": {"level": "ERROR"},
        },
    }


def set_up_structlog() -> None:
    """Send structlog's events through ``logging``, so that every line has one form."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def set_up_sentry(dsn: str, *, environment: str, sample: float = 0.0) -> None:
    """Report errors to Sentry, without persons, bodies or values of variables."""
    import sentry_sdk  # noqa: PLC0415 (80 ms that only those with Sentry pay)

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=sample,
        before_send=without_secrets,
    )


def without_secrets(event: Any, hint: Any) -> Any:
    """The report without cookies, headers with secrets, query and keys in the address."""
    request = event.get("request") or {}
    request.pop("cookies", None)
    request.pop("query_string", None)
    if "url" in request:
        request["url"] = public_address(request["url"])
    headers = request.get("headers") or {}
    for name in list(headers):
        if SECRET_NAMES.search(name):
            headers[name] = REMOVED
    return event


class CountRequests:
    """Count every answer by view and status, and how long it took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.view_name or "unnamed") if match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, view, response.status_code).inc()
        SECONDS.labels(view).observe(time.perf_counter() - start)
        return response


def count_task(task: str, outcome: str, seconds: float) -> None:
    TASKS.labels(task, outcome).inc()
    TASK_SECONDS.labels(task).observe(seconds)
