"""Walk the chain of the audit and say where it does not hold."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from core import audit
from core.models import AuditHead

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds between two lines of progress.
EVERY = 2


def anchor(written: str) -> tuple[int, str]:
    """``41:9f86…`` as a number and a seal."""
    number, _colon, seal = written.partition(":")
    if not (number.isdecimal() and len(seal) == len(audit.GENESIS)):
        msg = f"{written!r} is not a head like 41:{audit.GENESIS[:8]}…"
        raise ArgumentTypeError(msg)
    return int(number), seal


class Command(BaseCommand):
    help = (
        "Walks the audit from its first entry to its head and names every entry that was "
        "altered, removed, added or moved. Ends with an error if there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            type=anchor,
            metavar="NUMBER:SEAL",
            help="a head published earlier, which must be in the chain; may be repeated",
        )
        parser.add_argument(
            "--new-key",
            action="store_true",
            help="after a change of AUDIT_KEY: if nothing is broken, go on under the new key",
        )

    def handle(
        self, *args: Any, anchor: list[tuple[int, str]], new_key: bool, **options: Any
    ) -> None:
        told = time.monotonic()
        end = audit.Head(0, audit.GENESIS)

        def tell(done: int, of: int) -> None:
            nonlocal told
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                self.stderr.write(f"{done} of {of} entries")

        def walk() -> Iterator[audit.Break]:
            nonlocal end
            end = yield from audit.verify(anchors=anchor, tell=tell)

        breaks, former_key = 0, False
        for found in walk():
            if found.kind == "key" and new_key:
                former_key = True
                continue
            breaks += 1
            self.stdout.write(str(found))
        if breaks:
            message = f"The audit is broken: {breaks} findings, last entry seen {end.sequence}."
            raise CommandError(message)
        if former_key:
            AuditHead.renew()
            self.stdout.write("From here on the audit is sealed with the new AUDIT_KEY.")
        self.stdout.write(f"{end.sequence} entries, unbroken, head {end.sequence}:{end.seal}")
