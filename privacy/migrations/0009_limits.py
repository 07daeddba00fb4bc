"""The table of the cache that all limits share (`CACHES["limits"]`), made whatever the cache is now: an operator may
change that at any time."""

from django.core.management import call_command
from django.db import migrations

TABLE = "privacy_limits"


def make(apps, schema_editor):
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("privacy", "0008_history_of_the_promises")]

    operations = [
        migrations.RunPython(make, lambda apps, schema_editor: schema_editor.execute(f"DROP TABLE {TABLE}")),
    ]
