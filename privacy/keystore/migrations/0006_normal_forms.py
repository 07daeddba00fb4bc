"""Whether a fingerprint is of the former normal form: all that are there now are (ADR 24)."""

from django.db import migrations, models


def normal_form():
    return models.PositiveSmallIntegerField(
        choices=[(1, "before ADR 24"), (2, "since ADR 24")], db_default=1, default=2, editable=False
    )


class Migration(migrations.Migration):
    dependencies = [("keystore", "0005_licenses_kept_after_deletion")]

    operations = [
        migrations.AddField(model_name="tombstone", name="normal_form", field=normal_form()),
        migrations.AddField(model_name="optoutcopy", name="normal_form", field=normal_form()),
    ]
