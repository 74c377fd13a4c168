"""Bring an installation up to date: tables, reference data, demonstration content."""

from __future__ import annotations

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Safe to repeat: each part changes only what is missing or older.

    Standard output is that of the last part, so that ``make run`` can keep the table of
    demonstration accounts and show it at every start.
    """

    help = "Migrate, load reference data and, with --demo, the demonstration content."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demonstration content")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        self._part("Tables", "migrate", interactive=False, stdout=self.stderr, verbosity=1)
        self._part("Reference data", "load_reference", stdout=self.stderr)
        if demo:
            self._part("Demonstration content", "demo", stdout=self.stdout)

    def _part(self, title: str, command: str, **options: Any) -> None:
        start = time.monotonic()
        self.stderr.write(f"{title} …", style_func=str)
        call_command(command, **options)
        self.stderr.write(f"{title}: {time.monotonic() - start:.1f} s", style_func=str)
