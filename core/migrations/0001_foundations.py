import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("value", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="JobRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("period", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "period"), name="job_once_per_period")
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("object_id", models.CharField(max_length=64)),
                ("rank", models.SmallIntegerField(default=0)),
                ("published_at", models.DateTimeField()),
                ("title_sort", models.CharField(blank=True, max_length=300)),
                ("language", models.CharField(max_length=10)),
                ("title", models.CharField(max_length=300)),
                ("summary", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
                ("title_words", models.TextField(blank=True)),
                ("summary_words", models.TextField(blank=True)),
                ("body_words", models.TextField(blank=True)),
                ("title_stems", models.TextField(blank=True)),
                ("summary_stems", models.TextField(blank=True)),
                ("body_stems", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["kind", "-published_at", "id"], name="found_newest"),
                    models.Index(
                        fields=["kind", "-rank", "-published_at", "id"], name="found_best"
                    ),
                    models.Index(fields=["kind", "title_sort", "id"], name="found_by_title"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "object_id"), name="found_once_per_record"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=10)),
                ("word", models.CharField(max_length=40)),
                ("folded", models.CharField(max_length=120)),
                ("stem", models.CharField(max_length=140)),
                ("uses", models.IntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["folded"], name="word_folded"),
                    models.Index(fields=["stem"], name="word_stem"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("language", "word"), name="word_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("actor_name", models.CharField(max_length=255, verbose_name="actor")),
                ("verb", models.CharField(max_length=64, verbose_name="verb")),
                ("target_type", models.CharField(max_length=100)),
                ("target_id", models.CharField(max_length=64)),
                ("target_label", models.CharField(max_length=255, verbose_name="target")),
                ("note", models.TextField(blank=True, verbose_name="reason")),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="time")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["target_type", "target_id", "-created_at"], name="audit_by_target"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchFacet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("group", models.CharField(max_length=16)),
                ("value", models.CharField(max_length=100)),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="facets",
                        to="core.searchdocument",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["kind", "group", "value", "document"], name="facet_documents"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("document", "kind", "group", "value"), name="facet_once_per_document"
                    )
                ],
            },
        ),
    ]
