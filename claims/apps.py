from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.audit import name_verbs


class ClaimsConfig(AppConfig):
    name = "claims"
    verbose_name = _("Sources")

    def ready(self) -> None:
        from claims.operations import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
