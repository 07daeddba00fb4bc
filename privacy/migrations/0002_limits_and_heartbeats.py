"""The cache's table that all limits share, and the heartbeats of work that never ran."""

from uuid import uuid4

from django.core.management import call_command
from django.db import migrations
from django.utils import timezone


def create_limits(apps, schema_editor):
    """For `CACHES["limits"]`, whatever that cache is now: an operator may change it at any time."""
    call_command("createcachetable", "privacy_limits", database=schema_editor.connection.alias, verbosity=0)


def drop_limits(apps, schema_editor):
    schema_editor.execute("DROP TABLE privacy_limits")


def start_heartbeats(apps, schema_editor):
    """A purge that never runs is late two hours from now, and a site that is never attacked 36 hours from now."""
    heartbeats = apps.get_model("privacy", "Heartbeat").objects.using(schema_editor.connection.alias)
    for name in ("purge", "attacks"):
        heartbeats.create(id=uuid4(), name=name, at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial")]

    operations = [
        migrations.RunPython(create_limits, drop_limits),
        migrations.RunPython(start_heartbeats, migrations.RunPython.noop),
    ]
