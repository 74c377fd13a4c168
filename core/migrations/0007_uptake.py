"""Documents are sorted by how often they were adopted.

On SQLite a table is altered by making it anew, which drops its triggers; they are made again. The
numbers come with the next check of the search (``core.findable.mend``), or as reports are checked.
"""

from functools import partial

from django.db import migrations, models

from core.search import structure


def restore(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for version in (structure.VERSION_1, structure.CHANGES):
            structure.create(partial(schema_editor.execute, params=None), version["sqlite"])


class Migration(migrations.Migration):
    dependencies = [("core", "0006_changes")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, restore),
        migrations.AddField(
            model_name="searchdocument",
            name="uptake",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="searchdocument",
            index=models.Index(
                fields=["kind", "-uptake", "-rank", "-published_at", "id"], name="found_adopted"
            ),
        ),
        migrations.RunPython(restore, migrations.RunPython.noop),
    ]
