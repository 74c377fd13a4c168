"""What every test starts from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import translation

from catalogue import criteria
from hubs import reference
from tests import template

if TYPE_CHECKING:
    from collections.abc import Iterator


def begins_as_copy() -> bool:
    return template.RUN in os.environ


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: Any
) -> None:
    """Processes that test together begin with copies of one migrated database."""
    if begins_as_copy():
        with django_db_blocker.unblock():
            template.provide(connection.settings_dict["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """A copied file is there already; a server makes the copy when it makes the database."""
    return django_db_keepdb or (begins_as_copy() and connection.vendor == "sqlite")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that began the others removes what they were copied from."""
    if not hasattr(session.config, "workerinput") and session.config.getoption("numprocesses", 0):
        template.drop()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests of real transactions end by emptying every table. PostgreSQL does it with TRUNCATE,
    SQLite has only DELETE, which the audit and published syntheses refuse: there, those triggers
    are dropped for tests. ``tests/core/test_audit_chain.py`` and
    ``tests/community/test_synthesis.py`` put theirs back to see that they work."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            for table in (
                "core_auditentry", "community_synthesisversion", "community_versionsource"
            ):  # fmt: skip
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_delete")


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """English, and nothing kept from the test before: what a new process would know."""
    reference.forget()
    criteria.forget()
    cache.clear()
    with translation.override("en"):
        yield
