"""What the database refuses about payouts, and about commissions whose refund was undone.

On SQLite, the tables that 0012 altered were built anew without their triggers, so these stand here again.
"""

from django.db import migrations, models

from privacy.append_only import columns_change, forbid, moves_outside, replaces

COMMISSION, LEDGER, ITEM = "affiliates_commission", "affiliates_ledgerentry", "affiliates_payoutitem"

MOVES = {
    "pending": ("approved", "rejected", "reversed"),
    "approved": ("in_payout", "reversed"),
    "in_payout": ("paid", "approved", "reversed"),
    "paid": ("approved", "reversed"),
    "reversed": ("pending", "approved", "in_payout", "paid"),
}
A_REFUND_WAS_UNDONE = """
    EXISTS (
        SELECT 1 FROM shop_refund refund
        JOIN shop_payment payment ON payment.id = refund.payment_id
        JOIN affiliates_attribution attribution ON attribution.order_id = payment.order_id
        WHERE attribution.id = OLD.attribution_id AND refund.state = 'undone'
    )
"""
COMMISSION_EDITED = f"""
    {columns_change(
        "id", "attribution_id", "base_minor", "rate_percent", "rate_flat_minor", "amount_minor", "currency",
        "created_at",
    )}
    OR ((NEW.reversed_minor < OLD.reversed_minor OR (OLD.state = 'reversed' AND NEW.state <> 'reversed'))
        AND NOT {A_REFUND_WAS_UNDONE})
    OR (OLD.approved_at IS NOT NULL AND NEW.approved_at IS DISTINCT FROM OLD.approved_at)
    OR {moves_outside("state", MOVES)}
"""
CREDITED = "(NEW.kind = 'commission' AND standing.kind = 'commission' AND standing.commission_id = NEW.commission_id)"
TAKEN_BACK = "(NEW.kind = 'reversal' AND standing.kind = 'reversal' AND standing.refund_id = NEW.refund_id)"
GIVEN_BACK = "(NEW.kind = 'restored' AND standing.kind = 'restored' AND standing.refund_id = NEW.refund_id)"
BOOKED = "(standing.payout_id = NEW.payout_id AND standing.kind = NEW.kind)"
ITEM_EDITED = f"""
    {columns_change("id", "batch_id", "affiliate_id", "amount_minor", "currency", "created_at")}
    OR (OLD.parcel_id IS NOT NULL AND NEW.parcel_id IS DISTINCT FROM OLD.parcel_id)
    OR (OLD.state IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled') AND NEW.state <> OLD.state)
"""


class Migration(migrations.Migration):

    dependencies = [
        ("affiliates", "0013_runs_in_parcels"),
    ]

    operations = [
        migrations.RemoveField(
            model_name='payoutbatch',
            name='paypal_batch_id',
        ),
        migrations.AddConstraint(
            model_name='payoutbatch',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['prepared', 'cancelled']), ('approved_at__isnull', False), _connector='OR'), name='paid_only_when_approved'),
        ),
        migrations.AddConstraint(
            model_name='payoutbatch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('prepared_by', models.F('approved_by')), _negated=True), ('approved_alone', True), _connector='OR'), name='payout_approved_by_a_second_person'),
        ),
        forbid(
            COMMISSION, "update", when=COMMISSION_EDITED,
            message="the sum of a commission never changes, and its state moves only along the allowed steps",
        ),
        forbid(LEDGER, "insert", when=replaces(LEDGER, "id", CREDITED, TAKEN_BACK, GIVEN_BACK, BOOKED)),
        forbid(LEDGER, "update"),
        forbid(LEDGER, "delete"),
        forbid(ITEM, "update", when=ITEM_EDITED, message="the amount of a payout never changes, nor does its end"),
        forbid(ITEM, "delete"),
    ]
