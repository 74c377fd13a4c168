"""The view of this moment: the snapshot of this machine, and what has changed since it was made.

Each request looks once whether something changed, which costs one small statement; so nobody is
shown what is no more, and what was just published is there. Without a snapshot, or with one of
another database, there is no view, and the database answers by itself.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connection

from core.search.engines import engine

if TYPE_CHECKING:
    from core.search.counting import View
    from core.search.snapshot import Snapshot

logger = logging.getLogger(__name__)

#: More segments than this are made one.
MOST_SEGMENTS = 12
#: More changes than this, or than this part of the snapshot, are not read while somebody waits: the
#: database answers until there is a new one.
MOST_CHANGES, MOST_PART = 5_000, 1 / 50


class State(NamedTuple):
    """What tells one set of changes from another: their number, the last, its random token."""

    number: int
    last: int
    token: int


class Seen(NamedTuple):
    """A view and the changes that are in it, by number and token."""

    view: View
    state: State
    changes: frozenset[tuple[int, int]]


class _Request(threading.local):
    """What this thread knows of the request it answers."""

    inside = False
    has_written = False
    view: View | None = None
    has_looked = False
    #: A view with changes that may not be committed: nobody else may see it.
    own: Seen | None = None


_request = _Request()
_lock = threading.Lock()
_opened: dict[Path, Snapshot] = {}
_shared: dict[int, Seen] = {}


def path() -> Path:
    """Where the snapshot of this machine lies."""
    return Path(settings.SEARCH_SNAPSHOT)


def view() -> View | None:
    """The view to answer from, or None if the database must."""
    if not _request.inside or _request.has_written:
        return _look()
    if not _request.has_looked:
        _request.view = _look()
        _request.has_looked = True
    return _request.view


def look_again() -> None:
    """This thread has changed what can be found: from now on it looks each time."""
    _request.has_written = True
    _request.view, _request.has_looked = None, False


def _begin(**_more: Any) -> None:
    _request.inside, _request.has_written = True, False
    _request.view, _request.has_looked, _request.own = None, False, None


def _end(**_more: Any) -> None:
    _begin()
    _request.inside = False


request_started.connect(_begin)
request_finished.connect(_end)


def _open() -> Snapshot | None:
    """The snapshot as it lies there now."""
    where = path()
    try:
        status = where.stat()
    except OSError:
        return None
    # What counts takes time and memory to load: a small portal does without.
    from core.search.snapshot import Snapshot, Unusable, identity  # noqa: PLC0415

    now = identity(status)
    known = _opened.get(where)
    if known is None or known.identity != now:
        try:
            known = Snapshot(where)
        except (Unusable, OSError, ValueError, KeyError) as error:
            logger.warning("The snapshot of the search cannot be read: %r", error)
            return None
        with _lock:
            _opened[where] = known
    return known


def _look() -> View | None:
    base = _open()
    if base is None:
        return None
    from core.search.counting import View  # noqa: PLC0415 (see above)

    state = _state(base)
    if state is None:
        return None
    private = connection.in_atomic_block
    known = (_request.own if private else None) or _shared.get(base.token)
    seen = known
    if seen is None or seen.view.base is not base:
        seen = Seen(View(base), State(0, 0, 0), frozenset())
    if seen.state != state:
        if state.number - seen.state.number > max(MOST_CHANGES, base.size * MOST_PART):
            return None
        seen = _caught_up(base, seen)
    if seen is not known:
        # Kept also if nothing has changed: it remembers what it was asked.
        if private:
            _request.own = seen
        else:
            with _lock:
                _shared.clear()
                _shared[base.token] = seen
    return seen.view


def _state(base: Snapshot) -> State | None:
    """What has changed since the snapshot; None if it was made of another database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, last, (SELECT token FROM core_searchchange WHERE seq = %s),"  # noqa: S608 (ours)
            " (SELECT token FROM core_searchchange WHERE seq = last) FROM ("
            " SELECT count(*) AS number, max(seq) AS last FROM core_searchchange"
            f" WHERE {engine().since()}) AS changed",
            [base.anchor, base.anchor, base.horizon],
        )
        number, last, anchor, token = cursor.fetchone()
    if anchor != base.token:
        return None
    return State(number, last or 0, token or 0)


def _caught_up(base: Snapshot, seen: Seen) -> Seen:
    """The view with the changes it lacks; from the beginning if it has some that were undone."""
    from core.search.counting import View  # noqa: PLC0415 (see above)

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT seq, document, token FROM core_searchchange WHERE {engine().since()}",  # noqa: S608 (ours)
            [base.anchor, base.horizon],
        )
        rows = cursor.fetchall()
    last = max(rows, default=(0, 0, 0))
    state = State(len(rows), last[0], last[2])
    changes = {(seq, token): document for seq, document, token in rows}
    if seen.changes <= changes.keys() and len(seen.view.segments) < MOST_SEGMENTS:
        view, lacking = seen.view, set(changes.keys() - seen.changes)
    else:
        view, lacking = View(base), set(changes)
    documents = {changes[change] for change in lacking} - {0}
    if documents:
        view = view.changed(documents)
    return Seen(view, state, frozenset(changes))
