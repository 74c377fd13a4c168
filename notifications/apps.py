from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import (  # noqa: PLC0415 (registers them)
            device_receivers,  # noqa: F401
            hearing,  # noqa: F401
            noticeable_searches,  # noqa: F401
            pushing,  # noqa: F401
            receivers,  # noqa: F401
            search_receivers,  # noqa: F401
        )
