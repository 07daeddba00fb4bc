"""Why an order was refused is sealed: it names people. The words may be taken out later, with the person's address."""

from django.db import migrations

import privacy.encryption.fields
from privacy.append_only import forbid, lift
from privacy.encryption.sealing_columns import sealing

TABLE = "disclosure_disclosure"
CHANGED = " OR ".join(
    f"NEW.{column} <> OLD.{column}" for column in ("kind", "received_on", "scope", "document_digest", "recorded_at")
)


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0002_an_order_stays_as_it_was")]

    operations = [
        lift(TABLE, "update"),
        lift(TABLE, "delete"),
        migrations.RemoveConstraint("disclosure", "a_refusal_says_why"),
        migrations.RenameField("disclosure", "refusal", "readable_refusal"),
        migrations.AddField(
            "disclosure",
            "refusal",
            privacy.encryption.fields.SealedTextField("why it was refused", blank=True, max_length=300, null=True),
        ),
        sealing("disclosure", "disclosure", readable="readable_refusal", sealed="refusal"),
        migrations.RemoveField("disclosure", "readable_refusal"),
        forbid(TABLE, "delete", message="the register of disclosures keeps its rows"),
        forbid(
            TABLE,
            "update",
            when=f"{CHANGED} OR (OLD.state IN ('exported', 'refused') AND NEW.state <> OLD.state)"
            " OR (NEW.state = 'refused' AND OLD.state <> 'refused' AND NEW.refusal IS NULL)",
            message="an order of the register stays as it was recorded, and is refused with a reason",
        ),
    ]
