from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class HubsConfig(AppConfig):
    name = "hubs"

    def ready(self) -> None:
        from hubs import receivers, searched, waiting  # noqa: F401, PLC0415 (they register)
        from hubs.choices import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
