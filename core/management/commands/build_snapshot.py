"""Make the snapshot over which this machine counts what is found."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat

from core.search import keeping

EVERY = 2


class Command(BaseCommand):
    help = (
        "Makes the search's snapshot of this machine. Readers are not disturbed; they use the new "
        "one from their next request on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-due", action="store_true", help="only if enough has changed")

    def handle(self, *args: Any, if_due: bool, **options: Any) -> None:
        started = told = time.monotonic()

        def tell(what: str, done: int, of: int) -> None:
            nonlocal told
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                self.stderr.write(f"{what}: {done} of {of}")

        if if_due and not keeping.is_due():
            self.stdout.write("The snapshot is new enough, or there is too little to find.")
            return
        built = keeping.make(tell)
        if built is None:
            raise CommandError("Another process is making the snapshot.")
        self.stdout.write(
            f"{built.documents} documents, {built.values} values and {built.words} words,"
            f" {filesizeformat(built.size)}, in {time.monotonic() - started:.1f} s."
        )
