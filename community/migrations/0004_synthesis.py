"""Syntheses, and a database that itself refuses to change or delete a published version.

Of the words and names of members beside a version only taking away is allowed: an empty text in
place of one, no post in place of one. A later migration that makes SQLite rebuild one of the two
tables drops its triggers, so it must call these functions again; a test fails when that is
forgotten. TRUNCATE is not refused: on PostgreSQL tests are cleaned up by it.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import claims.models

TELLS = "A published synthesis is never changed."
#: By table: what stays for ever, what may become empty, what may become NULL.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "community_synthesisversion": (
        ("id", "synthesis_id", "number", "form_key", "content", "note", "published_at"),
        (),
        ("published_by_id",),
    ),
    "community_versionsource": (
        (
            "id",
            "version_id",
            "conclusion",
            "position",
            "post_uid",
            "post_revision",
            "written_at",
        ),
        ("quote", "insight", "author_name", "organisation", "country"),
        ("post_id",),
    ),
}


def forbid(apps: Any, schema_editor: Any) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    differs = "IS DISTINCT FROM" if postgresql else "IS NOT"
    for table, (frozen, erasable, leaving) in TABLES.items():
        changed = " OR ".join(
            [
                *(f"OLD.{name} {differs} NEW.{name}" for name in frozen),
                *(
                    f"(OLD.{name} {differs} NEW.{name} AND NEW.{name} {differs} '')"
                    for name in erasable
                ),
                *(
                    f"(OLD.{name} {differs} NEW.{name} AND NEW.{name} IS NOT NULL)"
                    for name in leaving
                ),
            ]
        )
        if postgresql:
            schema_editor.execute(
                f"""
                CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION '{TELLS}' USING ERRCODE = 'integrity_constraint_violation';
                END $$
                """
            )
        does = (
            f"EXECUTE FUNCTION {table}_stays()"
            if postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{TELLS}'); END"
        )
        for event, when in (("UPDATE", f"WHEN ({changed}) "), ("DELETE", "")):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" FOR EACH ROW {when}{does}"
            )


def allow(apps: Any, schema_editor: Any) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for event in ("update", "delete"):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}{on}")
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {table}_stays()")


def key() -> tuple[str, models.BigAutoField]:
    field: models.BigAutoField = models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )
    return ("id", field)


def person() -> models.ForeignKey:
    return models.ForeignKey(
        null=True,
        on_delete=django.db.models.deletion.SET_NULL,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0003_library"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("outgrowth", "form_key", models.UUIDField(editable=False, null=True)),
        migrations.AddConstraint(
            "outgrowth",
            models.UniqueConstraint(fields=("made_by", "form_key"), name="outgrowth_once_per_form"),
        ),
        migrations.CreateModel(
            name="Synthesis",
            fields=[
                key(),
                (
                    "state",
                    models.CharField(
                        choices=[("writing", "Being written"), ("published", "Published")],
                        default="writing",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("intro", models.TextField(blank=True, verbose_name="introduction")),
                (
                    "questions",
                    models.TextField(blank=True, verbose_name="questions that stay open"),
                ),
                ("reading", models.TextField(blank=True, verbose_name="what to read next")),
                ("revision", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "begun_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "changed_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("begun_by", person()),
                ("changed_by", person()),
                (
                    "theme",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="synthesis",
                        to="community.monthlytheme",
                    ),
                ),
            ],
            options={
                "verbose_name": "synthesis of a month",
                "verbose_name_plural": "syntheses of the months",
                "ordering": ["-theme__month", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Conclusion",
            fields=[
                key(),
                (
                    "uid",
                    models.CharField(
                        default=claims.models.new_uid, editable=False, max_length=12, unique=True
                    ),
                ),
                ("form_key", models.UUIDField(editable=False, null=True)),
                (
                    "sentence",
                    models.CharField(max_length=300, verbose_name="conclusion, in one sentence"),
                ),
                ("explanation", models.TextField(blank=True, verbose_name="explanation")),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("revision", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "synthesis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conclusions",
                        to="community.synthesis",
                    ),
                ),
            ],
            options={
                "verbose_name": "conclusion",
                "verbose_name_plural": "conclusions",
                "ordering": ["synthesis", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("synthesis", "form_key"), name="conclusion_once_per_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sentence", ""), _negated=True),
                        name="conclusion_says_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConclusionSource",
            fields=[
                key(),
                (
                    "quote",
                    models.CharField(blank=True, max_length=600, verbose_name="quoted words"),
                ),
                (
                    "conclusion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sources",
                        to="community.conclusion",
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conclusion_sources",
                        to="community.post",
                    ),
                ),
            ],
            options={
                "verbose_name": "source of a conclusion",
                "verbose_name_plural": "sources of conclusions",
                "ordering": ["conclusion", "post__discussion", "post__number", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("conclusion", "post"), name="source_once_each")
                ],
            },
        ),
        migrations.CreateModel(
            name="SynthesisVersion",
            fields=[
                key(),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("form_key", models.UUIDField(editable=False, null=True)),
                ("content", models.JSONField()),
                (
                    "note",
                    models.CharField(blank=True, max_length=300, verbose_name="what changed"),
                ),
                (
                    "published_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="published",
                    ),
                ),
                ("published_by", person()),
                (
                    "synthesis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="community.synthesis",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a synthesis",
                "verbose_name_plural": "versions of syntheses",
                "ordering": ["synthesis", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("synthesis", "number"), name="synthesis_version_number_once"
                    ),
                    models.UniqueConstraint(
                        fields=("synthesis", "form_key"), name="synthesis_version_once_per_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="synthesis_version_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionSource",
            fields=[
                key(),
                ("conclusion", models.CharField(max_length=12)),
                ("position", models.PositiveSmallIntegerField()),
                ("post_uid", models.CharField(max_length=12)),
                ("post_revision", models.PositiveIntegerField()),
                ("written_at", models.DateTimeField()),
                ("quote", models.CharField(blank=True, max_length=600)),
                ("insight", models.CharField(blank=True, max_length=300)),
                ("author_name", models.CharField(blank=True, max_length=300)),
                ("organisation", models.CharField(blank=True, max_length=300)),
                ("country", models.CharField(blank=True, max_length=100)),
                (
                    "post",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="version_sources",
                        to="community.post",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="community.synthesisversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "source of a published conclusion",
                "verbose_name_plural": "sources of published conclusions",
                "ordering": ["version", "conclusion", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "conclusion", "post_uid"), name="version_source_once"
                    )
                ],
            },
        ),
        migrations.RunPython(forbid, allow),
    ]
