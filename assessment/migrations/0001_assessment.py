"""Editions of the self-assessment, assessments with two sheets each, road maps.

The database itself refuses to change the words, levels and efforts of an edition that is no
longer a draft; translations may still come. A later migration that makes SQLite rebuild one of
the two tables drops its trigger with it, so it must call ``forbid`` again; a test fails when
that is forgotten.
"""

from __future__ import annotations

from typing import Any

import claims.models
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FROZEN = {
    "assessment_dimension": ("framework_id", "code", "title", "short", "text", "position"),
    "assessment_statement": (
        "dimension_id", "code", "level", "text", "proof", "step", "effort", "position",
    ),
}
STATE_OF = {
    "assessment_dimension": "SELECT state FROM assessment_framework WHERE id = OLD.framework_id",
    "assessment_statement": (
        "SELECT state FROM assessment_framework JOIN assessment_dimension"
        " ON assessment_dimension.framework_id = assessment_framework.id"
        " WHERE assessment_dimension.id = OLD.dimension_id"
    ),
}
TELLS = "An edition of the self-assessment that was put in force is never changed."


def forbid(apps: Any, schema_editor: Any) -> None:
    for table, columns in FROZEN.items():
        if schema_editor.connection.vendor == "postgresql":
            changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
            schema_editor.execute(
                f"""
                CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF ({STATE_OF[table]}) <> 'draft' THEN
                        RAISE EXCEPTION '{TELLS}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                END $$
                """
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW"
                f" WHEN ({changed}) EXECUTE FUNCTION {table}_stays()"
            )
        else:
            changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW"
                f" WHEN ({changed}) AND ({STATE_OF[table]}) <> 'draft'"
                f" BEGIN SELECT RAISE(ABORT, '{TELLS}'); END"
            )


def allow(apps: Any, schema_editor: Any) -> None:
    for table in FROZEN:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_stays ON {table}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {table}_stays()")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_stays")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('hubs', '0004_claims_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Framework',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=20, unique=True, verbose_name='version')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('in_force', 'In force'), ('replaced', 'Replaced')], default='draft', max_length=20, verbose_name='state')),
                ('note', models.TextField(blank=True, verbose_name='where it comes from')),
                ('in_force_since', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'edition of the self-assessment',
                'verbose_name_plural': 'editions of the self-assessment',
                'ordering': ['-in_force_since', '-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'in_force')), fields=('state',), name='one_framework_in_force')],
            },
        ),
        migrations.CreateModel(
            name='Dimension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('translations', models.JSONField(blank=True, default=dict, verbose_name='translations')),
                ('code', models.SlugField(max_length=20, verbose_name='code')),
                ('title', models.CharField(max_length=100, verbose_name='title')),
                ('short', models.CharField(max_length=40, verbose_name='short title, for the plot')),
                ('text', models.CharField(blank=True, max_length=400, verbose_name='what it is about')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('framework', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dimensions', to='assessment.framework')),
            ],
            options={
                'verbose_name': 'dimension',
                'verbose_name_plural': 'dimensions',
                'ordering': ['framework', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(default=claims.models.new_uid, editable=False, max_length=12, unique=True)),
                ('state', models.CharField(choices=[('answering', 'Two people answer apart'), ('comparing', 'Differences are discussed'), ('agreed', 'Agreed'), ('dropped', 'Given up')], default='answering', max_length=20, verbose_name='state')),
                ('answers', models.JSONField(default=dict)),
                ('levels', models.JSONField(default=dict)),
                ('summary', models.TextField(blank=True, max_length=2000, verbose_name='what the hub says about it')),
                ('sharing', models.CharField(choices=[('private', 'Only this hub'), ('chosen', 'This hub and hubs it chose'), ('public', 'Everybody')], default='private', max_length=20, verbose_name='who may see it')),
                ('shares_road_map', models.BooleanField(default=False, verbose_name='with the road map')),
                ('in_benchmark', models.BooleanField(default=True, help_text='Without a name, and only once at least five hubs take part.', verbose_name='counts in the benchmark')),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('agreed_at', models.DateTimeField(null=True)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('changed', models.JSONField(default=dict)),
                ('agreed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hub', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assessments', to='hubs.hub')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shared_with', models.ManyToManyField(blank=True, related_name='+', to='hubs.hub')),
                ('framework', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='assessment.framework')),
            ],
            options={
                'verbose_name': 'self-assessment',
                'verbose_name_plural': 'self-assessments',
                'ordering': ['-opened_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Sheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(default=claims.models.new_uid, editable=False, max_length=12, unique=True)),
                ('unit', models.CharField(max_length=120, verbose_name='unit')),
                ('answers', models.JSONField(default=dict)),
                ('done_at', models.DateTimeField(null=True)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('changed', models.JSONField(default=dict)),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='assessment.assessment')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'answers of one person',
                'verbose_name_plural': 'answers of two people',
                'ordering': ['assessment', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('translations', models.JSONField(blank=True, default=dict, verbose_name='translations')),
                ('code', models.SlugField(max_length=30, verbose_name='code')),
                ('level', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(4)], verbose_name='level')),
                ('text', models.CharField(max_length=400, verbose_name='statement')),
                ('proof', models.CharField(blank=True, max_length=300, verbose_name='what would prove it')),
                ('step', models.CharField(max_length=400, verbose_name='step')),
                ('effort', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(999)], verbose_name='effort in days')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('dimension', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='statements', to='assessment.dimension')),
            ],
            options={
                'verbose_name': 'statement',
                'verbose_name_plural': 'statements',
                'ordering': ['dimension__position', 'level', 'position'],
            },
        ),
        migrations.CreateModel(
            name='RoadStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(default=claims.models.new_uid, editable=False, max_length=12, unique=True)),
                ('text', models.CharField(max_length=400, verbose_name='step')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='by when')),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('under_way', 'Under way'), ('done', 'Done'), ('dropped', 'Dropped')], default='planned', max_length=20, verbose_name='state')),
                ('progress', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='progress in percent')),
                ('done_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('assessment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='steps', to='assessment.assessment')),
                ('hub', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='road_map', to='hubs.hub')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who does it')),
                ('statement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='assessment.statement')),
            ],
            options={
                'verbose_name': 'step of a road map',
                'verbose_name_plural': 'road maps',
                'ordering': ['hub', models.OrderBy(models.F('due_on'), nulls_last=True), 'pk'],
            },
        ),
        migrations.CreateModel(
            name='StepUpdate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('progress', models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(100)])),
                ('text', models.CharField(max_length=500, verbose_name='what happened')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='assessment.roadstep')),
            ],
            options={
                'verbose_name': 'update of a step',
                'verbose_name_plural': 'updates of steps',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='dimension',
            constraint=models.UniqueConstraint(fields=('framework', 'code'), name='dimension_once'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['answering', 'comparing'])), fields=('hub',), name='one_open_assessment_per_hub'),
        ),
        migrations.AddConstraint(
            model_name='sheet',
            constraint=models.UniqueConstraint(fields=('assessment', 'person'), name='one_sheet_per_person'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.UniqueConstraint(fields=('dimension', 'code'), name='statement_once'),
        ),
        migrations.AddConstraint(
            model_name='roadstep',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['planned', 'under_way'])), fields=('hub', 'statement'), name='step_open_once'),
        ),
        migrations.AddConstraint(
            model_name='roadstep',
            constraint=models.CheckConstraint(condition=models.Q(('progress__lte', 100)), name='progress_up_to_the_whole'),
        ),
        migrations.RunPython(forbid, allow),
    ]
