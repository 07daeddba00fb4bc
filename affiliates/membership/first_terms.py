"""Version 1 of the program's terms. It is published once; later versions are written by staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.apps import apps as installed_apps
from django.conf import settings
from django.db import router

from privacy.encryption.models import uuid7

EFFECTIVE_FROM = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = """# What you do

You recommend us with your own link or code, honestly, and disclose that you earn a commission. You don't send \
unsolicited email, don't bid on our name in advertisements, and don't buy through your own link.

# What you earn

{percent}% of the net price of each sale you bring, unless we agreed on another rate with you or announced another one \
for a product. A sale is yours if the buyer followed your link within 30 days before the order and nobody else's link \
later, or entered your code at checkout. This is decided when the order is placed, and never changed afterwards.

# When you are paid

A commission is pending for {hold} days, in which the buyer may request a refund; we may approve it sooner. Approved \
commissions are paid through PayPal as soon as they reach ${minimum:.2f}. When a sale is refunded, the same share of \
the commission is reversed; if it was already paid, it is set off against the next ones.

# What you see of buyers

Nothing. You see amounts, days and commission numbers, never who bought.

# When these terms change

We notify you by email, and your portal asks you to accept the new version. Until you do, your links count under the \
terms you accepted before, and what you earn is kept for you.

# Termination

Either of us can end this at any time. We then pay everything you have earned as described above, however small the \
final balance is.
"""


def publish_first_terms(*, using: str, apps: Any = installed_apps, **_signal: Any) -> None:
    """Receives `post_migrate`: a fresh database starts with version 1."""
    try:
        versions = apps.get_model("affiliates", "TermsVersion")
    except LookupError:  # migrated to a time before there were any
        return
    if router.allow_migrate_model(using, versions) and not versions.objects.using(using).exists():
        versions.objects.using(using).create(
            id=uuid7(),
            number=1,
            text=TEXT.format(
                percent=settings.AFFILIATE_COMMISSION_PERCENT,
                hold=settings.REFUND_DAYS,
                minimum=settings.AFFILIATE_MINIMUM_PAYOUT_CENTS / 100,
            ),
            effective_from=EFFECTIVE_FROM,
            published_at=EFFECTIVE_FROM,
        )
