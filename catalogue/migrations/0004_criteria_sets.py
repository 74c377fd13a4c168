"""Criteria sets as rows, and for every submission the set it is judged by.

The column of submissions may be empty here; the next migrations fill it and forbid that. The
database itself refuses to change a set that is no longer a draft. A later migration that
makes SQLite rebuild the table drops the trigger with it, so it must call ``forbid`` again; a
test fails when that is forgotten.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLE = "catalogue_criteriaset"
FROZEN = (
    "family", "version", "name", "hub_id", "base_id", "additions", "content", "content_hash",
)
TELLS = "A published criteria set is never changed."


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
            f" WHEN (OLD.state <> 'draft' AND ({changed} OR NEW.state = 'draft'"
            " OR OLD.in_force_from IS DISTINCT FROM NEW.in_force_from))"
            f" EXECUTE FUNCTION {TABLE}_stays()"
        )
    else:
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in FROZEN)
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_stays BEFORE UPDATE ON {TABLE} FOR EACH ROW"
            f" WHEN OLD.state <> 'draft' AND ({changed} OR NEW.state = 'draft'"
            " OR OLD.in_force_from IS NOT NEW.in_force_from)"
            f" BEGIN SELECT RAISE(ABORT, '{TELLS}'); END"
        )


def allow(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_stays ON {TABLE}")
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {TABLE}_stays()")
    else:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_stays")


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0003_invitations'),
        ('hubs', '0001_hubs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CriteriaSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.SlugField(default='common', max_length=40, verbose_name='family')),
                ('version', models.CharField(max_length=20, verbose_name='version')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('additions', models.JSONField(blank=True, default=dict, verbose_name='additions of the hub')),
                ('content', models.JSONField(verbose_name='content')),
                ('content_hash', models.CharField(editable=False, max_length=64)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('in_force', 'In force'), ('retired', 'Replaced')], default='draft', editable=False, max_length=10, verbose_name='state')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='drafted')),
                ('in_force_from', models.DateTimeField(editable=False, null=True, verbose_name='in force from')),
                ('retired_at', models.DateTimeField(editable=False, null=True, verbose_name='replaced')),
                ('base', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tightened_by', to='catalogue.criteriaset', verbose_name='rests on')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drafted by')),
                ('hub', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='criteria_sets', to='hubs.hub', verbose_name='hub')),
            ],
            options={
                'verbose_name': 'criteria set',
                'verbose_name_plural': 'criteria sets',
                'ordering': ['family', '-created_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='submission',
            name='criteria_set',
            field=models.ForeignKey(help_text='In force when it was submitted; it is judged by this set to the end.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='catalogue.criteriaset', verbose_name='criteria set'),
        ),
        migrations.AddConstraint(
            model_name='criteriaset',
            constraint=models.UniqueConstraint(condition=models.Q(('hub__isnull', True)), fields=('family', 'version'), name='criteria_version_once'),
        ),
        migrations.AddConstraint(
            model_name='criteriaset',
            constraint=models.UniqueConstraint(condition=models.Q(('hub__isnull', False)), fields=('family', 'hub', 'version'), name='criteria_version_once_per_hub'),
        ),
        migrations.AddConstraint(
            model_name='criteriaset',
            constraint=models.UniqueConstraint(condition=models.Q(('hub__isnull', True), ('state', 'in_force')), fields=('family',), name='criteria_one_in_force'),
        ),
        migrations.AddConstraint(
            model_name='criteriaset',
            constraint=models.UniqueConstraint(condition=models.Q(('hub__isnull', False), ('state', 'in_force')), fields=('family', 'hub'), name='criteria_one_in_force_per_hub'),
        ),
        migrations.AddConstraint(
            model_name='criteriaset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('base__isnull', True), ('hub__isnull', True)), models.Q(('base__isnull', False), ('hub__isnull', False)), _connector='OR'), name='criteria_of_hub_rest_on_shared'),
        ),
        migrations.AddConstraint(
            model_name='criteriaset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('in_force_from__isnull', True), ('retired_at__isnull', True), ('state', 'draft')), models.Q(('in_force_from__isnull', False), ('retired_at__isnull', True), ('state', 'in_force')), models.Q(('in_force_from__isnull', False), ('retired_at__isnull', False), ('state', 'retired')), _connector='OR'), name='criteria_state_has_its_dates'),
        ),
        migrations.RunPython(forbid, allow),
    ]
