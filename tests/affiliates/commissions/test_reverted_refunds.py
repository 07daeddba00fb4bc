"""A reverted refund restores what it had reversed, once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.lifecycle import approve_commission, reject_commission
from affiliates.commissions.reversals import restore_commission
from affiliates.models import Affiliate, Commission, DailySales, LedgerEntry, PayoutItem
from affiliates.payouts.item_states import apply_item_state
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import prepare_payout
from privacy.audit.models import AuditEntry
from shop.models import Payment, Product, Refund
from shop.payments.refunds import apply_refund
from shop.paypal.types import PayoutItemState, PayoutItemStatus, RefundState, RefundStatus
from tests.affiliates.sales import approved_sale, balance, refund, sale


def undo(row: Refund) -> None:
    """PayPal says, twice, that the refund failed after all."""
    row.refresh_from_db()
    remote = RefundState(
        id=row.paypal_refund_id or "",
        status=RefundStatus.FAILED,
        amount=row.total,
        capture_id=row.payment.capture_id,
    )
    for _ in range(2):
        apply_refund(refund=row, remote=remote)
    restore_commission(payment=Payment.objects.get(pk=row.payment_id), refund=row)  # and the news is told again


def paid(item: PayoutItem) -> None:
    remote = PayoutItemState("I", "B", str(item.pk), PayoutItemStatus.SUCCESS, item.total, None, None, None)
    apply_item_state(run=item.run, remote=remote)


def state_of(commission: Commission) -> tuple[str, int]:
    commission.refresh_from_db()
    assert first_difference(paypal_since=None) == ""
    return commission.state, commission.reversed_minor


def test_reverted_full_refund_makes_commission_due_again(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    row = refund(commission, "59.95")
    assert state_of(commission) == ("reversed", 1799)
    undo(row)
    assert state_of(commission) == ("approved", 0)
    assert (commission.why_unpaid, balance(alice)) == ("", "$17.99")
    assert [line.amount_minor for line in LedgerEntry.objects.filter(kind="restored")] == [1799]
    assert AuditEntry.objects.filter(action="affiliates.commission.restored").count() == 1


def test_reverted_partial_refund_restores_its_part(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    first, second = refund(commission, "20.00"), refund(commission, "10.01")
    assert state_of(commission) == ("approved", 901)
    undo(second)
    assert state_of(commission) == ("approved", 600)
    undo(first)
    assert state_of(commission) == ("approved", 0)
    assert balance(alice) == "$17.99"


def test_reverted_refund_of_pending_commission_needs_no_entry(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    row = refund(commission, "59.95")
    assert state_of(commission) == ("reversed", 1799)
    undo(row)
    assert state_of(commission) == ("pending", 0)
    assert not LedgerEntry.objects.exists()
    approve_commission(commission=commission, actor=None)
    assert balance(alice) == "$17.99"


def test_reverted_refund_of_paid_commission_marks_it_paid(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    paid(prepare_payout(currency="USD", actor=bob).items.get())
    row = refund(commission, "59.95")
    assert balance(alice) == "-$17.99"
    undo(row)
    assert state_of(commission) == ("paid", 0)
    assert balance(alice) == "$0.00"


def test_reverted_refund_during_payout_is_paid(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    undo(refund(commission, "59.95"))
    assert state_of(commission) == ("in_payout", 0)
    paid(item)
    assert state_of(commission) == ("paid", 0)


def test_reverted_refund_keeps_rejected_commission_rejected(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    reject_commission(commission=commission, reason="own purchase")
    undo(refund(commission, "59.95"))
    assert state_of(commission) == ("rejected", 0)


def test_refund_is_reverted_once(alice: Affiliate, product: Product) -> None:
    row = refund(approved_sale(alice, product), "20.00")
    undo(row)
    line = LedgerEntry.objects.get(kind="restored")
    again = LedgerEntry(
        affiliate=alice, kind="restored", amount_minor=1, currency="USD", commission=line.commission, refund=row
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_reversal_is_not_restored_without_reverted_refund(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "59.95")
    for change in ({"reversed_minor": 0}, {"state": "approved", "reason": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Commission.objects.filter(pk=commission.pk).update(**change)


def test_explanation_mentions_reverted_refund(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    undo(refund(commission, "20.00"))
    commission.refresh_from_db()
    told = "\n".join(line.text for line in explain_commission(commission))
    assert "A refund of $20.00 was reverted, so its part of the commission was restored" in told
    assert "$6.00, restored after a reverted refund" in told


def test_sales_statistics_follow_reverted_refund(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    row = refund(commission, "20.00")
    assert DailySales.objects.get().reversed_minor == 600
    undo(row)
    assert DailySales.objects.get().reversed_minor == 0


def test_rejection_leaves_sales_statistics_immediately(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    assert DailySales.objects.get().earned_minor == 1799
    reject_commission(commission=commission, reason="own purchase")
    assert DailySales.objects.get().earned_minor == 0
