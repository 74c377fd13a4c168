from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        post_migrate.connect(begin_audit_again, sender=self, dispatch_uid="begin-audit-again")


def begin_audit_again(sender: CoreConfig, **given: Any) -> None:
    """After ``flush``, which empties every table, the audit begins anew.

    ``migrate`` announces itself with its plan, and must not do this: a table that somebody
    emptied stays a broken chain.
    """
    if "plan" not in given:
        head: Any = sender.get_model("AuditHead")
        head.begin()
