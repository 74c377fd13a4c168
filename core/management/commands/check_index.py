"""Compare the search with the records and with its documents, and repair it if asked."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import findable, search

LINES = {
    "missing_parts": "parts of the engine missing in the database",
    "engine_rows": "engine rows that do not agree with their documents",
    "documents": "documents analysed by an older version",
    "words": "words of the vocabulary miscounted",
    "facets": "facets filed under another kind than their document",
}

#: What can be amiss with the documents of a kind.
ASTRAY = {
    "missing": "public and not found",
    "extra": "found and not public",
    "outdated": "found as they were before",
}

#: Seconds between two lines of progress.
EVERY = 2


class Command(BaseCommand):
    help = (
        "Compares the search documents with the records everybody reads, and the search engine's "
        "rows, the vocabulary and the facets with the documents. Ends with an error if they "
        "differ, unless --mend repairs them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mend", action="store_true", help="repair what differs")

    def handle(self, *args: Any, mend: bool, **options: Any) -> None:
        started = time.monotonic()
        told = started

        def tell(done: int, of: int) -> None:
            nonlocal told
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                self.stderr.write(f"{done} of {of} documents")

        # The records first: their documents bring what the engine needs.
        astray = findable.mend() if mend else findable.check()
        drift = search.mend(tell) if mend else search.check(tell)
        for code, found in astray.items():
            for name, line in ASTRAY.items():
                if number := len(getattr(found, name)):
                    self.stdout.write(f"{number:>8} {code}: {line}")
        for name, line in LINES.items():
            if number := getattr(drift, name):
                self.stdout.write(f"{number:>8} {line}")
        seconds = f"{time.monotonic() - started:.1f} s"
        if (drift or astray) and not mend:
            message = (
                f"The search differs from its documents ({seconds}). Repair: check_index --mend"
            )
            raise CommandError(message)
        self.stdout.write(
            f"Repaired in {seconds}."
            if drift or astray
            else f"The search agrees with its documents ({seconds})."
        )
