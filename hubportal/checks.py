"""What the production profile refuses to run with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.http.request import validate_host

from validation import signing

PORTAL = "portal"
SAMPLE_KEYS = ("django-insecure-", "change", "secret", "example", "sample", "test")
SHORTEST_KEY = 50
FEWEST_CHARACTERS = 10
#: What a mail provider shows with its reports.
SHORTEST_SECRET = 20


@register(PORTAL)
def sqlite_keeps_writes(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """With Django's own SQLite settings, simultaneous writers lose writes to "locked"."""
    found: list[CheckMessage] = []
    for alias in connections:
        given = connections[alias].settings_dict
        if not str(given["ENGINE"]).endswith("sqlite3"):
            continue
        options = given.get("OPTIONS", {})
        start = str(options.get("init_command", "")).lower().replace(" ", "")
        lacks = [
            name
            for name, present in {
                "journal_mode=WAL": "journal_mode=wal" in start,
                "transaction_mode=IMMEDIATE": options.get("transaction_mode") == "IMMEDIATE",
                "a timeout of 5 s or more": (options.get("timeout") or 0) >= 5,
            }.items()
            if not present
        ]
        if lacks:
            found.append(
                Error(
                    f"The SQLite database {alias!r} loses writes: it lacks {', '.join(lacks)}.",
                    hint="Name it by DATABASE_URL=sqlite:///… and leave its options alone.",
                    id="portal.E001",
                )
            )
    return found


@register(PORTAL)
def production_is_safe(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Secrets that are secret, nothing that is for development only."""
    if settings.HUB_PROFILE != "production":
        return []
    found: list[CheckMessage] = []
    if settings.CELERY_TASK_ALWAYS_EAGER:
        found.append(
            Error("Tasks run inside requests: a slow mail server stops pages.", id="portal.E002")
        )
    if weakness := _weakness(settings.SECRET_KEY):
        found.append(
            Error(
                f"SECRET_KEY {weakness}.",
                hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
                id="portal.E003",
            )
        )
    if weakness := _record_key_weakness():
        found.append(
            Error(
                weakness,
                hint="Make one: openssl rand -base64 32. Former keys: base64 or paths of files.",
                id="portal.E009",
            )
        )
    if weakness := _weakness(settings.AUDIT_KEY):
        found.append(
            Error(
                f"AUDIT_KEY {weakness}.",
                hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
                id="portal.E008",
            )
        )
    elif settings.AUDIT_KEY == settings.SECRET_KEY:
        found.append(
            Error("AUDIT_KEY must differ from SECRET_KEY, which changes.", id="portal.E008")
        )
    if settings.DEBUG:
        found.append(Error("DEBUG shows settings and code to visitors.", id="portal.E004"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS must name this portal's hosts.", id="portal.E005"))
    address = urlsplit(settings.PORTAL_URL)
    if address.scheme != "https" and settings.SECURE_SSL_REDIRECT:
        found.append(Error("PORTAL_URL must begin with https://", id="portal.E006"))
    if not validate_host(address.hostname or "", settings.ALLOWED_HOSTS):
        found.append(Error("ALLOWED_HOSTS lacks the host of PORTAL_URL.", id="portal.E007"))
    return found


@register(PORTAL)
def reports_are_signed(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A provider's reports stop mails to people, so whoever sends them has to know a secret."""
    if not settings.MAIL_PROVIDER:
        return []
    given: Any = settings.ANYMAIL.get("WEBHOOK_SECRET") or []
    secrets = [given] if isinstance(given, str) else given
    if secrets and all(len(each) >= SHORTEST_SECRET and ":" in each for each in secrets):
        return []
    return [
        Error(
            "ANYMAIL_SETTINGS lacks a WEBHOOK_SECRET of 20 or more characters, as name:password.",
            hint="The provider is given it in the address: https://name:password@host/mail/…",
            id="portal.E010",
        )
    ]


@register(PORTAL, deploy=True)
def production_is_whole(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What works on one machine but deserves better."""
    if settings.HUB_PROFILE != "production" or settings.REDIS_URL:
        return []
    return [
        checks.Warning(
            "Without REDIS_URL each process counts failed log-ins for itself, and tasks are "
            "handed over through a folder.",
            hint="Enough for one machine. Otherwise: REDIS_URL=redis://127.0.0.1:6379/0",
            id="portal.W001",
        )
    ]


def _weakness(key: str) -> str:
    """Why a key is not secret enough, or nothing."""
    if any(key.lower().startswith(sample) for sample in SAMPLE_KEYS):
        return "looks like one from an example"
    if len(key) < SHORTEST_KEY:
        return f"has {len(key)} characters, at least {SHORTEST_KEY} are needed"
    if len(set(key)) < FEWEST_CHARACTERS:
        return f"has only {len(set(key))} different characters"
    return ""


def _record_key_weakness() -> str:
    """Why the keys of validation records cannot be used, or nothing. Never the key itself."""
    try:
        seed = signing.private_key().private_bytes_raw()
        signing.former_keys()
    except ImproperlyConfigured as error:
        return str(error)
    if len(set(seed)) < FEWEST_CHARACTERS:
        return f"RECORD_KEY has only {len(set(seed))} different bytes."
    return ""


def refuse_unsafe_start() -> None:
    """For the programs that serve: ``manage.py`` runs the checks by itself, they do not."""
    serious = [message for message in run_checks(tags=[PORTAL]) if message.is_serious()]
    if serious:
        raise ImproperlyConfigured("\n".join(str(message) for message in serious))
