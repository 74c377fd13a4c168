"""Draw the lifecycles of the product for its documentation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from core import diagrams


class Command(BaseCommand):
    """Prints the page, or writes it where the documentation keeps it."""

    help = "Draw every table of moves as a diagram (docs/moves.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="write docs/moves.md")

    def handle(self, *args: Any, write: bool, **options: Any) -> None:
        if not write:
            self.stdout.write(diagrams.page(), ending="")
            return
        path = settings.BASE_DIR / "docs" / "moves.md"
        path.write_text(diagrams.page(), encoding="utf-8")
        self.stdout.write(f"Wrote {path.relative_to(settings.BASE_DIR)}")
