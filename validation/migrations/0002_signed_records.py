"""Let the database itself refuse to change a signed record.

What was signed, for which version and until when never changes; only the state of the record,
since when, and the public note do. A later migration that makes SQLite rebuild the table
drops the trigger with it, so it must call these functions again; a test fails when that is
forgotten.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLE = "validation_record"
FROZEN = (
    "number",
    "case_id",
    "solution_id",
    "version_id",
    "criteria_set_id",
    "label",
    "issued_at",
    "expires_on",
    "document",
)
TELLS = "A signed record is never changed."


def forbid(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in FROZEN)
        schema_editor.execute(
            f"""
            CREATE FUNCTION {TABLE}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{TELLS}' USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_stays BEFORE UPDATE ON {TABLE} FOR EACH ROW"
            f" WHEN ({changed}) EXECUTE FUNCTION {TABLE}_stays()"
        )
    else:
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in FROZEN)
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_stays BEFORE UPDATE ON {TABLE} FOR EACH ROW"
            f" WHEN {changed} BEGIN SELECT RAISE(ABORT, '{TELLS}'); END"
        )


def allow(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_stays ON {TABLE}")
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {TABLE}_stays()")
    else:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_stays")


class Migration(migrations.Migration):
    dependencies = [("validation", "0001_validation")]

    operations = [migrations.RunPython(forbid, allow)]
