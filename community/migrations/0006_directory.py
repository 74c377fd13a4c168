import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower, Replace

#: Compared by code point, as on SQLite, whatever the locale of the database: names are sorted and
#: words are looked up by their beginnings.
BY_CODE_POINT = (
    ("community_directoryentry", "name_sort", 120),
    ("community_directoryword", "word", 40),
)


def compare_by_code_point(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, column, length in BY_CODE_POINT:
            schema_editor.execute(
                f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"'
            )


def likeness():
    found = Lower(models.F("handle"))
    for written, read in (("-", ""), ("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w")):
        found = Replace(found, models.Value(written), models.Value(read))
    return found


def key():
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0005_recognition"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                likeness(),
                name="no_member_looks_like_another",
                violation_error_message="This is too much like another member’s short name.",
            ),
        ),
        migrations.CreateModel(
            name="FormerHandle",
            fields=[
                ("id", key()),
                (
                    "handle",
                    models.CharField(max_length=30, unique=True, verbose_name="short name"),
                ),
                ("likeness", models.CharField(editable=False, max_length=30)),
                (
                    "given_up_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="former_handles",
                        to="community.member",
                    ),
                ),
            ],
            options={
                "verbose_name": "former short name",
                "verbose_name_plural": "former short names",
                "ordering": ["-given_up_at", "-pk"],
                "indexes": [models.Index(fields=["likeness"], name="former_handles_alike")],
            },
        ),
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", key()),
                (
                    "left_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="departure",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "departure", "verbose_name_plural": "departures"},
        ),
        migrations.CreateModel(
            name="DirectoryEntry",
            fields=[
                ("id", key()),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("nobody", "Only me"),
                            ("members", "Signed-in members"),
                            ("public", "Everyone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name_sort", models.CharField(max_length=120)),
                ("joined_at", models.DateTimeField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="community.member",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry of the directory",
                "verbose_name_plural": "entries of the directory",
                "indexes": [
                    models.Index(fields=["audience", "name_sort", "id"], name="directory_by_name"),
                    models.Index(fields=["audience", "-joined_at", "-id"], name="directory_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member", "audience"), name="listed_once_per_audience"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryFacet",
            fields=[
                ("id", key()),
                ("audience", models.CharField(max_length=10)),
                ("group", models.CharField(max_length=10)),
                ("value", models.CharField(max_length=20)),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="facets",
                        to="community.directoryentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "value of the directory",
                "verbose_name_plural": "values of the directory",
                "indexes": [
                    models.Index(
                        fields=["audience", "group", "value", "entry"], name="directory_by_facet"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entry", "group", "value"), name="directory_facet_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryWord",
            fields=[
                ("id", key()),
                ("audience", models.CharField(max_length=10)),
                ("word", models.CharField(max_length=40)),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="words",
                        to="community.directoryentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "word of the directory",
                "verbose_name_plural": "words of the directory",
                "indexes": [
                    models.Index(fields=["audience", "word", "entry"], name="directory_by_word")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "word"), name="directory_word_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryCount",
            fields=[
                ("id", key()),
                ("audience", models.CharField(max_length=10)),
                ("group", models.CharField(blank=True, max_length=10)),
                ("value", models.CharField(blank=True, max_length=20)),
                ("members", models.IntegerField(default=0)),
            ],
            options={
                "verbose_name": "count of the directory",
                "verbose_name_plural": "counts of the directory",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("audience", "group", "value"), name="directory_counted_once"
                    )
                ],
            },
        ),
        migrations.RunPython(compare_by_code_point, migrations.RunPython.noop, elidable=False),
    ]
