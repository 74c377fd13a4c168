from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("community", "0007_moderation")]

    operations = []
