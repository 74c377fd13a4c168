from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class ValidationConfig(AppConfig):
    name = "validation"

    def ready(self) -> None:
        from validation import (  # noqa: PLC0415 (they register themselves)
            letter_receivers,  # noqa: F401
            receivers,  # noqa: F401
            waiting,  # noqa: F401
        )
        from validation.choices import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
