"""Profiles: what production needs before it starts, and what every start is given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hubportal import env

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "HUB_PROFILE": "production",
    "SECRET_KEY": "Zk3v-9QmT7rXw2LbN8sYc5HdJ4fPgA6uE1oKiVtRyBnMxCqSaWzD0lGe",
    "RECORD_KEY": "kP0fR3xq8Zb1mC7uV5tYw2nJ6sLhD9eAgQiKoXrTzEM=",
    "AUDIT_KEY": "m7Vq-R2xTz9KcWb4LpYs8NdHf6JgUa3EoXi1CvBnQrStZyMkDwPuGe5h",
    "ALLOWED_HOSTS": "hubs.example.org",
    "PORTAL_URL": "https://hubs.example.org",
    "DATABASE_URL": "postgres://portal:word@127.0.0.1:5432/portal",
    "EMAIL_URL": "smtps://portal:word@mail.example.org",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


@pytest.fixture
def manage(tmp_path):
    """Run a management command in a process of its own, with exactly these variables."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        given = {"PATH": os.environ["PATH"], "HUB_VAR": str(tmp_path), **variables}
        command = [sys.executable, "-W", "error::DeprecationWarning", "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True)

    return run


@pytest.mark.slow
def test_production_passes_the_deployment_checks_without_a_warning(manage):
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert result.returncode == 0, result.stderr
    assert "identified no issues" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "RECORD_KEY",
        "AUDIT_KEY",
        "ALLOWED_HOSTS",
        "PORTAL_URL",
        "DATABASE_URL",
        "EMAIL_URL",
    ],
)
def test_production_does_not_start_without(manage, name):
    result = manage("check", **{**PRODUCTION, name: ""})
    assert result.returncode != 0
    assert f"The production profile does not start without: {name}\n" in result.stderr


@pytest.mark.slow
def test_the_web_server_refuses_what_the_checks_refuse(tmp_path):
    given = {**PRODUCTION, "PATH": os.environ["PATH"], "HUB_VAR": str(tmp_path)}
    given["SECRET_KEY"] = "abc"
    command = [sys.executable, "-c", "import hubportal.wsgi"]
    result = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True)
    assert result.returncode != 0
    assert "portal.E003" in result.stderr


@pytest.mark.slow
def test_an_unknown_profile_is_refused(manage):
    result = manage("check", HUB_PROFILE="produktion")
    assert result.returncode != 0
    assert "use development, test or production" in result.stderr


def test_every_missing_variable_is_named_at_once(monkeypatch):
    monkeypatch.setenv("GIVEN", "yes")
    monkeypatch.setenv("EMPTY", "  ")
    monkeypatch.delenv("ABSENT", raising=False)
    with pytest.raises(ImproperlyConfigured, match="without: EMPTY, ABSENT"):
        env.require("GIVEN", "EMPTY", "ABSENT")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("Yes", True), ("on", True), ("0", False), ("off", False), ("", False)],
)
def test_flags_read_yes_and_no(monkeypatch, value, expected):
    monkeypatch.setenv("SWITCH", value)
    assert env.flag("SWITCH", default=not expected) is expected


def test_a_flag_that_is_neither_is_refused(monkeypatch):
    monkeypatch.setenv("SWITCH", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="SWITCH"):
        env.flag("SWITCH", default=False)


def test_a_number_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("LIMIT", "many")
    with pytest.raises(ImproperlyConfigured, match="LIMIT"):
        env.number("LIMIT", 1)


def test_a_postgresql_address_becomes_settings():
    given = env.database(
        "postgres://por%40tal:w%2Frd@db.example.org:6432/hub?sslmode=require",
        sqlite_default=Path("/nowhere"),
    )
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    assert [given[name] for name in names] == [
        "django.db.backends.postgresql",
        "hub",
        "por@tal",
        "w/rd",
        "db.example.org",
        "6432",
    ]
    assert given["OPTIONS"] == {
        "sslmode": "require",
        "options": "-c lock_timeout=3000 -c statement_timeout=15000",
    }


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("", "/folder/db.sqlite3"),
        ("sqlite:////srv/portal.sqlite3", "/srv/portal.sqlite3"),
        ("sqlite:///portal.sqlite3", "portal.sqlite3"),
    ],
)
def test_a_sqlite_address_becomes_settings(url, name):
    given = env.database(url, sqlite_default=Path("/folder/db.sqlite3"))
    assert given["NAME"] == Path(name)


def test_an_unknown_database_is_refused():
    with pytest.raises(ImproperlyConfigured, match="mysql"):
        env.database("mysql://localhost/x", sqlite_default=Path("/nowhere"))


def test_a_mail_server_becomes_settings():
    assert env.email("smtp://me:s%3Acret@mail.example.org:587?starttls=1") == {
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_USER": "me",
        "EMAIL_HOST_PASSWORD": "s:cret",
        "EMAIL_USE_SSL": False,
        "EMAIL_USE_TLS": True,
    }
    assert env.email("smtps://mail.example.org")["EMAIL_PORT"] == 465


def test_a_mail_server_of_an_unknown_kind_is_refused():
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.email("console://")


def test_a_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "folder" / "secret"
    first = env.secret_file(path)
    assert len(first) >= 50
    assert env.secret_file(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_of_two_processes_that_make_a_secret_the_first_decides(tmp_path, monkeypatch):
    path = tmp_path / "secret"
    monkeypatch.setattr(Path, "exists", lambda self: False)  # both look before either has written
    assert env.secret_file(path) == env.secret_file(path)
