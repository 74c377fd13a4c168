from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class ParticipationConfig(AppConfig):
    name = "participation"

    def ready(self) -> None:
        from participation import (  # noqa: PLC0415 (registers them)
            letter_receivers,  # noqa: F401
            receivers,  # noqa: F401
            searched,  # noqa: F401
            waiting,  # noqa: F401
            webinar_receivers,  # noqa: F401
        )
        from participation.presentation import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
