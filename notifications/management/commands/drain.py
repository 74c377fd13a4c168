"""Tells and sends what is owed: once, or for good, or only says what it would do."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from core.outbox import Fate, Tally
from notifications import delivering, digesting, duties, noticing, rehearsing, searching
from notifications.models import Notice
from participation.operations.reminding import remind

if TYPE_CHECKING:
    from argparse import ArgumentParser

log = logging.getLogger(__name__)
#: Nobody answered where mails are handed over: what is owed waits.
NOBODY_ANSWERS = 3
#: Seconds after which a loop looks again for dates that have come.
DATES_EVERY = 300.0
#: Notices told in one round, so that mails do not wait for all of a storm.
NOTICES_A_ROUND = 200


class Command(BaseCommand):
    """Looks at dates, tells notices, owes digests and sends mails, as worker and beat do.

    Ends with 0 when nothing that can be sent now is left (or, in a loop, when it is asked to end),
    with 1 if the database does not answer, with 3 if no mail server does. Any number may run at
    once, beside workers or without; what one has in hand no other sends.
    """

    help = (
        "Tell what is to be told, of dates as well, owe digests and send owed mails. Ends with 0"
        " when nothing due is left, 1 without a database, 3 if no mail server answers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--loop", action="store_true", help="go on until asked to end (SIGTERM, SIGINT)"
        )
        parser.add_argument(
            "--every", type=float, default=5.0, metavar="SECONDS", help="rest between rounds (5)"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="send and change nothing; say what would happen"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._rehearse()
            return
        ending = threading.Event()
        former = {}
        if threading.current_thread() is threading.main_thread():
            former = {
                number: signal.signal(number, lambda *_: ending.set())
                for number in (signal.SIGTERM, signal.SIGINT)
            }
        try:
            if options["loop"]:
                tally = self._loop(ending, options["every"])
            else:
                _look_at_dates()
                tally = _round(ending)
        except DatabaseError as trouble:
            self.stderr.write(f"The database does not answer: {trouble}")
            sys.exit(1)
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
        if not options["loop"]:
            self.stdout.write(str(tally) or "nothing due")
            if tally.fates[Fate.DOWN.value]:
                sys.exit(NOBODY_ANSWERS)

    def _loop(self, ending: threading.Event, every: float) -> Tally:
        whole, dates_at = Tally(), float("-inf")
        while not ending.is_set():
            try:
                close_old_connections()
                if time.monotonic() - dates_at >= DATES_EVERY:
                    _look_at_dates()
                    dates_at = time.monotonic()
                tally = _round(ending)
            except DatabaseError:  # it comes back, and what is owed is in it
                log.exception("the database does not answer")
                connection.close()
            else:
                whole.fates += tally.fates
                if tally.fates:
                    self.stdout.write(str(tally))
                    self.stdout.flush()
            ending.wait(max(every, 0.1))
        return whole

    def _rehearse(self) -> None:
        found = rehearsing.rehearse()
        say = self.stdout.write
        say(f"notices to tell: {found.notices}")
        say(f"notifications that wait for a digest: {found.for_digests}")
        say(f"mails due: {found.due}")
        for (what, outcome), number in sorted(found.outcomes.items()):
            say(f"  {what}: {outcome} {number}")
        if found.left:
            say(f"  not looked at: {found.left}")
        for to, subject in found.first:
            say(f"  to {to}: {subject}")


def _look_at_dates() -> None:
    """Write down what is to be told because its time has come: reminders of events, what people
    answer for, what is new for saved searches. Each is told once, whoever else looks."""
    for look in (lambda: remind(timezone.now()), duties.keep_dates, searching.tell_new):
        try:
            look()
        except DatabaseError:
            raise
        except Exception:  # what is owed already goes out all the same
            log.exception("dates cannot be looked at")


def _round(ending: threading.Event) -> Tally:
    """Everything once; asked to end, only what is in hand. Telling comes in portions, so that
    mails do not wait for all of it."""
    whole, before = Tally(), -1
    while not ending.is_set():
        told = noticing.tell_owed(at_most=NOTICES_A_ROUND)
        digesting.owe_digests()
        whole.fates += delivering.deliver_owed(stopped=ending.is_set).fates
        left = Notice.objects.owed().count()
        if not left or (not told and left == before):
            break
        before = left
    return whole
