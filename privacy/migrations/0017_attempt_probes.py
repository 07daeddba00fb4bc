
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('privacy', '0016_attacks'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='probes',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='attempt',
            name='unreached',
            field=models.JSONField(default=list),
        ),
    ]
