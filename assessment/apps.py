from __future__ import annotations

from django.apps import AppConfig

from core.audit import name_verbs


class AssessmentConfig(AppConfig):
    name = "assessment"

    def ready(self) -> None:
        from assessment import receivers, waiting  # noqa: F401, PLC0415 (they register)
        from assessment.operations import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
