"""On PostgreSQL, no insert is asked any more whether it replaces a row: there it can't."""

from django.db import migrations

from privacy.append_only import forbid_replacing

CREDITED = "(NEW.kind = 'commission' AND standing.kind = 'commission' AND standing.commission_id = NEW.commission_id)"
TAKEN_BACK = "(NEW.kind = 'reversal' AND standing.kind = 'reversal' AND standing.refund_id = NEW.refund_id)"
GIVEN_BACK = "(NEW.kind = 'restored' AND standing.kind = 'restored' AND standing.refund_id = NEW.refund_id)"
BOOKED = "(standing.payout_id = NEW.payout_id AND standing.kind = NEW.kind)"
ACCEPTED = "(standing.affiliate_id = NEW.affiliate_id AND standing.version_id = NEW.version_id)"


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0017_fewer_indexes_of_clicks")]

    operations = [
        forbid_replacing("affiliates_attribution", "id", "order_id"),
        forbid_replacing("affiliates_commission", "id", "attribution_id"),
        forbid_replacing("affiliates_ledgerentry", "id", CREDITED, TAKEN_BACK, GIVEN_BACK, BOOKED),
        forbid_replacing("affiliates_payoutclaim", "id", "entry_id"),
        forbid_replacing("affiliates_termsversion", "id", "number"),
        forbid_replacing("affiliates_termsacceptance", "id", ACCEPTED),
    ]
