"""Let the database itself keep the audit: nothing is deleted, nothing sealed is changed.

What may change is what forgetting a person changes: the link to their account goes, and a
name together with its salt. A later migration that makes SQLite rebuild the table drops the
triggers with it, so it must call these functions again; a test fails when that is forgotten.
TRUNCATE is not refused: on PostgreSQL tests are cleaned up by it. The head tells of it.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

TABLE = "core_auditentry"
FROZEN = (
    "id",
    "actor_ref",
    "verb",
    "target_type",
    "target_id",
    "note",
    "data",
    "created_at",
    "actor_promise",
    "target_promise",
    "previous",
    "seal",
)
TELLS = "The audit is never changed."


def forbid(apps: Any, schema_editor: Any) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    differs = "IS DISTINCT FROM" if postgresql else "IS NOT"
    changed = " OR ".join(
        [
            *(f"OLD.{name} {differs} NEW.{name}" for name in FROZEN),
            f"(OLD.actor_id {differs} NEW.actor_id AND NEW.actor_id IS NOT NULL)",
            *(
                f"((OLD.{name} {differs} NEW.{name} OR OLD.{salt} {differs} NEW.{salt})"
                f" AND NEW.{salt} {differs} '')"
                for name, salt in (("actor_name", "actor_salt"), ("target_label", "target_salt"))
            ),
        ]
    )
    if postgresql:
        schema_editor.execute(
            f"""
            CREATE FUNCTION {TABLE}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{TELLS}' USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        for event, when in (("UPDATE", f"WHEN ({changed}) "), ("DELETE", "")):
            schema_editor.execute(
                f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE}"
                f" FOR EACH ROW {when}EXECUTE FUNCTION {TABLE}_stays()"
            )
    else:
        for event, when in (("UPDATE", f"WHEN {changed} "), ("DELETE", "")):
            schema_editor.execute(
                f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE}"
                f" FOR EACH ROW {when}BEGIN SELECT RAISE(ABORT, '{TELLS}'); END"
            )


def allow(apps: Any, schema_editor: Any) -> None:
    on = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    for event in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{event}{on}")
    if on:
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {TABLE}_stays()")


def count_on(apps: Any, schema_editor: Any) -> None:
    """Going back, PostgreSQL numbers the entries again: after the last one, not from one."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "SELECT setval(pg_get_serial_sequence('core_auditentry', 'id'),"
            " (SELECT COALESCE(MAX(id), 0) + 1 FROM core_auditentry), false)"
        )


class Migration(migrations.Migration):
    dependencies = [("core", "0003_audit_chain")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, count_on),
        # The column keeps its name, the number is given by the chain instead of the database.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("auditentry", "id", "sequence"),
                migrations.AlterField(
                    "auditentry",
                    "sequence",
                    models.BigAutoField(primary_key=True, serialize=False, db_column="id"),
                ),
            ]
        ),
        migrations.AlterField(
            "auditentry",
            "sequence",
            models.BigIntegerField(
                db_column="id", primary_key=True, serialize=False, verbose_name="number"
            ),
        ),
        migrations.RunPython(forbid, allow),
    ]
