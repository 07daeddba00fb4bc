"""Every code that there is belongs to its affiliate for good. Accounts of people who were erased keep theirs reserved,
and are called by a new one that says nothing."""

from typing import Any

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import privacy.encryption.blind_index
import privacy.fingerprints
import privacy.sealed_models
from affiliates.models.affiliate import new_code
from privacy.append_only import columns_change, forbid, forbid_replacing

CODES = "affiliates_affiliatecode"


def keep_codes(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    codes = apps.get_model("affiliates", "AffiliateCode")._base_manager.using(connection.alias)
    affiliates = apps.get_model("affiliates", "Affiliate")._base_manager.using(connection.alias)
    for affiliate in affiliates.select_related("user").iterator(chunk_size=500):
        codes.create(affiliate=affiliate, code=affiliate.code, since=affiliate.joined_at)
        if affiliate.user.email_index is None:
            affiliate.code = new_code()
            affiliate.save(update_fields=["code"])
            codes.create(affiliate=affiliate, code=affiliate.code)
    if connection.vendor == "postgresql":  # which makes no trigger while checks of the table's rows are put off
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0025_payout_addresses_of_90_days")]

    operations = [
        migrations.CreateModel(
            name="AffiliateCode",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", privacy.fingerprints.FingerprintField(of="code")),
                (
                    "code_index",
                    privacy.encryption.blind_index.BlindIndexField(
                        db_index=False, normalise="code_fingerprint", source="code", unique=True
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "affiliate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="codes", to="affiliates.affiliate"
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AlterField(
            "affiliate",
            "code",
            models.CharField(
                default=new_code,
                help_text="Links with a former code keep working for the same affiliate. No code is ever given to another.",
                max_length=32,
                unique=True,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[A-Za-z0-9_-]{2,32}\\Z", "Two to 32 letters, digits, hyphens or underscores."
                    )
                ],
            ),
        ),
        migrations.RunPython(keep_codes, migrations.RunPython.noop),
        forbid_replacing(CODES, "id", "code_index"),
        forbid(CODES, "update", when=columns_change("id", "affiliate_id"), message="a code never changes its owner"),
        forbid(CODES, "delete", message="a code is never given away again"),
    ]
