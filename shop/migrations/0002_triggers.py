from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse, RefuseReplacing, Run


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_initial"),
        ("privacy", "0001_initial"),
    ]

    operations = [
        EnsureTriggers(
            "shop_discountuse",
            RefuseReplacing(
                "existing.id = NEW.id", "existing.order_id = NEW.order_id AND existing.discount_id = NEW.discount_id"
            ),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.order_id IS DISTINCT FROM NEW.order_id
                    OR OLD.discount_id IS DISTINCT FROM NEW.discount_id
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                """,
                message="the discount of an order never changes",
            ),
            Refuse("delete"),
        ),
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
        # A change of what a report sums makes its day one to be summed again (ADR 86).
        EnsureTriggers(
            "shop_order",
            Run(
                "insert_sale",
                event="insert",
                when="NEW.paid_at IS NOT NULL",
                sql="INSERT INTO privacy_changedmoment (subject, at) VALUES ('sales', NEW.paid_at);",
            ),
            Run(
                "update_sale",
                event="update",
                when="""
                    OLD.paid_at IS DISTINCT FROM NEW.paid_at
                    OR (NEW.paid_at IS NOT NULL AND (
                        OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                        OR OLD.currency IS DISTINCT FROM NEW.currency
                        OR OLD.product_id IS DISTINCT FROM NEW.product_id
                    ))
                """,
                sql="""
                    INSERT INTO privacy_changedmoment (subject, at)
                    SELECT 'sales', OLD.paid_at WHERE OLD.paid_at IS NOT NULL
                    UNION SELECT 'sales', NEW.paid_at WHERE NEW.paid_at IS NOT NULL
                    UNION SELECT 'sales', refund.completed_at FROM shop_refund refund
                    JOIN shop_payment payment ON payment.id = refund.payment_id
                    WHERE payment.order_id = NEW.id AND refund.completed_at IS NOT NULL;
                """,
            ),
            Run(
                "delete_sale",
                event="delete",
                when="OLD.paid_at IS NOT NULL",
                sql="INSERT INTO privacy_changedmoment (subject, at) VALUES ('sales', OLD.paid_at);",
            ),
        ),
        EnsureTriggers(
            "shop_refund",
            Run(
                "insert_sale",
                event="insert",
                when="NEW.completed_at IS NOT NULL",
                sql="INSERT INTO privacy_changedmoment (subject, at) VALUES ('sales', NEW.completed_at);",
            ),
            Run(
                "update_sale",
                event="update",
                when="""
                    OLD.completed_at IS DISTINCT FROM NEW.completed_at
                    OR (NEW.completed_at IS NOT NULL AND (
                        OLD.state IS DISTINCT FROM NEW.state
                        OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                        OR OLD.currency IS DISTINCT FROM NEW.currency
                        OR OLD.payment_id IS DISTINCT FROM NEW.payment_id
                    ))
                """,
                sql="""
                    INSERT INTO privacy_changedmoment (subject, at)
                    SELECT 'sales', OLD.completed_at WHERE OLD.completed_at IS NOT NULL
                    UNION SELECT 'sales', NEW.completed_at WHERE NEW.completed_at IS NOT NULL;
                """,
            ),
            Run(
                "delete_sale",
                event="delete",
                when="OLD.completed_at IS NOT NULL",
                sql="INSERT INTO privacy_changedmoment (subject, at) VALUES ('sales', OLD.completed_at);",
            ),
        ),
    ]
