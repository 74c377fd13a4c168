from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class ParticipationConfig(AppConfig):
    name = "participation"

    def ready(self) -> None:
        from participation import receivers, waiting  # noqa: F401, PLC0415 (registers them)
        from participation import webinar_receivers  # noqa: F401, PLC0415
        from participation.presentation import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
