"""Compare the directory of members with what they show, and repair it if asked."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from community import finding


class Command(BaseCommand):
    help = (
        "Compares the entries, words and counts of the directory with what members show. Ends "
        "with an error if they differ, unless --mend repairs them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mend", action="store_true", help="repair what differs")

    def handle(self, *args: Any, mend: bool, **options: Any) -> None:
        if mend:
            members, counts = finding.mend()
        else:
            keys, counts = finding.astray()
            members = len(keys)
        if (members or counts) and not mend:
            message = (
                f"{members} members and {counts} counts differ. Repair: check_directory --mend"
            )
            raise CommandError(message)
        self.stdout.write(
            f"Repaired: {members} members, {counts} counts."
            if members or counts
            else "The directory agrees with what members show."
        )
