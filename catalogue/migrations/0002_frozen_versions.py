"""Let the database itself refuse to change a frozen version.

Content, number and form of a version never change; only ``published_at`` is set later and
``created_by`` is cleared when a person leaves. A later migration that makes SQLite rebuild
the table drops the trigger with it, so it must call these functions again; a test fails
when that is forgotten.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLE = "catalogue_version"
FROZEN = ("content", "private_content", "content_hash", "solution_id", "number", "form")
TELLS = "A frozen version is never changed."


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
    dependencies = [("catalogue", "0001_catalogue")]

    operations = [migrations.RunPython(forbid, allow)]
