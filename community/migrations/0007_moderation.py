from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0006_directory")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="digest",
            field=models.CharField(blank=True, default="", editable=False, max_length=32),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="decision",
            name="what",
            field=models.CharField(
                choices=[
                    ("release", "Shown after a check"),
                    ("refuse", "Not shown after a check"),
                    ("keep", "Left as it is after a flag"),
                    ("hide", "Hidden"),
                    ("restore", "Shown again"),
                    ("lock", "Discussion locked"),
                    ("unlock", "Discussion opened again"),
                    ("move", "Discussion moved"),
                    ("merge", "Discussions merged"),
                    ("split", "Discussion split"),
                    ("warning", "Member warned"),
                    ("checked", "Member’s contributions checked again"),
                    ("suspension", "Member suspended"),
                    ("ban", "Member banned"),
                    ("lift", "Measure lifted"),
                ],
                max_length=12,
                verbose_name="decision",
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                condition=models.Q(("digest", ""), _negated=True),
                fields=["digest", "-written_at"],
                name="posts_by_digest",
            ),
        ),
    ]
