"""An independent implementation of eligibility, one affiliate at a time, without `affiliates.payouts.eligibility`."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutItem, TermsVersion
from privacy.encryption.normalization import normalize_email


def assert_may_be_sent(item: PayoutItem) -> None:
    """Asked right after the step that sent it, or put it on the list of a person who pays."""
    assert item.receiver == Affiliate.objects.get(pk=item.affiliate_id).payout_email, "to an address not in force"
    assert_may_be_paid(item)


def assert_may_be_paid(item: PayoutItem) -> None:
    affiliate = Affiliate.objects.get(pk=item.affiliate_id)
    assert _has_an_account(affiliate), "paid, though suspended, or closed for good"
    assert affiliate.is_closing or affiliate.terms_version == _terms(), "paid under terms that were not accepted"
    assert affiliate.payout_email, "paid at no address"
    others = Affiliate.objects.exclude(pk=affiliate.pk)
    assert not any(_shares(each, affiliate) for each in others), "paid at another one's address"
    held = item.commissions().held().exclude(state=Commission.State.REVERSED)
    assert not held.exists(), "paid, though a flag holds it"
    least = 1 if affiliate.is_closing else settings.AFFILIATE_MINIMUM_PAYOUT_CENTS
    debt = min(_due(affiliate, item.currency), 0)
    assert item.amount_minor + debt >= least, "paid, though less than the minimum is due"


def _has_an_account(affiliate: Affiliate) -> bool:
    return affiliate.state == Affiliate.State.ACTIVE or affiliate.is_closing


def _terms() -> str:
    in_force = TermsVersion.objects.filter(effective_from__lte=timezone.now())
    return str(max(version.number for version in in_force))


def _shares(other: Affiliate, one: Affiliate) -> bool:
    """Another one is to be paid at this address too."""
    same = other.payout_email and normalize_email(other.payout_email) == normalize_email(one.payout_email or "")
    owed = any(_due(other, currency) > 0 for currency in ("USD", "JPY")) or other.payouts.in_progress().exists()
    return bool(same) and _has_an_account(other) and owed


def _due(affiliate: Affiliate, currency: str) -> int:
    lines = LedgerEntry.objects.filter(affiliate=affiliate, currency=currency, claim__isnull=True)
    return lines.aggregate(sum=Sum("amount_minor"))["sum"] or 0
