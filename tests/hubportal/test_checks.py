"""What the production profile refuses to run with, one reason at a time."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import override_settings

from hubportal import checks, env

GOOD_KEY = "Zk3v-9QmT7rXw2LbN8sYc5HdJ4fPgA6uE1oKiVtRyBnMxCqSaWzD0lGe"
GOOD_RECORD_KEY = "kP0fR3xq8Zb1mC7uV5tYw2nJ6sLhD9eAgQiKoXrTzEM="
GOOD_AUDIT_KEY = "m7Vq-R2xTz9KcWb4LpYs8NdHf6JgUa3EoXi1CvBnQrStZyMkDwPuGe5h"
SAFE = {
    "HUB_PROFILE": "production",
    "CELERY_TASK_ALWAYS_EAGER": False,
    "SECRET_KEY": GOOD_KEY,
    "RECORD_KEY": GOOD_RECORD_KEY,
    "RECORD_KEY_FORMER": [],
    "AUDIT_KEY": GOOD_AUDIT_KEY,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["hubs.example.org"],
    "PORTAL_URL": "https://hubs.example.org",
    "SECURE_SSL_REDIRECT": True,
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def refusals(**changes):
    with override_settings(**{**SAFE, **changes}):
        return [message.id for message in checks.production_is_safe(None)]


def test_safe_settings_are_not_refused():
    assert refusals() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CELERY_TASK_ALWAYS_EAGER": True}, "portal.E002"),
        ({"SECRET_KEY": GOOD_KEY[:49]}, "portal.E003"),
        ({"SECRET_KEY": "ab" * 40}, "portal.E003"),
        ({"SECRET_KEY": "change-me-" + GOOD_KEY}, "portal.E003"),
        ({"SECRET_KEY": "django-insecure-" + GOOD_KEY}, "portal.E003"),
        ({"RECORD_KEY": "change-me"}, "portal.E009"),
        ({"RECORD_KEY": "A" * 43 + "="}, "portal.E009"),
        ({"RECORD_KEY": GOOD_RECORD_KEY[:-4]}, "portal.E009"),
        ({"RECORD_KEY_FORMER": ["/nowhere/former.pem"]}, "portal.E009"),
        ({"AUDIT_KEY": GOOD_AUDIT_KEY[:49]}, "portal.E008"),
        ({"AUDIT_KEY": "sample" + GOOD_AUDIT_KEY}, "portal.E008"),
        ({"AUDIT_KEY": GOOD_KEY}, "portal.E008"),
        ({"DEBUG": True}, "portal.E004"),
        ({"ALLOWED_HOSTS": ["*"]}, "portal.E005"),
        ({"PORTAL_URL": "http://hubs.example.org"}, "portal.E006"),
        ({"PORTAL_URL": "https://other.example.org"}, "portal.E007"),
    ],
)
def test_each_danger_is_refused(changes, code):
    assert refusals(**changes) == [code]


def test_a_refused_key_is_not_printed():
    with override_settings(**{**SAFE, "RECORD_KEY": GOOD_RECORD_KEY[:-4]}):
        (refusal,) = checks.production_is_safe(None)
    assert refusal.msg == "RECORD_KEY: it is neither PEM nor 32 bytes in base64."


def test_development_is_free_of_all_this():
    with override_settings(HUB_PROFILE="development", SECRET_KEY="short"):
        assert checks.production_is_safe(None) == []


def test_one_machine_without_redis_is_warned_only():
    with override_settings(**{**SAFE, "REDIS_URL": ""}):
        assert [message.id for message in checks.production_is_whole(None)] == ["portal.W001"]
    with override_settings(**SAFE):
        assert checks.production_is_whole(None) == []


@pytest.fixture
def sqlite_with(monkeypatch):
    """The findings for a SQLite database with these options."""

    def find(**options):
        given = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x", "OPTIONS": options}
        monkeypatch.setattr(connections["default"], "settings_dict", given)
        return [message.msg for message in checks.sqlite_keeps_writes(None)]

    return find


def test_sqlite_as_we_set_it_up_keeps_writes(sqlite_with, tmp_path):
    ours = env.database("", sqlite_default=tmp_path / "db.sqlite3")["OPTIONS"]
    assert sqlite_with(**ours) == []


def test_sqlite_as_django_sets_it_up_is_refused(sqlite_with):
    (refusal,) = sqlite_with()
    assert refusal == (
        "The SQLite database 'default' loses writes: it lacks journal_mode=WAL, "
        "transaction_mode=IMMEDIATE, a timeout of 5 s or more."
    )


def test_each_setting_of_sqlite_counts(sqlite_with):
    found = sqlite_with(
        init_command="PRAGMA journal_mode = WAL;", transaction_mode="DEFERRED", timeout=20
    )
    assert found == [
        "The SQLite database 'default' loses writes: it lacks transaction_mode=IMMEDIATE."
    ]


def test_a_server_that_is_started_anyway_stops():
    with (
        override_settings(**{**SAFE, "DEBUG": True}),
        pytest.raises(ImproperlyConfigured, match=r"portal\.E004"),
    ):
        checks.refuse_unsafe_start()


def test_a_server_with_safe_settings_starts():
    with override_settings(**SAFE):
        checks.refuse_unsafe_start()
