"""A mark of the database: as long as it is the same, nothing that pages show was committed.

``mark`` is asked before a page is read. Whoever gets the same mark later may use what was read
after the first one; a transaction that commits in between makes another mark, however long it
was open. A mark may change for nothing, which costs one drawing; it never stays when it must not.
None means that nothing is known, and nothing may be kept.

**SQLite.** A connection of its own asks ``PRAGMA data_version``, which differs after a commit of
any other connection, and this one writes nothing. One for each process, since numbers of two
connections cannot be compared.

**PostgreSQL.** The snapshot of the server would do, but every session that is touched alters it,
and other databases too. So triggers note each transaction that alters a table pages are read
from: one row, its own number, written once; no two transactions ever meet at a row. A look asks
for the numbers that are visible from the oldest transaction on that was open at the last look:
what is older can no more change, so nothing is overlooked, in whichever order transactions commit.
Tables of ``settings.UNSHOWN_TABLES`` are not noted. A process that finds a table without its
trigger keeps nothing.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Hashable, Sequence
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import Error, connection, transaction

logger = logging.getLogger(__name__)

#: More changes than this since the oldest open transaction are too many to compare.
MOST_CHANGES = 1_000
#: Seconds after which a process that has not looked begins anew, and after which noted numbers
#: that everybody can see are forgotten. The second has to be longer.
LONGEST_PAUSE, KEPT_SECONDS = 600, 3_600
_NEVER = 2**63 - 1

POSTGRES_CREATE = (
    "CREATE TABLE core_change (xid bigint PRIMARY KEY, settled_at timestamptz)",
    """CREATE FUNCTION core_note_change() RETURNS trigger LANGUAGE plpgsql AS $function$ BEGIN
        INSERT INTO core_change (xid) VALUES (pg_current_xact_id()::text::bigint)
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $function$""",
    # STABLE: both statements see what the asking one sees.
    f"""CREATE FUNCTION core_changes(since bigint, OUT oldest bigint, OUT xids bigint[])
        LANGUAGE plpgsql STABLE AS $function$ BEGIN
        oldest := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
        xids := ARRAY(SELECT xid FROM core_change WHERE xid >= LEAST(since, oldest)
            ORDER BY xid LIMIT {MOST_CHANGES});
    END $function$""",  # noqa: S608 (a number of ours)
)
#: With the function go the triggers.
POSTGRES_DROP = (
    "DROP FUNCTION IF EXISTS core_changes(bigint)",
    "DROP FUNCTION IF EXISTS core_note_change() CASCADE",
    "DROP TABLE IF EXISTS core_change",
)
_TRIGGER = "core_change_noted"
_WITHOUT_TRIGGER = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')
    AND relnamespace = current_schema()::regnamespace AND NOT relispartition
    AND relname <> ALL(%s)
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid
        AND tgname = 'core_change_noted' AND tgenabled = 'O')
    ORDER BY relname"""
#: Ours, and Django's list of migrations.
_OWN = ("core_change", "django_migrations")


def mark() -> Hashable | None:
    """The mark of this moment; None inside a transaction, whose writes may yet be undone."""
    if connection.in_atomic_block:
        return None
    if connection.vendor == "sqlite":
        return _of_file.mark()
    return _of_server.mark()


class _OfFile:
    """The mark of an SQLite file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, Path, int, int] | None = None
        self._times = 0

    def mark(self) -> Hashable | None:
        path = Path(str(connection.settings_dict["NAME"]))
        with self._lock:
            try:
                status = os.stat(path)  # noqa: PTH116 (asked for each request)
                # Another process, or another file in its place: the open one tells nothing.
                wanted = (os.getpid(), path, status.st_dev, status.st_ino)
                if self._connection is None or self._opened != wanted:
                    self._connection = self._open(path)
                    self._opened = wanted
                version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except (OSError, sqlite3.Error) as error:
                logger.warning("Nothing is known of changes: %r", error)
                self._connection = self._opened = None
                return None
            return (self._times, version)

    def _open(self, path: Path) -> sqlite3.Connection:
        self._times += 1
        # Shared with our other threads under the lock; never makes a file.
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, check_same_thread=False, timeout=1
        )


class _OfServer:
    """The mark of a PostgreSQL database, as this process has seen it change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times = 0
        self._since = _NEVER
        self._known: frozenset[int] = frozenset()
        self._looked_at = 0.0
        #: The database all of whose tables are known to be noted.
        self._noted: str | None = None

    def mark(self) -> Hashable | None:
        with self._lock:
            since = self._since
            if time.monotonic() - self._looked_at > LONGEST_PAUSE:
                since = self._since = _NEVER
        try:
            if not self._is_noted():
                return None
            # This question shows as well as any other whether the connection still lives.
            connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
            with connection.cursor() as cursor:
                cursor.execute("SELECT oldest, xids FROM core_changes(%s)", [since])
                oldest, xids = cursor.fetchone()
        except Error as error:
            logger.warning("Nothing is known of changes: %r", error)
            connection.close()
            with self._lock:  # whoever answers next may be another server, or a backup
                self._since, self._noted = _NEVER, None
            return None
        with self._lock:
            return self._judge(since, oldest, xids)

    def _judge(self, since: int, oldest: int, xids: Sequence[int]) -> int | None:
        """Compare with what is known. Another thread may have looked since we asked."""
        self._looked_at = time.monotonic()
        begins = _NEVER in (since, self._since)
        if len(xids) >= MOST_CHANGES or (oldest < since and not begins):
            # Too many, or numbers went back: another server, or an older backup.
            self._times += 1
            self._since = _NEVER
            return None
        if begins or frozenset(xid for xid in xids if xid >= self._since) != self._known:
            self._times += 1
        self._since = oldest if self._since == _NEVER else max(self._since, oldest)
        self._known = frozenset(xid for xid in xids if xid >= self._since)
        return self._times

    def _is_noted(self) -> bool:
        name = str(connection.settings_dict["NAME"])
        if self._noted != name:
            if lacking := tables_not_noted():
                logger.warning("Pages are not kept; not noted: %s", ", ".join(lacking))
                return False
            forget_numbers_of_another_server()
            self._noted = name
        return True


_of_file = _OfFile()
_of_server = _OfServer()


def tables_not_noted() -> list[str]:
    """Tables whose changes the database should note and does not."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_TRIGGER, [[*_OWN, *settings.UNSHOWN_TABLES]])
        return [name for (name,) in cursor.fetchall()]


def note_all_tables() -> None:
    """Make the database note changes of every table it should. For after migrations."""
    if connection.vendor != "postgresql":
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('core_note_change')")
        if cursor.fetchone()[0] is None:  # migrated back to before there was one
            return
        for table in tables_not_noted():
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"DROP TRIGGER IF EXISTS {_TRIGGER} ON {quoted}")
            cursor.execute(
                f"CREATE TRIGGER {_TRIGGER} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
                f" ON {quoted} FOR EACH STATEMENT EXECUTE FUNCTION core_note_change()"
            )


def forget_numbers_of_another_server() -> None:
    """A backup brings the numbers of the server it was made on, which this one may give again.

    Those it has given already say nothing to anybody; the others are higher than any we can see.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_change"
            " WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )


def forget_old() -> None:
    """Forget what everybody has seen: first noted as settled, an hour later deleted.

    No process compares what is that old, for it begins anew after a shorter pause.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_change WHERE settled_at < now() - make_interval(secs => %s)",
            [KEPT_SECONDS],
        )
        cursor.execute(
            "UPDATE core_change SET settled_at = now() WHERE settled_at IS NULL"
            " AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        )
