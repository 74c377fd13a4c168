"""What a person is reached by beside mail: a feed address, and browsers that ring."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_addresses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=1000, unique=True)),
                ('p256dh', models.CharField(max_length=88)),
                ('auth', models.CharField(max_length=24)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='added')),
                ('last_ok_at', models.DateTimeField(editable=False, null=True, verbose_name='last reached')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'device',
                'verbose_name_plural': 'devices',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='FeedKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'feed address of a person',
                'verbose_name_plural': 'feed addresses of people',
            },
        ),
        migrations.CreateModel(
            name='PushDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=200, unique=True)),
                ('state', models.CharField(choices=[('owed', 'Owed'), ('sent', 'Sent'), ('unconfirmed', 'Perhaps sent'), ('dead', 'Given up'), ('unwanted', 'Not wanted any more')], default='owed', max_length=12, verbose_name='state')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='asked for')),
                ('available_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next attempt')),
                ('expires_at', models.DateTimeField(verbose_name='useless after')),
                ('lease', models.UUIDField(editable=False, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('unsure', models.PositiveSmallIntegerField(default=0)),
                ('sent_at', models.DateTimeField(editable=False, null=True, verbose_name='sent')),
                ('problem', models.CharField(blank=True, max_length=200, verbose_name='problem')),
                ('kind', models.CharField(choices=[('asked', 'You are asked for a review, an opinion or an answer'), ('panel', 'Panels you lead or belong to'), ('desk', 'Work that waits at the moderators’ desk'), ('hub_duty', 'Your hub’s profile is to be confirmed'), ('promise', 'Commitments you answer for'), ('case', 'Your submissions and their labels'), ('place', 'Your registrations'), ('reminder', 'Reminders before an event'), ('recording', 'Recordings and feedback after an event'), ('mention', 'Answers and mentions'), ('yours', 'What became of what you wrote'), ('role', 'Your roles and memberships'), ('measure', 'Decisions of moderators that concern you'), ('discussion', 'Posts in discussions and places you follow'), ('theme', 'Themes that open, close or have a synthesis'), ('blog', 'Blog posts'), ('lab', 'Living labs you follow'), ('solution', 'Solutions you follow'), ('hub', 'Hubs you follow'), ('event', 'Events you follow'), ('commitment', 'Commitments you follow'), ('search', 'Saved searches')], max_length=16, verbose_name='kind')),
                ('rank', models.PositiveSmallIntegerField()),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.device')),
                ('notification', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='push_deliveries', to='notifications.notification')),
            ],
            options={
                'verbose_name': 'message to a device',
                'verbose_name_plural': 'messages to devices',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'owed')), fields=['rank', 'available_at', 'id'], name='pushes_owed'), models.Index(fields=['created_at'], name='pushes_by_age')],
                'constraints': [models.UniqueConstraint(fields=('notification', 'device'), name='pushed_once_to_each_device')],
            },
        ),
    ]
