from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse, RefuseReplacing


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_initial"),
    ]

    operations = [
        EnsureTriggers(
            "shop_shopterms",
            RefuseReplacing("existing.id = NEW.id", "existing.document = NEW.document AND existing.number = NEW.number"),
            Refuse(
                "update",
                when="OLD.effective_from IS NOT NULL",
                message="published terms are replaced, never edited",
            ),
            Refuse("delete", when="OLD.effective_from IS NOT NULL", message="published terms are kept"),
        ),
        EnsureTriggers(
            "shop_refundrequest",
            RefuseReplacing("existing.id = NEW.id", "existing.order_id = NEW.order_id"),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.order_id IS DISTINCT FROM NEW.order_id
                    OR OLD.requested_at IS DISTINCT FROM NEW.requested_at
                    OR (OLD.state <> 'open' AND (
                        OLD.state IS DISTINCT FROM NEW.state
                        OR OLD.decided_at IS DISTINCT FROM NEW.decided_at
                        OR (OLD.answer IS NULL AND NEW.answer IS NOT NULL)
                    ))
                """,
                message="a refund request is decided once",
            ),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "shop_acceptedterms",
            RefuseReplacing(
                "existing.id = NEW.id", "existing.order_id = NEW.order_id AND existing.document = NEW.document"
            ),
            Refuse(
                "insert",
                when="""
                    NOT EXISTS (
                        SELECT 1 FROM shop_shopterms version
                        WHERE version.id = NEW.version_id
                        AND version.document = NEW.document
                        AND version.effective_from <= NEW.accepted_at
                    )
                """,
                message="only a published version of the same document can be accepted",
            ),
            Refuse("update"),
            Refuse("delete"),
        ),
    ]
