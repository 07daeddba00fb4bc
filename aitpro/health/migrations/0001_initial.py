from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('ended_at', models.DateTimeField()),
                ('seconds', models.FloatField()),
                ('is_failed', models.BooleanField()),
                ('failures', models.PositiveBigIntegerField(default=0)),
            ],
        ),
    ]
