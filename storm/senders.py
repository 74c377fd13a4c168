"""A nursery of senders: it loads the portal once and forks groups of them, as a storm asks.

Each line on standard input is an order: "start" forks a group, "kill" ends it as a cut of power
would, "quiet" starts one that stops by itself once nothing is owed any more. A sender does what a
worker does: it tells, owes digests and sends, over and over.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any

GROUP = 4


def main() -> None:
    import django

    django.setup()
    from notifications import delivering, digesting, noticing  # noqa: F401 (load once)

    adapt()
    group: list[int] = []
    print("ready", flush=True)
    for line in sys.stdin:
        match line.strip():
            case "start":
                group = [fork() for _n in range(GROUP)]
            case "kill":
                for pid in group:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                for pid in group:
                    os.waitpid(pid, 0)
                group = []
        print("done", flush=True)


def adapt() -> None:
    """Shorter waits where the storm is short, and the guards off where it is a twin."""
    from core import outbox

    lease = float(os.environ.get("STORM_LEASE", "60"))
    outbox.LEASE = dt.timedelta(seconds=lease)
    if lease < 60:
        outbox.BACK_OFF = (1, 1, 2, 2, 2)
        outbox.WHILE_DOWN = dt.timedelta(seconds=1)
    if os.environ.get("STORM_GUARD") == "off":
        take_guards_off()


def take_guards_off() -> None:
    """The twin: rows are taken without a claim, and nobody notes that a sending begins."""
    from django.utils import timezone

    from core import outbox

    def claim(model: Any, *, at_most: int = outbox.AT_ONCE, only: int | None = None) -> list[Any]:
        due = model._base_manager.filter(state="owed", available_at__lte=timezone.now())
        return list(due.order_by(*model.turn)[:at_most])

    outbox.claim = claim
    outbox.Owed.begin = lambda _self: True  # type: ignore[method-assign]


def fork() -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    finally:
        os._exit(0)


def work() -> None:
    from django.db import connection

    from notifications import delivering, digesting, noticing

    while True:
        try:
            noticing.tell_owed()
            digesting.owe_digests()
            tally = delivering.deliver_owed(at_most=200)
            if not tally.fates:
                time.sleep(0.1)
        except Exception:  # whatever it was, the row is the record: go on
            with suppress(Exception):
                connection.close()
            time.sleep(0.2)


if __name__ == "__main__":
    main()
