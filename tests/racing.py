"""Calls that run at once: real threads, real transactions, on whichever database the tests use.

A twin with the guards off shows that a guard is what holds. It may not depend on how quick the
machine happens to be, so its threads meet: nobody writes before everybody has looked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from core.errors import DomainError

#: Seconds one waits for another who may be held up by a lock of the database.
PATIENCE = 4.0


class Meeting:
    """Where the threads of one race wait for each other, as often as they come by."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = self._waiting = self._round = 0

    def begins(self, number: int) -> None:
        with self._changed:
            self._running, self._waiting = number, 0

    def leaves(self) -> None:
        with self._changed:
            self._running -= 1
            self._let_go()

    def wait(self) -> None:
        """Until everybody who still runs waits, too; or somebody cannot come."""
        with self._changed:
            here = self._round
            self._waiting += 1
            self._let_go()
            if self._changed.wait_for(lambda: self._round != here, PATIENCE):
                return
            if self._round == here:
                self._waiting -= 1

    def _let_go(self) -> None:
        if self._waiting and self._waiting >= self._running:
            self._waiting = 0
            self._round += 1
            self._changed.notify_all()


_MEETING = Meeting()


def everybody_has_looked() -> None:
    """For the twins: put it between looking and writing."""
    _MEETING.wait()


def at_once(*calls: Callable[[], Any], begin: Callable[[], None] = lambda: None) -> list[Any]:
    """Run calls in threads that start together; results or exceptions, in order."""
    barrier = threading.Barrier(len(calls))
    found: list[Any] = [None] * len(calls)
    _MEETING.begins(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            begin()
            barrier.wait()
            found[place] = call()
        except Exception as error:  # noqa: BLE001 (the outcome is what is tested)
            found[place] = error
        finally:
            _MEETING.leaves()
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def begin_without_lock() -> None:
    """On SQLite the transaction is the lock: begin it as Django would by itself."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.transaction_mode = None


def told(result: Any) -> str:
    """What became of a call: "done", or the code of its refusal; anything else is a bug."""
    match result:
        case DomainError():
            return str(result.code)
        case Exception():
            raise result
        case _:
            return "done"


def broken(found: list[Any]) -> bool:
    """Somebody met an error that is no answer to a person."""
    return any(
        isinstance(result, Exception) and not isinstance(result, DomainError) for result in found
    )
