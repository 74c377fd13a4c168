from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0010_labs")]

    operations = [
        migrations.AddField(
            model_name="monthlytheme",
            name="solutions",
            field=models.ManyToManyField(
                blank=True,
                related_name="themes",
                to="catalogue.solution",
                verbose_name="solutions",
            ),
        ),
    ]
