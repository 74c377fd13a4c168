from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_facts")]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="deliveries_owed"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["state", "rank", "available_at", "id"], name="deliveries_in_turn"
            ),
        ),
    ]
