"""Load regions, countries, sectors, goals, targets, languages and the self-assessment."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from assessment import loading as framework
from core.models import JobRun
from hubs import loading
from hubs.models import Country

NAME = "load-reference"


class Command(BaseCommand):
    """Does nothing when exactly these files were loaded before."""

    help = "Load the reference data of the product into the database (safe to repeat)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="load even what is unchanged")

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        content = loading.fingerprint(
            [
                *(loading.DATA / name for name in loading.REFERENCE_FILES),
                *(framework.DATA / name for name in framework.FILES),
            ]
        )
        done = JobRun.objects.filter(name=NAME, period=content).exists()
        if done and not force and Country.objects.exists():
            self.stdout.write("Reference data: unchanged")
            return
        counts = loading.load_reference()
        JobRun.objects.filter(name=NAME).exclude(period=content).delete()
        JobRun.claim(NAME, content)
        framework.load_framework()
        listed = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        self.stdout.write(f"Reference data: {listed}")
