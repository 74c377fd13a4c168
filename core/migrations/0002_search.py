"""The search engine's own structure in this database: see ``core.search.structure``.

It imports that module because ``check_index --mend`` must be able to create the same again;
the versions there are frozen.
"""

from functools import partial

from django.db import migrations

from core.search import structure


def create(apps, schema_editor):
    version = structure.VERSION_1[schema_editor.connection.vendor]
    structure.create(partial(schema_editor.execute, params=None), version)


def drop(apps, schema_editor):
    version = structure.VERSION_1[schema_editor.connection.vendor]
    structure.drop(partial(schema_editor.execute, params=None), version)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_foundations")]

    operations = [migrations.RunPython(create, drop)]
