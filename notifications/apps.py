from __future__ import annotations

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _

from core.audit import name_verbs


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from notifications import (  # noqa: PLC0415 (registers them)
            address_receivers,  # noqa: F401
            device_receivers,  # noqa: F401
            hearing,  # noqa: F401
            hearing_participation,  # noqa: F401
            hearing_records,  # noqa: F401
            noticeable_records,  # noqa: F401
            noticeable_searches,  # noqa: F401
            pushing,  # noqa: F401
            receivers,  # noqa: F401
            search_receivers,  # noqa: F401
            waiting,  # noqa: F401
        )
        from notifications.kinds import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
        if apps.is_installed("anymail"):
            from notifications import provider  # noqa: F401, PLC0415 (only where it is used)
