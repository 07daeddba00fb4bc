from django.db import migrations

from privacy.append_only import forbid

TABLE = "keystore_daykey"


class Migration(migrations.Migration):

    dependencies = [
        ("keystore", "0002_tombstone"),
    ]

    operations = [
        forbid(TABLE, "update", when="OLD.destroyed_at IS NOT NULL", message="a destroyed key stays destroyed"),
        forbid(TABLE, "delete", message="the fence of a day stays"),
    ]
