"""Print a new key for messages to browsers, as the environment takes it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from py_vapid import Vapid02

from notifications.devices import new_private_key, public_of


class Command(BaseCommand):
    help = (
        "Print a new WEBPUSH_PRIVATE_KEY. Nothing is stored. Browsers that were let ring under"
        " another key have to be let anew."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        private = new_private_key()
        self.stdout.write(f"WEBPUSH_PRIVATE_KEY={private}")
        public = public_of(Vapid02.from_raw(private.encode()))
        self.stderr.write(f"Its public part, which browsers are given: {public}")
