from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class CommunityConfig(AppConfig):
    name = "community"

    def ready(self) -> None:
        from community import (  # noqa: PLC0415 (registers them)
            receivers,  # noqa: F401
            waiting,  # noqa: F401
        )
        from community.presentation import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
