"""Typed readers for environment variables, so that settings are one readable file."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def require(*names: str) -> None:
    """Refuse to start, naming every variable that is missing."""
    missing = [name for name in names if not text(name)]
    if missing:
        msg = f"The production profile does not start without: {', '.join(missing)}"
        raise ImproperlyConfigured(msg)


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    lowered = value.strip().lower()
    if lowered in TRUE:
        return True
    if lowered in FALSE:
        return False
    msg = f"{name}={value!r} is neither yes nor no."
    raise ImproperlyConfigured(msg)


def number(name: str, default: int) -> int:
    value = text(name)
    try:
        return int(value) if value else default
    except ValueError as error:
        msg = f"{name}={value!r} is not a whole number."
        raise ImproperlyConfigured(msg) from error


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret_file(path: Path, *, size: int = 48) -> str:
    """A secret of so many random bytes, as URL-safe text, kept in a file of this installation.

    Made at first use, outside production only. Several processes may start at once; the first
    to put its file there decides for all.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        own = path.with_name(f"{path.name}.{os.getpid()}")
        own.touch(mode=0o600)
        own.write_text(secrets.token_urlsafe(size))
        with suppress(FileExistsError):
            path.hardlink_to(own)
        own.unlink()
    return path.read_text().strip()


def database(url: str, *, sqlite_default: Path) -> dict[str, object]:
    """Django's database settings for ``sqlite:///file`` or ``postgres://user:password@host:port/name``.

    SQLite always runs with write-ahead logging and ``BEGIN IMMEDIATE``: with Django's
    defaults, eight writers lose most of their writes to "database is locked".
    """
    url = url or f"sqlite:///{sqlite_default}"
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        name = url.removeprefix("sqlite:///")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(name),
            # To open the file and read its tables anew would cost more than most pages.
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        options = dict(parse_qsl(parts.query))
        options.setdefault("options", "-c lock_timeout=3000 -c statement_timeout=15000")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    msg = f"DATABASE_URL: {parts.scheme!r} is not known; use sqlite:/// or postgres://"
    raise ImproperlyConfigured(msg)


def provider(value: str, *, timeout: int) -> dict[str, object]:
    """Settings of django-anymail for one provider, from a JSON object.

    Nobody's reading or clicking is followed, and the provider is waited for no longer than a mail
    server would be.
    """
    try:
        given = json.loads(value or "{}")
    except ValueError as error:
        msg = "ANYMAIL_SETTINGS is no JSON."
        raise ImproperlyConfigured(msg) from error
    if not isinstance(given, dict):
        msg = (
            'ANYMAIL_SETTINGS: use a JSON object, {"MAILGUN_API_KEY": "…", "WEBHOOK_SECRET": "a:b"}'
        )
        raise ImproperlyConfigured(msg)
    usual: dict[str, object] = {
        "REQUESTS_TIMEOUT": timeout,
        "IGNORE_UNSUPPORTED_FEATURES": True,
        "SEND_DEFAULTS": {"track_clicks": False, "track_opens": False},
    }
    return usual | given


def email(url: str) -> dict[str, object]:
    """Mail settings for ``smtp://user:password@host:port`` (``smtps`` for TLS, ``?starttls=1``)."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"}:
        msg = "EMAIL_URL: use smtp://user:password@host:port or smtps://…"
        raise ImproperlyConfigured(msg)
    query = dict(parse_qsl(parts.query))
    return {
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": query.get("starttls") == "1",
    }
