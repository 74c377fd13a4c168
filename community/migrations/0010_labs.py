import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0009_blog")]

    operations = [
        migrations.AddField(
            model_name="lesson",
            name="changed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="lessonconfirmation",
            name="state",
            field=models.CharField(
                choices=[
                    ("submitted", "Waits for a check"),
                    ("shown", "Shown"),
                    ("hidden", "Hidden"),
                    ("withdrawn", "Withdrawn by its author"),
                ],
                default="shown",
                editable=False,
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="livinglab",
            name="answers",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="community.discussion",
            ),
        ),
        migrations.AddField(
            model_name="trialreport",
            name="is_own",
            field=models.BooleanField(
                default=False, verbose_name="by the solution’s own institution"
            ),
        ),
        migrations.AlterField(
            model_name="trialreport",
            name="evidence_url",
            field=models.URLField(
                blank=True,
                max_length=500,
                validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
                verbose_name="evidence: address",
            ),
        ),
    ]
