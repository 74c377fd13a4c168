"""One migrated database for all processes of a test run: each begins with a copy.

Eighty migrations take half a minute of a processor; a copy takes a second. The first process that
comes makes the pattern, the others wait for it at a lock. It is made anew for every run, so it
can never be older than the migrations, models or reference data it is made from.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from psycopg2 import sql

#: One for each run of several processes; absent when one process runs alone.
RUN = "PYTEST_XDIST_TESTRUNUID"


def provide(own: str | Path) -> None:
    """Let the test database called so begin as a copy of the pattern of this run."""
    pattern = _pattern()
    settings.VAR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR / "pattern.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        run = f"{os.environ[RUN]} {pattern}"
        if lock.read() != run:
            _make(pattern)
            lock.seek(0)
            lock.truncate()
            lock.write(run)
    if connection.vendor == "sqlite":
        Path(own).unlink(missing_ok=True)
        with sqlite3.connect(pattern) as source, sqlite3.connect(own) as target:
            source.backup(target)
        source.close()
        target.close()
    else:
        connection.settings_dict["TEST"]["TEMPLATE"] = pattern


def drop() -> None:
    """Remove the pattern from a server; a file is overwritten by the next run."""
    if connection.vendor == "sqlite":
        return
    given: Any = connection.settings_dict
    server = psycopg2.connect(
        dbname="postgres",
        user=given["USER"],
        password=given["PASSWORD"],
        host=given["HOST"],
        port=given["PORT"] or None,
    )
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_pattern())))
    server.close()


def _pattern() -> str:
    """The pattern's name: that of the test database without a process's own ending."""
    return f"{settings.DATABASES['default']['TEST']['NAME']}".partition("_gw")[0] + "_pattern"


def _make(pattern: str) -> None:
    """Make an empty database, migrate it, and leave everything named as it was."""
    given: Any = connection.settings_dict
    name, own = given["NAME"], given["TEST"]["NAME"]
    given["TEST"]["NAME"] = Path(pattern) if connection.vendor == "sqlite" else pattern
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        given["NAME"] = settings.DATABASES["default"]["NAME"] = name
        given["TEST"]["NAME"] = own
