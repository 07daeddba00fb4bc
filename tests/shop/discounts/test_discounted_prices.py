"""What discounts take off a price, and which of several codes apply."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.money import Money
from shop.pricing.discounts import Discount, choose_discounts

prices = st.builds(Money, st.integers(1, 2_000_000), st.sampled_from(["USD", "EUR", "JPY"]))
kinds = st.one_of(
    st.fixed_dictionaries({"percent": st.integers(1, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)}),
    st.fixed_dictionaries({"flat_minor": st.integers(1, 3_000_000)}),
)
discounts = st.builds(lambda kind, adds_up: Discount(**kind, adds_up=adds_up), kinds, st.booleans())


def sum_of(amounts: list[Money | None]) -> int:
    return sum(amount.minor for amount in amounts if amount)


@pytest.mark.parametrize(
    ("price", "discount", "off"),
    [
        (Money(5995, "USD"), Discount(percent=Decimal(10)), "$6.00"),  # 5.995, half up
        (Money(5995, "USD"), Discount(percent=Decimal("33.33")), "$19.98"),
        (Money(5995, "USD"), Discount(percent=Decimal(100)), "$59.95"),
        (Money(5995, "USD"), Discount(flat_minor=2000), "$20.00"),
        (Money(5995, "USD"), Discount(flat_minor=9900), "$59.95"),
        (Money(995, "JPY"), Discount(percent=Decimal(10)), "100 JPY"),  # 99.5, half up
        (Money(1, "USD"), Discount(percent=Decimal(10)), "$0.00"),
    ],
)
def test_one_discount_takes_off_its_share_and_never_more_than_the_price(
    price: Money, discount: Discount, off: str
) -> None:
    [amount] = choose_discounts(price, [discount])
    assert str(amount) == off


def test_codes_that_add_up_are_each_taken_off_the_full_price() -> None:
    both = [Discount(percent=Decimal(10), adds_up=True), Discount(percent=Decimal(20), adds_up=True)]
    assert [amount and amount.minor for amount in choose_discounts(Money(10_000, "USD"), both)] == [1000, 2000]


@pytest.mark.parametrize("first_adds_up", [True, False])
def test_codes_that_do_not_both_add_up_leave_the_better_one(first_adds_up: bool) -> None:
    small, large = Discount(flat_minor=500, adds_up=first_adds_up), Discount(flat_minor=900)
    assert choose_discounts(Money(5000, "USD"), [small, large]) == [None, Money(900, "USD")]
    assert choose_discounts(Money(5000, "USD"), [large, small]) == [Money(900, "USD"), None]


def test_of_equal_codes_the_first_one_applies() -> None:
    same = [Discount(flat_minor=500), Discount(flat_minor=500)]
    assert choose_discounts(Money(5000, "USD"), same) == [Money(500, "USD"), None]


@given(prices, st.lists(discounts, max_size=4))
def test_no_codes_ever_make_a_price_negative_or_take_off_more_by_being_entered_in_another_order(
    price: Money, entered: list[Discount]
) -> None:
    amounts = choose_discounts(price, entered)
    assert len(amounts) == len(entered)
    assert all(amount is None or amount.minor >= 0 for amount in amounts)
    assert 0 <= sum_of(amounts) <= price.minor
    assert sum_of(choose_discounts(price, entered[::-1])) == sum_of(amounts)


@given(prices, st.lists(discounts, min_size=1, max_size=4))
def test_the_buyer_never_pays_more_than_with_any_one_of_the_codes(price: Money, entered: list[Discount]) -> None:
    best = max(sum_of(choose_discounts(price, [each])) for each in entered)
    assert sum_of(choose_discounts(price, entered)) >= best
    applied = [each for each, amount in zip(entered, choose_discounts(price, entered), strict=True) if amount]
    assert len(applied) <= 1 or all(each.adds_up for each in applied)
