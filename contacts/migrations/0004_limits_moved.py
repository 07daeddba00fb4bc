"""Limits lie in a table of `privacy` now. What the old one held counted for an hour at most."""

from django.core.management import call_command
from django.db import migrations

TABLE = "contacts_limits"


def make(apps, schema_editor):
    call_command("createcachetable", TABLE, database=schema_editor.connection.alias, verbosity=0)


def drop(apps, schema_editor):
    schema_editor.execute(f"DROP TABLE {TABLE}")


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_limits"), ("privacy", "0009_limits")]

    operations = [migrations.RunPython(drop, make)]
