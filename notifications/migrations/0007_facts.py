from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0006_saved_searches'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='reason',
            field=models.CharField(choices=[('mentioned', 'You were mentioned'), ('answered', 'Your post was answered'), ('yours', 'It is about something you wrote'), ('concerns', 'It concerns you'), ('following', 'You follow it'), ('member', 'You take part in the community')], max_length=12, verbose_name='reason'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['subject', 'subject_id'], name='notices_of_a_record'),
        ),
    ]
