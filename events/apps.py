from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import receivers, searched, waiting  # noqa: F401, PLC0415 (they register)
        from events.presentation import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
