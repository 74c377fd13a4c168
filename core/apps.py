from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from core import changes


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        post_migrate.connect(begin_audit_again, sender=self, dispatch_uid="begin-audit-again")
        post_migrate.connect(note_changes, sender=self, dispatch_uid="note-changes")


def begin_audit_again(sender: CoreConfig, **given: Any) -> None:
    """After ``flush``, which empties every table, the audit begins anew.

    ``migrate`` announces itself with its plan, and must not do this: a table that somebody
    emptied stays a broken chain.
    """
    if "plan" not in given:
        head: Any = sender.get_model("AuditHead")
        head.begin()


def note_changes(sender: CoreConfig, **given: Any) -> None:
    """After ``migrate``, new tables are among those whose changes are noted."""
    if "plan" in given:
        changes.note_all_tables()
