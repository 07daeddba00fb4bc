"""A day key that was destroyed is never made again."""

from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse


class Migration(migrations.Migration):
    dependencies = [("keystore", "0001_initial")]

    operations = [
        EnsureTriggers(
            "keystore_daykey",
            Refuse("update", when="OLD.destroyed_at IS NOT NULL", message="a destroyed key stays destroyed"),
            Refuse("delete", message="the row of a day key is kept"),
        ),
    ]
