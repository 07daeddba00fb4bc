import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import privacy.encryption.fields
import privacy.sealed_models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.UUIDField(default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("data", privacy.encryption.fields.SealedBinaryField()),
                ("browser", privacy.encryption.fields.SealedTextField(max_length=60, null=True)),
                ("is_staff", models.BooleanField(default=False)),
                ("second_factor", models.BooleanField(default=False, verbose_name="with a second factor")),
                ("signed_in_at", models.DateTimeField(null=True, verbose_name="signed in")),
                ("last_seen_at", models.DateTimeField(verbose_name="last seen")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="ends")),
                ("wrong_passwords", models.PositiveSmallIntegerField(default=0, verbose_name="wrong passwords in a row")),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "session"},
        ),
        # Its rows are the keys of live sessions, in clear text. Whoever was signed in signs in again.
        migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop),
    ]
