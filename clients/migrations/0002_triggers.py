"""A quote that was sent never changes: what is accepted is what was read."""

from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse, RefuseReplacing

OF_A_DRAFT = "NOT EXISTS (SELECT 1 FROM clients_quote quote WHERE quote.id = {row}.quote_id AND quote.state = 'draft')"


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [
        EnsureTriggers(
            "clients_quote",
            RefuseReplacing(
                "existing.id = NEW.id",
                "existing.reference = NEW.reference AND existing.version = NEW.version",
                "existing.link_index = NEW.link_index",
                """existing.reference = NEW.reference AND existing.state = 'draft' AND NEW.state = 'draft'""",
                """existing.reference = NEW.reference AND existing.state IN ('sent', 'viewed', 'accepted')
                    AND NEW.state IN ('sent', 'viewed', 'accepted')""",
            ),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.reference IS DISTINCT FROM NEW.reference
                    OR OLD.version IS DISTINCT FROM NEW.version
                    OR (OLD.state <> 'draft' AND (
                        NEW.state = 'draft'
                        OR OLD.currency IS DISTINCT FROM NEW.currency
                        OR OLD.total_minor IS DISTINCT FROM NEW.total_minor
                        OR OLD.tax_name IS DISTINCT FROM NEW.tax_name
                        OR OLD.tax_percent IS DISTINCT FROM NEW.tax_percent
                        OR OLD.valid_until IS DISTINCT FROM NEW.valid_until
                        OR OLD.sent_at IS DISTINCT FROM NEW.sent_at
                    ))
                    OR (OLD.state NOT IN ('draft', 'sent', 'viewed') AND (
                        OLD.state IS DISTINCT FROM NEW.state
                        OR OLD.decided_at IS DISTINCT FROM NEW.decided_at
                    ) AND NOT (
                        OLD.state = 'expired' AND NEW.state = 'accepted'
                        AND NEW.signed_on IS NOT NULL AND NEW.signed_on <= OLD.valid_until
                    ))
                """,
                message="a sent quote is replaced by a new version, and decided once",
            ),
        ),
        EnsureTriggers(
            "clients_quoteline",
            Refuse("insert", when=OF_A_DRAFT.format(row="NEW"), message="a sent quote gets no more lines"),
            Refuse(
                "update",
                when=f"""
                    (OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.quote_id IS DISTINCT FROM NEW.quote_id
                    OR OLD.position IS DISTINCT FROM NEW.position
                    OR OLD.quantity IS DISTINCT FROM NEW.quantity
                    OR OLD.unit_price_minor IS DISTINCT FROM NEW.unit_price_minor)
                    AND {OF_A_DRAFT.format(row="OLD")}
                """,
                message="the lines of a sent quote are fixed",
            ),
        ),
        EnsureTriggers(
            "clients_installment",
            Refuse("insert", when=OF_A_DRAFT.format(row="NEW"), message="a sent quote gets no more installments"),
            Refuse(
                "update",
                when=f"""
                    (OLD.order_id IS NOT NULL AND OLD.order_id IS DISTINCT FROM NEW.order_id)
                    OR ((OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.quote_id IS DISTINCT FROM NEW.quote_id
                    OR OLD.position IS DISTINCT FROM NEW.position
                    OR OLD.percent IS DISTINCT FROM NEW.percent
                    OR OLD.fixed_minor IS DISTINCT FROM NEW.fixed_minor
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.due IS DISTINCT FROM NEW.due
                    OR OLD.due_on IS DISTINCT FROM NEW.due_on)
                    AND {OF_A_DRAFT.format(row="OLD")})
                """,
                message="the installments of a sent quote are fixed, and each is ordered once",
            ),
        ),
    ]
