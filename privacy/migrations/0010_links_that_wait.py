"""When a mail named a request. Until now each request that was stored had its mail at once."""

from django.db import migrations, models
from django.db.models import F


def mailed_at_once(apps, schema_editor):
    alias = schema_editor.connection.alias
    requests = apps.get_model("privacy", "PrivacyRequest").objects.using(alias)
    requests.filter(link_digest__isnull=False).update(link_mailed_at=F("received_at"))
    apps.get_model("privacy", "ChoicesRequest").objects.using(alias).update(link_mailed_at=F("asked_at"))


class Migration(migrations.Migration):
    dependencies = [("privacy", "0009_limits")]

    operations = [
        migrations.AddField("privacyrequest", "link_mailed_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("choicesrequest", "link_mailed_at", models.DateTimeField(null=True)),
        migrations.RunPython(mailed_at_once, migrations.RunPython.noop, elidable=True),
    ]
