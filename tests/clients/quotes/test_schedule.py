"""The amounts of a quote's installments."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.quotes.schedule import ScheduleProblem, Share, installment_amounts
from shop.money import Money

TOTAL = Money.of("1000.01", "USD")
THIRD = Share(percent=Decimal("33.33"))


def dollars(*amounts: Money) -> list[str]:
    return [str(amount) for amount in amounts]


def test_a_deposit_leaves_the_rest() -> None:
    shares = [Share(percent=Decimal(30)), Share()]
    assert dollars(*installment_amounts(TOTAL, shares)) == ["$300.00", "$700.01"]


def test_a_fixed_amount_leaves_the_rest() -> None:
    shares = [Share(), Share(fixed=Money.of("250", "USD"))]
    assert dollars(*installment_amounts(TOTAL, shares)) == ["$750.01", "$250.00"]


def test_the_last_of_percentages_that_make_100_takes_the_rounding() -> None:
    shares = [THIRD, THIRD, Share(percent=Decimal("33.34"))]
    assert dollars(*installment_amounts(TOTAL, shares)) == ["$333.30", "$333.30", "$333.41"]


def test_installments_that_dont_add_up_are_refused_with_both_sums() -> None:
    with pytest.raises(ScheduleProblem, match=r"add up to \$666.60, and the quote to \$1,000.01"):
        installment_amounts(TOTAL, [THIRD, THIRD])


def test_two_rests_are_refused() -> None:
    with pytest.raises(ScheduleProblem, match="Only one"):
        installment_amounts(TOTAL, [Share(), Share()])


def test_an_installment_of_nothing_is_refused() -> None:
    with pytest.raises(ScheduleProblem, match="Nothing is left"):
        installment_amounts(TOTAL, [Share(fixed=TOTAL), Share()])


@given(st.integers(1, 2_000_000_000), st.lists(st.integers(1, 10_000), min_size=1, max_size=8))
def test_amounts_add_up_to_the_total_or_are_refused(total: int, hundredths: list[int]) -> None:
    money = Money(total, "USD")
    try:
        amounts = installment_amounts(money, [*(Share(percent=Decimal(each) / 100) for each in hundredths), Share()])
    except ScheduleProblem:
        return
    assert sum(amounts, Money(0, "USD")) == money
    assert all(amount.minor > 0 for amount in amounts)
