"""The table of the cache that counts how much comes from one network (`CACHES["limits"]`), made whatever the cache is
now: an operator may change that at any time."""

from django.core.management import call_command
from django.db import migrations

TABLE = "contacts_limits"


def make(apps, schema_editor):
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_threads_documents_and_the_clock")]

    operations = [
        migrations.RunPython(make, lambda apps, schema_editor: schema_editor.execute(f"DROP TABLE {TABLE}")),
    ]
