"""What changes in the search is noted, for those who count over a snapshot of it."""

from functools import partial

from django.db import migrations, models

from core.search import structure


def create(apps, schema_editor):
    version = structure.CHANGES[schema_editor.connection.vendor]
    structure.create(partial(schema_editor.execute, params=None), version)


def drop(apps, schema_editor):
    version = structure.CHANGES[schema_editor.connection.vendor]
    structure.drop(partial(schema_editor.execute, params=None), version)


class Migration(migrations.Migration):
    dependencies = [("core", "0004_audit_kept")]

    operations = [
        migrations.CreateModel(
            name="SearchChange",
            fields=[
                ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                ("document", models.BigIntegerField()),
                ("token", models.BigIntegerField()),
                ("xid", models.BigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["xid"], name="changed_by")]},
        ),
        migrations.RunPython(create, drop),
    ]
