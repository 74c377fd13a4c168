"""When a snapshot is made: once there is enough to find, and again when enough has changed.

It belongs to the machine that reads it, so each machine keeps its own. Nothing depends on its being
new: changes are read beside it, a few hundred at hardly any cost.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from core.models import SearchChange, SearchDocument
from core.search import looking
from core.search.engines import engine

if TYPE_CHECKING:
    from core.search.building import Built, Tell
    from core.search.snapshot import Snapshot

#: Of what changed before the present snapshot, so much is kept for machines whose own is older.
KEPT_CHANGES = 100_000
#: A snapshot of many documents takes longer: it may lack this part of them.
PART = 0.005
#: Seconds after which it is made anew even if little has changed.
OLDEST = 86_400


def is_due() -> bool:
    """Whether this machine should make a snapshot now."""
    size = SearchDocument.objects.count()
    if size < settings.SEARCH_SNAPSHOT_FROM:
        return False
    from core.search.snapshot import Snapshot, Unusable  # noqa: PLC0415 (a small portal does without)

    try:
        now = Snapshot(looking.path())
    except (OSError, Unusable, ValueError, KeyError):
        return True
    if not SearchChange.objects.filter(seq=now.anchor, token=now.token).exists():
        return True
    lacking = _changes_since(now)
    old = time.time() - looking.path().stat().st_mtime > OLDEST
    return lacking > max(settings.SEARCH_SNAPSHOT_CHANGES, size * PART) or (old and lacking > 0)


def _changes_since(base: Snapshot) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM core_searchchange WHERE {engine().since()}",  # noqa: S608 (ours)
            [base.anchor, base.horizon],
        )
        return int(cursor.fetchone()[0])


def make(tell: Tell | None = None) -> Built | None:
    """Make a snapshot; None if another process of this machine is at it."""
    from core.search.building import build  # noqa: PLC0415 (a small portal does without)
    from core.search.snapshot import Snapshot  # noqa: PLC0415

    with _alone() as alone:
        if not alone:
            return None
        built = build(looking.path(), tell) if tell else build(looking.path())
        anchor = Snapshot(looking.path()).anchor
        SearchChange.objects.filter(seq__lt=anchor - KEPT_CHANGES).delete()
        return built


def keep() -> bool:
    """Make a snapshot if it is due; whether one was made."""
    return is_due() and make() is not None


@contextmanager
def _alone() -> Iterator[bool]:
    """One process of a machine makes a snapshot at a time; the lock goes with the process."""
    where = looking.path()
    where.parent.mkdir(parents=True, exist_ok=True)
    with where.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
