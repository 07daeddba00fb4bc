"""Triggers: the register of disclosures is append-only; only the state of an order changes."""

from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_initial")]

    operations = [
        EnsureTriggers(
            "disclosure_disclosure",
            Refuse(
                "update",
                when="""
                    NEW.kind <> OLD.kind
                    OR NEW.received_on <> OLD.received_on
                    OR NEW.scope <> OLD.scope
                    OR NEW.document_digest <> OLD.document_digest
                    OR NEW.recorded_at <> OLD.recorded_at
                    OR (OLD.state IN ('exported', 'refused') AND NEW.state <> OLD.state)
                    OR (NEW.state = 'refused' AND OLD.state <> 'refused' AND NEW.refusal IS NULL)
                """,
                message="a recorded order is never edited, and refused only with a reason",
            ),
            Refuse("delete", message="the register of disclosures keeps its rows"),
        ),
    ]
