"""Money rules that the database enforces (ADR 12), and the balances that it keeps (ADR 21)."""

from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse, RefuseReplacing, Run


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0001_initial"), ("shop", "0001_initial"), ("privacy", "0001_initial")]

    operations = [
        EnsureTriggers(
            "affiliates_affiliatecode",
            RefuseReplacing("existing.id = NEW.id", "existing.code_index = NEW.code_index"),
            Refuse(
                "update",
                when="OLD.id IS DISTINCT FROM NEW.id OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id",
                message="a code never changes its owner",
            ),
            Refuse("delete", message="a code is never reassigned"),
        ),
        EnsureTriggers(
            "affiliates_oldlink",
            RefuseReplacing(
                "existing.id = NEW.id",
                "existing.parameter = NEW.parameter AND existing.value_index = NEW.value_index",
            ),
            Refuse(
                "update",
                when="OLD.id IS DISTINCT FROM NEW.id OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id"
                " OR OLD.parameter IS DISTINCT FROM NEW.parameter",
                message="an old link never changes its owner",
            ),
            Refuse("delete", message="an old link is never reassigned"),
        ),
        EnsureTriggers(
            "affiliates_termsversion",
            RefuseReplacing("existing.id = NEW.id", "existing.number = NEW.number"),
            Refuse(
                "update",
                when="OLD.effective_from IS NOT NULL",
                message="published terms are replaced, never edited",
            ),
            Refuse("delete", when="OLD.effective_from IS NOT NULL", message="published terms are kept"),
        ),
        EnsureTriggers(
            "affiliates_termsacceptance",
            RefuseReplacing(
                "existing.id = NEW.id",
                "existing.affiliate_id = NEW.affiliate_id AND existing.version_id = NEW.version_id",
            ),
            Refuse("update"),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_rate",
            RefuseReplacing("existing.id = NEW.id"),
            Refuse(
                "insert",
                when="""
                    EXISTS (
                        SELECT 1 FROM affiliates_rate other
                        WHERE other.affiliate_id IS NOT DISTINCT FROM NEW.affiliate_id
                        AND other.group_id IS NOT DISTINCT FROM NEW.group_id
                        AND other.product_id IS NOT DISTINCT FROM NEW.product_id
                        AND other.discount_id IS NOT DISTINCT FROM NEW.discount_id
                        AND (other.ends_at IS NULL
                            OR (other.ends_at > NEW.starts_at AND other.ends_at > other.starts_at))
                        AND (NEW.ends_at IS NULL
                            OR (NEW.ends_at > other.starts_at AND NEW.ends_at > NEW.starts_at))
                    )
                """,
                message="one target has one rate at a time",
            ),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id
                    OR OLD.group_id IS DISTINCT FROM NEW.group_id
                    OR OLD.step_period IS DISTINCT FROM NEW.step_period
                    OR OLD.product_id IS DISTINCT FROM NEW.product_id
                    OR OLD.discount_id IS DISTINCT FROM NEW.discount_id
                    OR OLD.percent IS DISTINCT FROM NEW.percent
                    OR OLD.flat_minor IS DISTINCT FROM NEW.flat_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                    OR OLD.starts_at IS DISTINCT FROM NEW.starts_at
                    OR (OLD.ends_at IS NOT NULL AND (NEW.ends_at IS NULL OR NEW.ends_at > OLD.ends_at))
                """,
                message="a rate is ended and replaced, never edited",
            ),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_ratestep",
            RefuseReplacing(
                "existing.id = NEW.id", "existing.rate_id = NEW.rate_id AND existing.from_sales = NEW.from_sales"
            ),
            Refuse(
                "insert",
                when="""
                    EXISTS (
                        SELECT 1 FROM affiliates_rate rate WHERE rate.id = NEW.rate_id
                        AND (rate.step_period = '' OR (rate.percent IS NULL) <> (NEW.percent IS NULL))
                    )
                    OR EXISTS (SELECT 1 FROM affiliates_attribution WHERE rate_id = NEW.rate_id)
                """,
                message="a step is set with its rate, in the same way",
            ),
            Refuse("update"),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_attribution",
            RefuseReplacing("existing.id = NEW.id", "existing.order_id = NEW.order_id"),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.order_id IS DISTINCT FROM NEW.order_id
                    OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id
                    OR OLD.route IS DISTINCT FROM NEW.route
                    OR OLD.rate_id IS DISTINCT FROM NEW.rate_id
                    OR OLD.step_id IS DISTINCT FROM NEW.step_id
                    OR OLD.step_sales IS DISTINCT FROM NEW.step_sales
                    OR OLD.rate_percent IS DISTINCT FROM NEW.rate_percent
                    OR OLD.rate_flat_minor IS DISTINCT FROM NEW.rate_flat_minor
                    OR OLD.terms_version IS DISTINCT FROM NEW.terms_version
                    OR OLD.decided_at IS DISTINCT FROM NEW.decided_at
                    OR (NEW.click_id IS NOT NULL AND NEW.click_id IS DISTINCT FROM OLD.click_id)
                """,
                message="an attribution is decided once",
            ),
            Refuse("delete"),
            Run(
                "insert_sale",
                event="insert",
                sql="""
                    INSERT INTO privacy_changedmoment (subject, at)
                    SELECT 'sales', paid_at FROM shop_order WHERE id = NEW.order_id AND paid_at IS NOT NULL
                    UNION SELECT 'sales', refund.completed_at FROM shop_refund refund
                    JOIN shop_payment payment ON payment.id = refund.payment_id
                    WHERE payment.order_id = NEW.order_id AND refund.completed_at IS NOT NULL;
                """,
            ),
        ),
        EnsureTriggers(
            "affiliates_commission",
            RefuseReplacing("existing.id = NEW.id", "existing.attribution_id = NEW.attribution_id"),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.attribution_id IS DISTINCT FROM NEW.attribution_id
                    OR OLD.number IS DISTINCT FROM NEW.number
                    OR OLD.base_minor IS DISTINCT FROM NEW.base_minor
                    OR OLD.rate_percent IS DISTINCT FROM NEW.rate_percent
                    OR OLD.rate_flat_minor IS DISTINCT FROM NEW.rate_flat_minor
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                    OR OLD.created_at IS DISTINCT FROM NEW.created_at
                    OR (
                        (NEW.reversed_minor < OLD.reversed_minor
                            OR (OLD.state = 'reversed' AND NEW.state <> 'reversed'))
                        AND NOT EXISTS (
                            SELECT 1 FROM shop_refund refund
                            JOIN shop_payment payment ON payment.id = refund.payment_id
                            JOIN affiliates_attribution attribution ON attribution.order_id = payment.order_id
                            WHERE attribution.id = OLD.attribution_id AND refund.state = 'reverted'
                        )
                    )
                    OR (OLD.approved_at IS NOT NULL AND NEW.approved_at IS DISTINCT FROM OLD.approved_at)
                    OR (NEW.state = 'rejected' AND OLD.state <> 'rejected' AND NEW.reason IS NULL)
                    OR (OLD.state <> NEW.state AND NOT (
                        (OLD.state = 'pending' AND NEW.state IN ('approved', 'rejected', 'reversed'))
                        OR (OLD.state = 'approved' AND NEW.state IN ('in_payout', 'reversed'))
                        OR (OLD.state = 'in_payout' AND NEW.state IN ('paid', 'approved', 'reversed'))
                        OR (OLD.state = 'paid' AND NEW.state IN ('approved', 'reversed'))
                        OR (OLD.state = 'reversed' AND NEW.state IN ('pending', 'approved', 'in_payout', 'paid'))
                    ))
                """,
                message="the amount of a commission never changes, and its state only by an allowed transition",
            ),
            Refuse("delete"),
            Run(
                "insert_commission",
                event="insert",
                sql="INSERT INTO privacy_changedmoment (subject, at) VALUES ('commissions', NEW.created_at);",
            ),
            Run(
                "update_commission",
                event="update",
                when="""
                    OLD.reversed_minor IS DISTINCT FROM NEW.reversed_minor
                    OR (OLD.state = 'rejected') IS DISTINCT FROM (NEW.state = 'rejected')
                """,
                sql="INSERT INTO privacy_changedmoment (subject, at) VALUES ('commissions', NEW.created_at);",
            ),
            Run(
                "insert_balance_delta",
                event="insert",
                sql="""
                    INSERT INTO affiliates_balancedelta (affiliate_id, currency, bucket, entry_count, amount_minor)
                    SELECT affiliate_id, NEW.currency, NEW.state, 1, NEW.amount_minor - NEW.reversed_minor
                    FROM affiliates_attribution WHERE id = NEW.attribution_id;
                """,
            ),
            Run(
                "update_balance_delta",
                event="update",
                when="""
                    OLD.state IS DISTINCT FROM NEW.state
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.reversed_minor IS DISTINCT FROM NEW.reversed_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                    OR OLD.attribution_id IS DISTINCT FROM NEW.attribution_id
                """,
                sql="""
                    INSERT INTO affiliates_balancedelta (affiliate_id, currency, bucket, entry_count, amount_minor)
                    SELECT affiliate_id, OLD.currency, OLD.state, -1, OLD.reversed_minor - OLD.amount_minor
                    FROM affiliates_attribution WHERE id = OLD.attribution_id;
                    INSERT INTO affiliates_balancedelta (affiliate_id, currency, bucket, entry_count, amount_minor)
                    SELECT affiliate_id, NEW.currency, NEW.state, 1, NEW.amount_minor - NEW.reversed_minor
                    FROM affiliates_attribution WHERE id = NEW.attribution_id;
                """,
            ),
        ),
        EnsureTriggers(
            "affiliates_flag",
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.attribution_id IS DISTINCT FROM NEW.attribution_id
                    OR OLD.kind IS DISTINCT FROM NEW.kind
                    OR OLD.dispute_id IS DISTINCT FROM NEW.dispute_id
                    OR OLD.raised_at IS DISTINCT FROM NEW.raised_at
                    OR (OLD.state <> 'open' AND (
                        OLD.state IS DISTINCT FROM NEW.state
                        OR OLD.decided_at IS DISTINCT FROM NEW.decided_at
                        OR (OLD.reason IS NULL AND NEW.reason IS NOT NULL)
                    ))
                    OR (OLD.state = 'open' AND NEW.state <> 'open' AND NEW.kind <> 'dispute' AND NEW.reason IS NULL)
                """,
                message="a flag is decided once, with a reason",
            ),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_adjustment",
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id
                    OR OLD.number IS DISTINCT FROM NEW.number
                    OR OLD.kind IS DISTINCT FROM NEW.kind
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                    OR OLD.product_id IS DISTINCT FROM NEW.product_id
                    OR OLD.base_minor IS DISTINCT FROM NEW.base_minor
                    OR OLD.rate_id IS DISTINCT FROM NEW.rate_id
                    OR OLD.step_id IS DISTINCT FROM NEW.step_id
                    OR OLD.step_sales IS DISTINCT FROM NEW.step_sales
                    OR OLD.rate_percent IS DISTINCT FROM NEW.rate_percent
                    OR OLD.rate_flat_minor IS DISTINCT FROM NEW.rate_flat_minor
                    OR OLD.sold_on IS DISTINCT FROM NEW.sold_on
                    OR OLD.reverses_id IS DISTINCT FROM NEW.reverses_id
                    OR OLD.commission_id IS DISTINCT FROM NEW.commission_id
                    OR OLD.created_at IS DISTINCT FROM NEW.created_at
                    OR (OLD.reason IS NULL AND NEW.reason IS NOT NULL)
                    OR (OLD.reference IS NULL AND NEW.reference IS NOT NULL)
                    OR (NEW.prepared_by_id IS NOT NULL AND NEW.prepared_by_id IS DISTINCT FROM OLD.prepared_by_id)
                    OR (OLD.state <> 'prepared' AND (
                        OLD.state IS DISTINCT FROM NEW.state
                        OR OLD.decided_at IS DISTINCT FROM NEW.decided_at
                        OR OLD.decided_alone IS DISTINCT FROM NEW.decided_alone
                        OR (NEW.decided_by_id IS NOT NULL AND NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id)
                    ))
                """,
                message="an adjustment is decided once and never edited",
            ),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_ledgerentry",
            RefuseReplacing(
                "existing.id = NEW.id",
                "NEW.kind = 'commission' AND existing.kind = 'commission'"
                " AND existing.commission_id = NEW.commission_id",
                "NEW.kind = 'reversal' AND existing.kind = 'reversal' AND existing.refund_id = NEW.refund_id",
                "NEW.kind = 'restored' AND existing.kind = 'restored' AND existing.refund_id = NEW.refund_id",
                "existing.payout_id = NEW.payout_id AND existing.kind = NEW.kind",
                "NEW.kind = 'opening' AND existing.kind = 'opening' AND existing.affiliate_id = NEW.affiliate_id"
                " AND existing.currency = NEW.currency",
                "existing.adjustment_id = NEW.adjustment_id",
            ),
            Refuse(
                "insert",
                when="""
                    (NEW.kind IN ('adjustment', 'opening') AND NEW.reason IS NULL)
                    OR (NEW.adjustment_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM affiliates_adjustment adjustment
                        WHERE adjustment.id = NEW.adjustment_id AND adjustment.state = 'booked'
                        AND adjustment.affiliate_id = NEW.affiliate_id
                        AND adjustment.amount_minor = NEW.amount_minor AND adjustment.currency = NEW.currency
                    ))
                """,
                message="an adjustment or opening balance has a reason, and an adjustment is booked as it was prepared",
            ),
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id
                    OR OLD.kind IS DISTINCT FROM NEW.kind
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                    OR OLD.commission_id IS DISTINCT FROM NEW.commission_id
                    OR OLD.refund_id IS DISTINCT FROM NEW.refund_id
                    OR OLD.payout_id IS DISTINCT FROM NEW.payout_id
                    OR OLD.adjustment_id IS DISTINCT FROM NEW.adjustment_id
                    OR OLD.created_at IS DISTINCT FROM NEW.created_at
                    OR (OLD.reason IS NULL AND NEW.reason IS NOT NULL)
                """,
            ),
            Refuse("delete"),
            Run(
                "insert_balance_delta",
                event="insert",
                sql="""
                    INSERT INTO affiliates_balancedelta (affiliate_id, currency, bucket, entry_count, amount_minor)
                    VALUES (NEW.affiliate_id, NEW.currency, 'ledger', 1, NEW.amount_minor);
                """,
            ),
        ),
        EnsureTriggers(
            "affiliates_payoutclaim",
            RefuseReplacing("existing.id = NEW.id", "existing.entry_id = NEW.entry_id"),
            Refuse("update"),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_payoutitem",
            Refuse(
                "update",
                when="""
                    OLD.id IS DISTINCT FROM NEW.id
                    OR OLD.run_id IS DISTINCT FROM NEW.run_id
                    OR OLD.affiliate_id IS DISTINCT FROM NEW.affiliate_id
                    OR OLD.amount_minor IS DISTINCT FROM NEW.amount_minor
                    OR OLD.currency IS DISTINCT FROM NEW.currency
                    OR OLD.created_at IS DISTINCT FROM NEW.created_at
                    OR (OLD.batch_id IS NOT NULL AND NEW.batch_id IS DISTINCT FROM OLD.batch_id)
                    OR (OLD.state IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled')
                        AND NEW.state <> OLD.state)
                """,
                message="the amount of a payout never changes, nor does its final state",
            ),
            Refuse("delete"),
        ),
        EnsureTriggers(
            "affiliates_payouthead",
            RefuseReplacing("existing.number = NEW.number", "existing.run_id = NEW.run_id"),
            Refuse("update"),
            Refuse("delete", message="published heads are kept"),
        ),
    ]
