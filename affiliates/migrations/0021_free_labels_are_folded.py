"""Every commission gets a number. Labels that were typed freely go: their clicks and sales stay in the whole of each day,
and what is under no label counts as "other". Sums don't change, and no row that the database guards is touched."""

from typing import Any

from django.db import migrations

from affiliates.models.commission import new_commission_number

BATCH = 1000

VERDICT_TO_THE_VISIT = """
    UPDATE affiliates_click SET same_address = (
        SELECT a.same_address FROM affiliates_attribution a
        WHERE a.click_id = affiliates_click.id ORDER BY a.decided_at DESC LIMIT 1
    ) WHERE id IN (SELECT click_id FROM affiliates_attribution WHERE click_id IS NOT NULL)
"""


def number_commissions(apps: Any, schema_editor: Any) -> None:
    commissions = apps.get_model("affiliates", "Commission")._base_manager.filter(number=None)
    while found := list(commissions.only("pk")[:BATCH]):
        for commission in found:
            commission.number = new_commission_number()
        commissions.bulk_update(found, ["number"], batch_size=200)


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0020_labels_that_are_declared")]

    operations = [
        migrations.RunPython(number_commissions, migrations.RunPython.noop),
        migrations.RunSQL(VERDICT_TO_THE_VISIT, migrations.RunSQL.noop),
        migrations.RunSQL("DELETE FROM affiliates_dailyclicks WHERE \"by\" = 'campaign'", migrations.RunSQL.noop),
        migrations.RunSQL("DELETE FROM affiliates_dailysales WHERE \"by\" = 'campaign'", migrations.RunSQL.noop),
    ]
