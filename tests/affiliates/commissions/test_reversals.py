"""Refunds reverse commissions proportionally, in any split, at any stage, to the cent."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal

import pytest

from affiliates.commissions.lifecycle import approve_commission, reject_commission
from affiliates.commissions.reversals import reverse_commission
from affiliates.models import Affiliate, Commission, LedgerEntry
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, balance, refund, sale

pytestmark = pytest.mark.usefixtures("clock")


def reversals(affiliate: Affiliate) -> list[int]:
    lines = LedgerEntry.objects.filter(affiliate=affiliate, kind=LedgerEntry.Kind.REVERSAL).order_by("pk")
    return list(lines.values_list("amount_minor", flat=True))


def test_full_refund_reverses_whole_commission(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "59.95")
    assert (commission.state, commission.why_unpaid) == (Commission.State.REVERSED, "the order was refunded")
    assert reversals(alice) == [-1799]
    assert balance(alice) == "$0.00"


def test_partial_refund_reverses_its_share(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "20.00")  # 17.99 × 20.00 / 59.95 = 6.0017
    assert (commission.state, commission.reversed_minor) == (Commission.State.APPROVED, 600)
    assert balance(alice) == "$11.99"


@pytest.mark.parametrize(
    "parts",
    [
        ["59.95"],
        ["0.01", "59.94"],
        ["20.00", "20.00", "19.95"],
        ["19.99", "19.98", "19.98"],
        *map(list, itertools.permutations(["10.01", "20.02", "29.92"])),
    ],
)
def test_partial_reversals_sum_to_whole_in_any_order(alice: Affiliate, product: Product, parts: list[str]) -> None:
    commission = approved_sale(alice, product)
    for part in parts:
        refund(commission, part)
    assert commission.state == Commission.State.REVERSED
    assert sum(reversals(alice)) == -1799
    assert balance(alice) == "$0.00"


def test_random_partial_reversals_sum_to_whole(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    cuts = sorted(random.Random(7).sample(range(1, 5995), 30))
    for start, end in itertools.pairwise([0, *cuts, 5995]):
        refund(commission, str(Money(end - start, "USD").amount))
    assert sum(reversals(alice)) == -1799
    assert all(minor < 0 for minor in reversals(alice))


def test_refund_before_approval_credits_remainder(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    refund(commission, "20.00")
    assert reversals(alice) == []
    assert approve_commission(commission=commission, actor=None)
    assert balance(alice) == "$11.99"
    refund(commission, "39.95")
    assert balance(alice) == "$0.00"


def test_full_refund_before_approval_leaves_nothing_to_approve(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    refund(commission, "59.95")
    assert commission.state == Commission.State.REVERSED
    assert not approve_commission(commission=commission, actor=None)
    assert not LedgerEntry.objects.exists()


def test_repeated_refund_event_is_reversed_once(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    row = refund(commission, "20.00")
    row.payment.refresh_from_db()
    reverse_commission(payment=row.payment, refund=row)
    assert reversals(alice) == [-600]


def test_refund_keeps_rejected_commission_rejected(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    reject_commission(commission=commission, reason="bought by himself")
    refund(commission, "59.95")
    assert (commission.state, commission.reversed_minor) == (Commission.State.REJECTED, 0)
    assert not LedgerEntry.objects.exists()


def test_refund_does_not_change_base_and_amount(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "20.00")
    refund(commission, "39.95")
    assert (commission.base_minor, commission.amount_minor) == (5995, 1799)
    assert commission.rate_percent == Decimal(30)
