"""Payouts in plain words, and what each of them paid."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from affiliates.models import Affiliate, PayoutItem
from affiliates.payouts.runs import cancel_payout, prepare_payout
from affiliates.portal.payouts import IN_WORDS
from shop.models import Product
from tests.affiliates.sales import approved_sale

from .pages import PORTAL, signed_in, text_of

pytestmark = pytest.mark.usefixtures("clock")


def test_each_state_has_plain_words() -> None:
    assert set(PayoutItem.State) == set(IN_WORDS)


def test_it_says_how_each_payout_stands(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob)
    assert "Mar 2, 2026 waiting Prepared" in text_of(alice.user, "payouts/")
    cancel_payout(batch=batch)
    text = text_of(alice.user, "payouts/")
    assert "It was not sent. The money is back in your balance." in text
    assert "17.99 USD will be sent with the next payout run" in text


def test_it_shows_what_a_payout_paid(alice: Affiliate, product: Product, bob: User) -> None:
    lines = [approved_sale(alice, product), approved_sale(alice, product, "100.00")]
    prepare_payout(currency="USD", actor=bob)
    text = text_of(alice.user, f"payouts/{alice.payouts.get().pk}/")
    assert "Payout of 47.99 USD" in text
    for line in lines:
        assert f"Commission {line.number} {line.total}" in text
    assert "Total 47.99 USD" in text
    assert "Carol" not in text


def test_money_that_came_back_is_a_line_of_the_next_payout(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    cancel_payout(batch=prepare_payout(currency="USD", actor=bob))
    prepare_payout(currency="USD", actor=bob)
    text = text_of(alice.user, f"payouts/{alice.payouts.get(state='queued').pk}/")
    assert "Returned payout of March 2, 2026 17.99 USD" in text


def test_who_was_paid_nothing_yet_is_told_what_is_missing(alice: Affiliate) -> None:
    text = text_of(alice.user, "payouts/")
    assert "No payouts yet" in text
    assert "You need 10.00 USD in approved commissions to be paid. You have 0.00 USD." in text


def test_its_cost_does_not_grow(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    with django_assert_num_queries(13):
        client.get(f"{PORTAL}payouts/")
    for _ in range(40):
        approved_sale(alice, product)
        prepare_payout(currency="USD", actor=bob)
    with django_assert_num_queries(13):
        client.get(f"{PORTAL}payouts/")


def test_the_cost_of_one_does_not_grow_with_its_lines(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    for count in (1, 40):
        for _ in range(count):
            approved_sale(alice, product)
        prepare_payout(currency="USD", actor=bob)
        address = f"{PORTAL}payouts/{alice.payouts.order_by('-pk')[0].pk}/"
        with django_assert_num_queries(7):
            client.get(address)
