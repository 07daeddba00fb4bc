"""Manual adjustments of an affiliate's balance: one more ledger entry, with a reason, recorded in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from affiliates.models import Affiliate, Commission, LedgerEntry
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased
from shop.money import Money

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def adjust_ledger(
    *, affiliate: Affiliate, amount: Money, reason: str, actor: User, commission: Commission | None = None
) -> LedgerEntry:
    """Credits `amount`, or debits it where it is negative. Raises `ActionRefused`."""
    if amount.minor == 0:
        raise ActionRefused("Enter a non-zero amount.")
    if not reason.strip():
        raise ActionRefused("Please enter a reason. The affiliate will see it.")
    if commission and (commission.affiliate.pk, commission.currency) != (affiliate.pk, amount.currency):
        raise ActionRefused("This commission belongs to another affiliate, or is in another currency.")
    leave_to_a_colleague(affiliate, actor=actor, permission="affiliates.add_ledgerentry")
    if commission is None:  # otherwise the reason is the site's own
        refuse_text_about_erased(affiliate, reason)
    entry = LedgerEntry.objects.create(
        affiliate=affiliate,
        kind=LedgerEntry.Kind.ADJUSTMENT,
        amount_minor=amount.minor,
        currency=amount.currency,
        commission=commission,
        reason=reason.strip()[:300],
    )
    record(action="affiliates.ledger.adjusted", about=entry, actor=actor)
    return entry
