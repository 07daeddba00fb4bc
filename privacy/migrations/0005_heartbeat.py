from django.db import migrations, models
from django.utils import timezone

import privacy.sealed_models


def start_the_clock(apps, schema_editor):
    """A purge that never runs is late two hours from now."""
    apps.get_model("privacy", "Heartbeat").objects.create(name="purge", at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_no_opt_out_without_fingerprint")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=30, unique=True)),
                ("at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunPython(start_the_clock, migrations.RunPython.noop),
    ]
