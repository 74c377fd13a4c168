import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_deliveries")]

    operations = [
        migrations.CreateModel(
            name='Address',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True, verbose_name='address')),
                ('score', models.PositiveSmallIntegerField(default=0, verbose_name='score')),
                ('counted_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('passing_on', models.DateField(editable=False, null=True)),
                ('stopped_until', models.DateTimeField(blank=True, null=True, verbose_name='stopped until')),
                ('complained_at', models.DateTimeField(blank=True, null=True, verbose_name='called unwanted')),
                ('last_problem', models.CharField(blank=True, max_length=200, verbose_name='problem')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'address mails come back from',
                'verbose_name_plural': 'addresses mails come back from',
                'ordering': ['-changed_at', '-pk'],
                'indexes': [models.Index(fields=['changed_at'], name='addresses_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='addresses_in_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='ReportCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('outcome', models.CharField(max_length=16)),
                ('number', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'count of reports',
                'verbose_name_plural': 'counts of reports',
                'constraints': [models.UniqueConstraint(fields=('day', 'outcome'), name='one_count_a_day_and_outcome')],
            },
        ),
    ]
