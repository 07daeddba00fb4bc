"""What the database itself refuses, on SQLite and on PostgreSQL. A later migration that alters one of these tables on
SQLite builds it anew without its triggers: repeat that table's `forbid` behind it. `verify_ledger` notices."""

from django.db import migrations

from privacy.append_only import columns_change, forbid, moves_outside, replaces

RATE, ATTRIBUTION, COMMISSION = "affiliates_rate", "affiliates_attribution", "affiliates_commission"
FLAG, LEDGER, CLAIM, ITEM = (
    "affiliates_flag", "affiliates_ledgerentry", "affiliates_payoutclaim", "affiliates_payoutitem"
)

MOVES = {
    "pending": ("approved", "rejected", "reversed"),
    "approved": ("in_payout", "reversed"),
    "in_payout": ("paid", "approved", "reversed"),
    "paid": ("approved", "reversed"),
}
RATE_EDITED = f"""
    {columns_change("id", "affiliate_id", "product_id", "percent", "flat_minor", "currency", "starts_at")}
    OR (OLD.ends_at IS NOT NULL AND (NEW.ends_at IS NULL OR NEW.ends_at > OLD.ends_at))
"""
RATES_OVERLAP = f"""
    EXISTS (
        SELECT 1 FROM {RATE} other
        WHERE other.affiliate_id IS NOT DISTINCT FROM NEW.affiliate_id
        AND other.product_id IS NOT DISTINCT FROM NEW.product_id
        AND (other.ends_at IS NULL OR (other.ends_at > NEW.starts_at AND other.ends_at > other.starts_at))
        AND (NEW.ends_at IS NULL OR (NEW.ends_at > other.starts_at AND NEW.ends_at > NEW.starts_at))
    )
    OR {replaces(RATE, "id")}
"""
ATTRIBUTION_EDITED = columns_change(
    "id", "order_id", "affiliate_id", "campaign", "route", "clicked_at", "rate_id", "rate_percent", "rate_flat_minor",
    "same_address", "terms_version", "decided_at",
)
COMMISSION_EDITED = f"""
    {columns_change(
        "id", "attribution_id", "base_minor", "rate_percent", "rate_flat_minor", "amount_minor", "currency",
        "created_at",
    )}
    OR NEW.reversed_minor < OLD.reversed_minor
    OR (OLD.approved_at IS NOT NULL AND NEW.approved_at IS DISTINCT FROM OLD.approved_at)
    OR {moves_outside("state", MOVES)}
"""
FLAG_EDITED = f"""
    {columns_change("id", "attribution_id", "kind", "dispute_id", "raised_at")}
    OR (OLD.state <> 'open' AND ({columns_change("state", "reason", "decided_at")}))
"""
CREDITED = "(NEW.kind = 'commission' AND standing.kind = 'commission' AND standing.commission_id = NEW.commission_id)"
TAKEN_BACK = "(NEW.kind = 'reversal' AND standing.kind = 'reversal' AND standing.refund_id = NEW.refund_id)"
BOOKED = "(standing.payout_id = NEW.payout_id AND standing.kind = NEW.kind)"
ITEM_EDITED = f"""
    {columns_change("id", "batch_id", "affiliate_id", "amount_minor", "currency", "created_at")}
    OR (OLD.state IN ('failed', 'returned', 'blocked', 'reversed') AND NEW.state <> OLD.state)
"""


class Migration(migrations.Migration):

    dependencies = [
        ("affiliates", "0007_no_rate_on_the_affiliate"),
    ]

    operations = [
        forbid(RATE, "insert", when=RATES_OVERLAP, message="one target has one rate at a time"),
        forbid(RATE, "update", when=RATE_EDITED, message="a rate is ended and replaced, never edited"),
        forbid(RATE, "delete"),
        forbid(ATTRIBUTION, "insert", when=replaces(ATTRIBUTION, "id", "order_id")),
        forbid(ATTRIBUTION, "update", when=ATTRIBUTION_EDITED, message="who brought an order is decided once"),
        forbid(ATTRIBUTION, "delete"),
        forbid(COMMISSION, "insert", when=replaces(COMMISSION, "id", "attribution_id")),
        forbid(
            COMMISSION, "update", when=COMMISSION_EDITED,
            message="the sum of a commission never changes, and its state moves only along the allowed steps",
        ),
        forbid(COMMISSION, "delete"),
        forbid(FLAG, "update", when=FLAG_EDITED, message="a flag is decided once"),
        forbid(FLAG, "delete"),
        forbid(LEDGER, "insert", when=replaces(LEDGER, "id", CREDITED, TAKEN_BACK, BOOKED)),
        forbid(LEDGER, "update"),
        forbid(LEDGER, "delete"),
        forbid(CLAIM, "insert", when=replaces(CLAIM, "id", "entry_id")),
        forbid(CLAIM, "update"),
        forbid(CLAIM, "delete"),
        forbid(ITEM, "update", when=ITEM_EDITED, message="the amount of a payout never changes, nor does its end"),
        forbid(ITEM, "delete"),
    ]
