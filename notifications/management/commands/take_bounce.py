"""What a mail server gives back: ``take_bounce < message``."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from notifications import bounces

log = logging.getLogger(__name__)
#: Tells a mail server to try again later (EX_TEMPFAIL).
TRY_AGAIN = 75


class Command(BaseCommand):
    """Reads one message from standard input and notes which address does not take mail.

    Ends with 0 whatever the message is, since there is nobody to send it back to, and with 75 if
    the database does not answer: then the mail server keeps it and tries again.
    """

    help = "Note from a mail on standard input which of our mails came back (RFC 3464, RFC 5965)."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcomes = bounces.take(sys.stdin.buffer)
        except DatabaseError:
            log.exception("a report of a mail server has to wait")
            sys.exit(TRY_AGAIN)
        except Exception:
            log.exception("a report of a mail server could not be read")
            return
        self.stdout.write(" ".join(outcomes))
