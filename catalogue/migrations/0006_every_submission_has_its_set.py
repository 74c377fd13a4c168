"""No submission without the criteria set it is judged by."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0005_common_criteria'),
    ]

    operations = [
        migrations.AlterField(
            model_name='submission',
            name='criteria_set',
            field=models.ForeignKey(help_text='In force when it was submitted; it is judged by this set to the end.', on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='catalogue.criteriaset', verbose_name='criteria set'),
        ),
    ]
