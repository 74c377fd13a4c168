from django.db import migrations


class Migration(migrations.Migration):
    """What statements say now is no longer kept in columns of the hub."""

    dependencies = [
        ('hubs', '0003_statements_become_claims'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='hub',
            name='coordinates',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='facts',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='financing',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='host',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='networks',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='note',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='organisational_model',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='other_names',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='policy_basis',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='sources',
        ),
        migrations.RemoveField(
            model_name='hub',
            name='staffing',
        ),
    ]
