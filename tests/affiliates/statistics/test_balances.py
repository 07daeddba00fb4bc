"""Balances always equal the sum of their entries, whatever changes them."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.commissions.lifecycle import reject_commission
from affiliates.models import LEDGER, Affiliate, BalanceDelta, Commission, LedgerEntry, Total
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import cancel_payout, prepare_payout
from affiliates.statistics.balances import balance_differences, merge_balance_rows
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, refund, sale
from tests.privacy.audit.guards import drop_trigger, guards_lifted

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def life(alice: Affiliate, product: Product, bob: User) -> Affiliate:
    """An affiliate to whom everything has happened."""
    sale(alice, product)
    reject_commission(commission=sale(alice, product), reason="A test order.")
    refund(approved_sale(alice, product), "59.95")
    refund(approved_sale(alice, product), "20.00")
    approved_sale(alice, product, "100.00")
    cancel_payout(run=prepare_payout(currency="USD", actor=bob))
    prepare_payout(currency="USD", actor=bob)
    adjust_ledger(affiliate=alice, amount=Money(-250, "USD"), reason="Paid twice.", actor=bob)
    return alice


def test_balances_follow_every_change(life: Affiliate) -> None:
    assert BalanceDelta.objects.totals(life, "USD") == {
        "pending": Total(1, 1799),
        "rejected": Total(1, 1799),
        "reversed": Total(1, 0),
        "approved": Total(0, 0),
        "in_payout": Total(2, 1199 + 3000),
        LEDGER: Total(LedgerEntry.objects.count(), -250),
    }
    assert LedgerEntry.objects.balance("USD") == Money(-250, "USD")
    assert balance_differences() == []


def test_balances_follow_bulk_updates(life: Affiliate) -> None:
    moved = Commission.objects.in_payout().update(state="approved", reversed_minor=F("reversed_minor") + 1)
    totals = BalanceDelta.objects.totals(life, "USD")
    assert (moved, totals["in_payout"], totals["approved"]) == (2, Total(0, 0), Total(2, 1199 + 3000 - 2))


def test_balances_are_separate_per_currency_and_affiliate(life: Affiliate, bob: User) -> None:
    adjust_ledger(affiliate=life, amount=Money(500, "EUR"), reason="A gift.", actor=bob)
    assert BalanceDelta.objects.totals(life, "EUR") == {LEDGER: Total(1, 500)}
    assert BalanceDelta.objects.totals(life, "USD")[LEDGER].minor == -250


def test_rolled_back_change_does_not_change_balances(life: Affiliate, bob: User) -> None:
    before = BalanceDelta.objects.totals(life, "USD")
    with transaction.atomic():
        adjust_ledger(affiliate=life, amount=Money(500, "USD"), reason="A gift.", actor=bob)
        assert BalanceDelta.objects.totals(life, "USD") != before
        transaction.set_rollback(True)
    assert BalanceDelta.objects.totals(life, "USD") == before


def test_merging_rows_keeps_balances(life: Affiliate) -> None:
    before, rows = BalanceDelta.objects.totals(life, "USD"), BalanceDelta.objects.count()
    gone = merge_balance_rows(now=timezone.now())
    assert BalanceDelta.objects.totals(life, "USD") == before
    assert BalanceDelta.objects.count() == rows - gone == len(before)


def test_merging_rows_in_small_batches_keeps_balances(life: Affiliate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affiliates.statistics.balances.BATCH", 8)
    before = BalanceDelta.objects.totals(life, "USD")
    assert merge_balance_rows(now=timezone.now()) > 7
    assert BalanceDelta.objects.totals(life, "USD") == before
    assert not BalanceDelta.objects.values("bucket").annotate(rows=Count("pk")).filter(rows__gt=1).exists()


def test_merging_rows_twice_changes_nothing(life: Affiliate) -> None:
    assert merge_balance_rows(now=timezone.now()) > 0
    assert merge_balance_rows(now=timezone.now()) == 0


def test_wrong_balance_is_reported_and_corrected(life: Affiliate) -> None:
    BalanceDelta.objects.filter(bucket=LEDGER).update(amount_minor=F("amount_minor") + 100)
    lines = LedgerEntry.objects.count()
    assert f"for affiliate {life.pk} is {Money(100 * lines, 'USD')} and 0 entries more" in first_difference(
        paypal_since=None
    )
    call_command("rebuild_rollups")
    assert first_difference(paypal_since=None) == ""
    assert BalanceDelta.objects.totals(life, "USD")[LEDGER] == Total(lines, -250)


def test_check_option_changes_nothing(life: Affiliate) -> None:
    BalanceDelta.objects.all().delete()
    with pytest.raises(CommandError, match="statistics differ"):
        call_command("rebuild_rollups", "--check")
    assert not BalanceDelta.objects.exists()


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("affiliates_commission", "insert_balance_delta"),
        ("affiliates_commission", "update_balance_delta"),
        ("affiliates_ledgerentry", "insert_balance_delta"),
    ],
)
def test_missing_trigger_is_reported(db: None, table: str, name: str) -> None:
    assert first_difference(paypal_since=None) == ""
    drop_trigger(table, name)
    assert f"the trigger {table}_{name} is missing" in first_difference(paypal_since=None)


def test_changes_without_triggers_are_found(life: Affiliate) -> None:
    with guards_lifted():
        for commission in Commission.objects.filter(state="pending"):
            words = commission.sealed("reason", "By hand.")
            Commission.objects.filter(pk=commission.pk).update(state="rejected", reason=words)
    found = {(key.bucket, entry_count, minor) for key, entry_count, minor in balance_differences()}
    assert found == {("pending", 1, 1799), ("rejected", -1, -1799)}
