from django.db import migrations

from privacy.append_only import forbid

TABLE = "disclosure_disclosure"
CHANGED = " OR ".join(
    f"NEW.{column} <> OLD.{column}" for column in ("kind", "received_on", "scope", "document_digest", "recorded_at")
)


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_initial")]

    operations = [
        forbid(TABLE, "delete", message="the register of disclosures keeps its rows"),
        forbid(
            TABLE,
            "update",
            when=f"{CHANGED} OR (OLD.state IN ('exported', 'refused') AND NEW.state <> OLD.state)",
            message="an order of the register stays as it was recorded",
        ),
    ]
