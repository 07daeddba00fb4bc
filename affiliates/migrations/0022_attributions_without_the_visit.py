"""The columns of free labels go, and with them what an attribution knew of the visit. SQLite lets no column go that a
trigger names, so the guards are lifted and put back: a stricter one of attributions, which lets the way to the visit end
and nothing else change, and one of commissions that keeps their number.

Nothing of the old labels stays in this database: SQLite overwrites what it frees (`secure_delete`), and its WAL with the
next checkpoints; PostgreSQL would keep the values of a removed column, so the tables are written anew. Backups and
archived WAL made before this migration still hold them, in clear text, until `BACKUP_DAYS` is over: delete those."""

from typing import Any

from django.db import migrations, models

from affiliates.models.commission import new_commission_number
from affiliates.sum_triggers import keep_sums, stop_keeping_sums
from privacy.append_only import columns_change, forbid, forbid_replacing, lift, moves_outside

ATTRIBUTION, COMMISSION = "affiliates_attribution", "affiliates_commission"
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
    OR {moves_outside("state", MOVES)}
"""
ATTRIBUTION_EDITED = f"""
    {columns_change(
        "id", "order_id", "affiliate_id", "route", "rate_id", "rate_percent", "rate_flat_minor", "terms_version",
        "decided_at",
    )}
    OR (NEW.click_id IS NOT NULL AND NEW.click_id IS DISTINCT FROM OLD.click_id)
"""


def write_anew(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in (ATTRIBUTION, "affiliates_click", "affiliates_tally", "affiliates_dailyclicks", "affiliates_dailysales"):
        schema_editor.execute(f'CLUSTER "{table}" USING "{table}_pkey"')


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0021_free_labels_are_folded")]

    operations = [
        stop_keeping_sums(),
        *(lift(table, action) for table in (ATTRIBUTION, COMMISSION) for action in ("insert", "update", "delete")),
        migrations.AlterField(
            model_name="commission",
            name="number",
            field=models.CharField(default=new_commission_number, editable=False, max_length=12, unique=True),
        ),
        migrations.RemoveField(model_name="attribution", name="campaign"),
        migrations.RemoveField(model_name="attribution", name="clicked_at"),
        migrations.RemoveField(model_name="attribution", name="same_address"),
        migrations.RemoveField(model_name="click", name="sub"),
        migrations.RemoveField(model_name="tally", name="campaign"),
        migrations.RemoveConstraint(model_name="dailysales", name="one_sum_per_day_and_label"),
        migrations.RemoveField(model_name="dailysales", name="by"),
        migrations.RemoveField(model_name="dailysales", name="label"),
        migrations.AddConstraint(
            model_name="dailysales",
            constraint=models.UniqueConstraint(fields=("affiliate", "day", "currency"), name="one_sum_per_day"),
        ),
        forbid_replacing(ATTRIBUTION, "id", "order_id"),
        forbid(ATTRIBUTION, "update", when=ATTRIBUTION_EDITED, message="who brought an order is decided once"),
        forbid(ATTRIBUTION, "delete"),
        forbid_replacing(COMMISSION, "id", "attribution_id"),
        forbid(
            COMMISSION, "update", when=COMMISSION_EDITED,
            message="the sum of a commission never changes, and its state moves only along the allowed steps",
        ),
        forbid(COMMISSION, "delete"),
        keep_sums(),
        migrations.RunPython(write_anew, migrations.RunPython.noop),
    ]
