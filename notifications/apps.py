from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import (  # noqa: PLC0415 (registers them)
            hearing,  # noqa: F401
            noticeable_searches,  # noqa: F401
            receivers,  # noqa: F401
            search_receivers,  # noqa: F401
        )
