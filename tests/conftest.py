"""What every test starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import translation

from catalogue import criteria
from hubs import reference

if TYPE_CHECKING:
    from collections.abc import Iterator


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
