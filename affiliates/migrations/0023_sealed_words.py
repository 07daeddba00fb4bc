"""What staff write about a commission, a flag, an account, a payout or an application is sealed.

The tables' guards and sums are lifted while their columns change, because SQLite builds some of them anew, and stand
again at the end. The words of a rejection, a decision and an adjustment may be taken out later (a deletion), and sealed
under another key; they can't be put where none were.
"""

from django.db import migrations, models

import privacy.encryption.blind_index
import privacy.encryption.fields
from affiliates.sum_triggers import keep_sums, stop_keeping_sums
from privacy.append_only import columns_change, forbid, forbid_replacing, lift, moves_outside
from privacy.encryption.sealing_columns import sealing

COMMISSION, FLAG, LEDGER, ITEM = (
    "affiliates_commission", "affiliates_flag", "affiliates_ledgerentry", "affiliates_payoutitem"
)
WORDS_PUT_WHERE_NONE_WERE = "(OLD.reason IS NULL AND NEW.reason IS NOT NULL)"
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
        "id", "attribution_id", "number", "base_minor", "rate_percent", "rate_flat_minor", "amount_minor", "currency",
        "created_at",
    )}
    OR ((NEW.reversed_minor < OLD.reversed_minor OR (OLD.state = 'reversed' AND NEW.state <> 'reversed'))
        AND NOT {A_REFUND_WAS_UNDONE})
    OR (OLD.approved_at IS NOT NULL AND NEW.approved_at IS DISTINCT FROM OLD.approved_at)
    OR (NEW.state = 'rejected' AND OLD.state <> 'rejected' AND NEW.reason IS NULL)
    OR {moves_outside("state", MOVES)}
"""
FLAG_EDITED = f"""
    {columns_change("id", "attribution_id", "kind", "dispute_id", "raised_at")}
    OR (OLD.state <> 'open' AND ({columns_change("state", "decided_at")} OR {WORDS_PUT_WHERE_NONE_WERE}))
    OR (OLD.state = 'open' AND NEW.state <> 'open' AND NEW.kind <> 'dispute' AND NEW.reason IS NULL)
"""
CREDITED = "(NEW.kind = 'commission' AND standing.kind = 'commission' AND standing.commission_id = NEW.commission_id)"
TAKEN_BACK = "(NEW.kind = 'reversal' AND standing.kind = 'reversal' AND standing.refund_id = NEW.refund_id)"
GIVEN_BACK = "(NEW.kind = 'restored' AND standing.kind = 'restored' AND standing.refund_id = NEW.refund_id)"
BOOKED = "(standing.payout_id = NEW.payout_id AND standing.kind = NEW.kind)"
ADJUSTED_WITHOUT_WORDS = "(NEW.kind = 'adjustment' AND NEW.reason IS NULL)"
LEDGER_EDITED = f"""
    {columns_change(
        "id", "affiliate_id", "kind", "amount_minor", "currency", "commission_id", "refund_id", "payout_id",
        "created_at",
    )}
    OR {WORDS_PUT_WHERE_NONE_WERE}
"""
ITEM_EDITED = f"""
    {columns_change("id", "batch_id", "affiliate_id", "amount_minor", "currency", "created_at")}
    OR (OLD.parcel_id IS NOT NULL AND NEW.parcel_id IS DISTINCT FROM OLD.parcel_id)
    OR (OLD.state IN ('failed', 'returned', 'blocked', 'reversed', 'cancelled') AND NEW.state <> OLD.state)
"""
EACH_NAMES_WHAT_IT_IS_FOR = (
    models.Q(kind="commission", commission__isnull=False, refund__isnull=True, payout__isnull=True, reason__isnull=True)
    | models.Q(
        kind__in=["reversal", "restored"],
        commission__isnull=False,
        refund__isnull=False,
        payout__isnull=True,
        reason__isnull=True,
    )
    | models.Q(
        kind__in=["payout", "return"],
        commission__isnull=True,
        refund__isnull=True,
        payout__isnull=False,
        reason__isnull=True,
    )
    | models.Q(kind="adjustment", refund__isnull=True, payout__isnull=True)
)


def words(max_length, *name):
    return privacy.encryption.fields.SealedTextField(*name, blank=True, max_length=max_length, null=True)


def seal_column(model, name, field, keep=bool):
    readable = f"readable_{name}"
    return [
        migrations.RenameField(model, name, readable),
        migrations.AddField(model, name, field),
        sealing("affiliates", model, readable=readable, sealed=name, keep=keep),
        migrations.RemoveField(model, readable),
    ]


def paid_by_hand(item):
    return item.batch.method == "csv"


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0022_attributions_without_the_visit")]

    operations = [
        stop_keeping_sums(),
        *(lift(table, action) for table in (COMMISSION, FLAG, LEDGER, ITEM) for action in ("insert", "update", "delete")),
        migrations.RemoveConstraint("commission", "an_end_without_pay_has_a_reason"),
        migrations.RemoveConstraint("flag", "a_decided_flag_says_why"),
        migrations.RemoveConstraint("ledgerentry", "each_kind_names_what_it_is_for"),
        # That an order was refunded is said by the commission's state, that a dispute has ended by the flag's kind.
        *seal_column("commission", "reason", words(300), keep=lambda commission: commission.state == "rejected"),
        *seal_column("flag", "reason", words(300), keep=lambda flag: flag.kind != "dispute" or flag.decided_by_id),
        *seal_column("ledgerentry", "reason", words(300)),
        *seal_column("application", "decision", words(300, "reason")),
        migrations.RenameField("payoutitem", "reference", "readable_reference"),
        migrations.AddField("payoutitem", "reference", words(64, "reference of a payment by hand")),
        migrations.AddField(
            "payoutitem",
            "reference_index",
            privacy.encryption.blind_index.BlindIndexField("reference", null=True),
        ),
        sealing("affiliates", "payoutitem", readable="readable_reference", sealed="reference"),
        migrations.RemoveField("payoutitem", "readable_reference"),
        migrations.AddField("payoutitem", "failure", words(100, "why it could not be paid by hand")),
        sealing("affiliates", "payoutitem", readable="error", sealed="failure", keep=paid_by_hand),
        migrations.AddConstraint(
            "flag",
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True)
                | models.Q(state__in=["cleared", "confirmed"], decided_at__isnull=False),
                name="a_decided_flag_has_its_day",
            ),
        ),
        migrations.AddConstraint(
            "ledgerentry",
            models.CheckConstraint(condition=EACH_NAMES_WHAT_IT_IS_FOR, name="each_kind_names_what_it_is_for"),
        ),
        forbid_replacing(COMMISSION, "id", "attribution_id"),
        forbid(
            COMMISSION, "update", when=COMMISSION_EDITED,
            message="the sum of a commission never changes, and its state moves only along the allowed steps",
        ),
        forbid(COMMISSION, "delete"),
        forbid(FLAG, "update", when=FLAG_EDITED, message="a flag is decided once, with a reason"),
        forbid(FLAG, "delete"),
        forbid_replacing(LEDGER, "id", CREDITED, TAKEN_BACK, GIVEN_BACK, BOOKED, also=ADJUSTED_WITHOUT_WORDS),
        forbid(LEDGER, "update", when=LEDGER_EDITED),
        forbid(LEDGER, "delete"),
        forbid(ITEM, "update", when=ITEM_EDITED, message="the amount of a payout never changes, nor does its end"),
        forbid(ITEM, "delete"),
        keep_sums(),
    ]
