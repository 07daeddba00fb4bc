"""The cache table that all rate limits share."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    """Creates the table of `CACHES["limits"]`, whatever that cache is now: an operator may change it at any time."""
    call_command("createcachetable", "privacy_limits", database=schema_editor.connection.alias, verbosity=0)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE privacy_limits")


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
