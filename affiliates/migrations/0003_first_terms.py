"""Version 1 of the program's terms."""

from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.db import migrations

IN_FORCE_FROM = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = """# What you do

You recommend us with your own link or code, honestly, and say openly that you earn by it. You don't send unsolicited \
mail, don't bid on our name in advertisements, and don't buy through your own link.

# What you earn

{percent} % of the net price of each sale you bring, unless we agreed on another rate with you or announced another one \
for a product. A sale is yours when the buyer followed your link in the 30 days before ordering and followed nobody \
else's later, or typed your code at the checkout. Who brought an order is decided when the order is placed, and never \
changed afterwards.

# When you are paid

A commission waits {hold} days, in which the buyer may ask for the money back; we may approve it sooner. What is \
approved is paid through PayPal as soon as it comes to {minimum:.2f} USD or more. When a sale is refunded, the same \
share of the commission is taken back; if it was paid already, it is set against the next ones.

# What you see of buyers

Nothing. You see sums, days and order numbers, never who bought.

# When these terms change

We tell you by mail, and your portal asks you to accept the new version. Until you do, your links count under the terms \
you accepted before, and what you earn waits for you.

# Ending it

Either of us can end this at any time. What you have earned until then is paid as described above, the last time \
however little it is.
"""


def publish(apps, schema_editor):
    apps.get_model("affiliates", "TermsVersion").objects.using(schema_editor.connection.alias).create(
        id=uuid4(),
        number=1,
        text=TEXT.format(
            percent=settings.AFFILIATE_COMMISSION_PERCENT,
            hold=settings.AFFILIATE_HOLD_DAYS,
            minimum=settings.AFFILIATE_MINIMUM_PAYOUT_CENTS / 100,
        ),
        effective_from=IN_FORCE_FROM,
        published_at=IN_FORCE_FROM,
    )


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0002_triggers")]

    operations = [migrations.RunPython(publish)]
