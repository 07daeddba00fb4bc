"""Refunds take commissions back: in step, in any split, at any stage, and to the cent."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal

import pytest

from affiliates.commissions.lifecycle import approve_commission, reject_commission, reverse_commission
from affiliates.models import Affiliate, Commission, LedgerEntry
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, balance, refund, sale

pytestmark = pytest.mark.usefixtures("clock")


def reversals(affiliate: Affiliate) -> list[int]:
    lines = LedgerEntry.objects.filter(affiliate=affiliate, kind=LedgerEntry.Kind.REVERSAL).order_by("pk")
    return list(lines.values_list("amount_minor", flat=True))


def test_a_full_refund_takes_all_of_it_back(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "59.95")
    assert (commission.state, commission.why_unpaid) == (Commission.State.REVERSED, "the order was refunded")
    assert reversals(alice) == [-1799]
    assert balance(alice) == "0.00 USD"


def test_a_partial_refund_takes_its_share(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "20.00")  # 17.99 × 20.00 / 59.95 = 6.0017
    assert (commission.state, commission.reversed_minor) == (Commission.State.APPROVED, 600)
    assert balance(alice) == "11.99 USD"


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
def test_the_parts_sum_to_the_whole_in_any_order(alice: Affiliate, product: Product, parts: list[str]) -> None:
    commission = approved_sale(alice, product)
    for part in parts:
        refund(commission, part)
    assert commission.state == Commission.State.REVERSED
    assert sum(reversals(alice)) == -1799
    assert balance(alice) == "0.00 USD"


def test_many_random_parts_sum_to_the_whole(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    cuts = sorted(random.Random(7).sample(range(1, 5995), 30))
    for start, end in itertools.pairwise([0, *cuts, 5995]):
        refund(commission, str(Money(end - start, "USD").amount))
    assert sum(reversals(alice)) == -1799
    assert all(minor < 0 for minor in reversals(alice))


def test_a_refund_before_the_approval_credits_what_is_left(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    refund(commission, "20.00")
    assert reversals(alice) == []
    assert approve_commission(commission=commission, actor=None)
    assert balance(alice) == "11.99 USD"
    refund(commission, "39.95")
    assert balance(alice) == "0.00 USD"


def test_a_full_refund_before_the_approval_leaves_nothing_to_approve(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    refund(commission, "59.95")
    assert commission.state == Commission.State.REVERSED
    assert not approve_commission(commission=commission, actor=None)
    assert not LedgerEntry.objects.exists()


def test_the_same_refund_told_twice_is_taken_back_once(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    row = refund(commission, "20.00")
    row.payment.refresh_from_db()
    reverse_commission(payment=row.payment, refund=row)
    assert reversals(alice) == [-600]


def test_a_rejected_commission_stays_rejected(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    reject_commission(commission=commission, reason="bought by himself")
    refund(commission, "59.95")
    assert (commission.state, commission.reversed_minor) == (Commission.State.REJECTED, 0)
    assert not LedgerEntry.objects.exists()


def test_what_it_was_reckoned_from_never_changes(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    refund(commission, "20.00")
    refund(commission, "39.95")
    assert (commission.base_minor, commission.amount_minor) == (5995, 1799)
    assert commission.rate_percent == Decimal(30)
