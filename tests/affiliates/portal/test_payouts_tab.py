"""Payouts in plain words, with the ledger entries they paid."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from affiliates.models import Affiliate, PayoutItem
from affiliates.payouts.runs import cancel_payout, prepare_payout
from affiliates.portal.payouts import STATE_EXPLANATIONS
from shop.models import Product
from tests.affiliates.sales import approved_sale
from tests.cast import signed_in

from .pages import PORTAL, text_of

pytestmark = pytest.mark.usefixtures("clock")


def test_every_payout_state_is_explained() -> None:
    assert set(PayoutItem.State) == set(STATE_EXPLANATIONS)


def test_payouts_page_shows_state_of_each_payout(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    assert "Mar 2, 2026 waiting Prepared" in text_of(alice.user, "payouts/")
    cancel_payout(run=run)
    text = text_of(alice.user, "payouts/")
    assert "It was not sent. The money is back in your balance." in text
    assert "$17.99 will be sent with the next payout run" in text


def test_payout_page_lists_its_ledger_entries(alice: Affiliate, product: Product, bob: User) -> None:
    lines = [approved_sale(alice, product), approved_sale(alice, product, "100.00")]
    prepare_payout(currency="USD", actor=bob)
    text = text_of(alice.user, f"payouts/{alice.payouts.get().pk}/")
    assert "Payout of $47.99" in text
    for line in lines:
        assert f"Commission {line.number} {line.total}" in text
    assert "Total $47.99" in text
    assert "Carol" not in text


def test_returned_payout_is_entry_of_next_payout(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    cancel_payout(run=prepare_payout(currency="USD", actor=bob))
    prepare_payout(currency="USD", actor=bob)
    text = text_of(alice.user, f"payouts/{alice.payouts.get(state='queued').pk}/")
    assert "Returned payout of March 2, 2026 $17.99" in text


def test_payouts_page_without_payouts_says_what_is_needed(alice: Affiliate) -> None:
    text = text_of(alice.user, "payouts/")
    assert "No payouts yet" in text
    assert "You need $10.00 in approved commissions to be paid. You have $0.00." in text


def test_payouts_page_has_constant_query_count(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    with django_assert_num_queries(14):
        client.get(f"{PORTAL}payouts/")
    for _ in range(40):
        approved_sale(alice, product)
        prepare_payout(currency="USD", actor=bob)
    with django_assert_num_queries(14):
        client.get(f"{PORTAL}payouts/")


def test_payout_page_has_constant_query_count(
    alice: Affiliate, product: Product, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    for count in (1, 40):
        for _ in range(count):
            approved_sale(alice, product)
        prepare_payout(currency="USD", actor=bob)
        address = f"{PORTAL}payouts/{alice.payouts.order_by('-pk')[0].pk}/"
        with django_assert_num_queries(8):
            client.get(address)
