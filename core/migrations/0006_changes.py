"""PostgreSQL notes which transactions altered what pages show (``core.changes``).

The triggers themselves are made after every ``migrate``, for tables of all apps.
"""

from django.db import migrations

from core import changes


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in changes.POSTGRES_CREATE:
            schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in changes.POSTGRES_DROP:
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("core", "0005_search_changes")]

    operations = [migrations.RunPython(create, drop)]
