"""Opt-outs and requests are found by a sealed fingerprint of the address from now on, so that their index can be rotated.

An opt-out held its index alone, from which no address can be read: its address is looked for among those of requests,
which every opt-out began with. The migration stops where one can't be matched, because that person would be written to.
"""

import privacy.encryption.blind_index
from django.db import migrations, models


def fill_requests(apps, schema_editor):
    requests = apps.get_model("privacy", "PrivacyRequest").objects.using(schema_editor.connection.alias)
    for request in requests.filter(email__isnull=False):
        request.fingerprint = request.email
        request.save(update_fields=["fingerprint"])
    requests.filter(state="answered").update(outcome="answered")
    requests.filter(confirmed_at__isnull=False).update(identity="link", acknowledged_at=models.F("confirmed_at"))


def fill_opt_outs(apps, schema_editor):
    alias = schema_editor.connection.alias
    opt_outs = apps.get_model("privacy", "Suppression").objects.using(alias)
    if not opt_outs.exists():
        return
    for request in apps.get_model("privacy", "PrivacyRequest").objects.using(alias).filter(email__isnull=False):
        for opt_out in opt_outs.filter(email_index=request.email):
            opt_out.fingerprint = request.email
            opt_out.save(update_fields=["fingerprint"])
    if unknown := opt_outs.filter(fingerprint__isnull=True).count():
        raise RuntimeError(
            f"{unknown} opt-outs can't be carried over: no request names their address. Note down whom they are of, if "
            "you know it, delete them (privacy_suppression), migrate, and enter them again."
        )


def index_anew(apps, schema_editor):
    alias = schema_editor.connection.alias
    for name in ("PrivacyRequest", "Suppression"):
        for row in apps.get_model("privacy", name).objects.using(alias).filter(fingerprint__isnull=False):
            row.save(update_fields=["email_index"])


def nothing(apps, schema_editor):
    """An index made of fingerprints can't be turned back; a migration back leaves the rows as they are."""


class Migration(migrations.Migration):

    dependencies = [
        ("privacy", "0002_requests_and_their_records"),
    ]

    operations = [
        migrations.RunPython(fill_requests, nothing),
        migrations.RunPython(fill_opt_outs, nothing),
        migrations.AlterField(
            model_name="privacyrequest",
            name="email_index",
            field=privacy.encryption.blind_index.BlindIndexField(
                db_index=True, normalise="email_fingerprint", null=True, source="fingerprint"
            ),
        ),
        migrations.AlterField(
            model_name="suppression",
            name="email_index",
            field=privacy.encryption.blind_index.BlindIndexField(
                db_index=True, normalise="email_fingerprint", source="fingerprint"
            ),
        ),
        migrations.RunPython(index_anew, nothing),
    ]
