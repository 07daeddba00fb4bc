"""The checkout names the versions of the terms, and the order keeps those that the buyer saw."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from shop.models import AcceptedTerms, Order, Product, ShopTerms
from tests.shop.pricing.test_price_raised import CHECKOUT, form_in
from tests.shop.purchases import CAROL, place

from .published import publish_first_terms, publish_next

pytestmark = pytest.mark.usefixtures("clock", "product", "paypal_down")

CHANGED = "Our terms have changed."


def accepted(order: Order) -> list[tuple[str, int]]:
    return sorted(order.accepted_terms.values_list("document", "version__number"))


def test_checkout_links_the_terms_at_the_button_and_the_order_keeps_them(client: Client) -> None:
    publish_first_terms()
    page = " ".join(client.get(CHECKOUT).content.decode().split())
    assert "By paying, you accept our" in page
    for document in ("sale", "refunds", "license"):
        assert f'href="/terms/{document}/?version=1"' in page
    client.post(CHECKOUT, {**form_in(client.get(CHECKOUT).content), **CAROL})
    order = Order.objects.get()
    assert accepted(order) == [("license", 1), ("refunds", 1), ("sale", 1)]
    assert "/terms/refunds/?version=1" in client.get(order.get_absolute_url()).content.decode()


def test_product_without_a_license_key_is_sold_without_license_terms(client: Client, product: Product) -> None:
    publish_first_terms()
    Product.objects.update(issues_license=False)
    assert "/terms/license/?version=1" not in client.get(CHECKOUT).content.decode()
    assert accepted(place(client)) == [("refunds", 1), ("sale", 1)]


def test_site_that_has_published_no_terms_still_sells(client: Client) -> None:
    assert "you accept" not in client.get(CHECKOUT).content.decode()
    client.post(CHECKOUT, {**form_in(client.get(CHECKOUT).content), **CAROL})
    assert accepted(Order.objects.get()) == []


def test_version_published_while_the_form_is_open_is_shown_with_what_was_typed(client: Client) -> None:
    publish_first_terms()
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    publish_next("refunds")
    for _ in range(2):  # a double click sends the old form twice
        shown = client.post(CHECKOUT, sent)
        assert CHANGED in shown.content.decode()
        assert "/terms/refunds/?version=2" in shown.content.decode()
        assert not Order.objects.exists()
    again = form_in(shown.content)
    assert {**again, **CAROL} == again
    client.post(CHECKOUT, again)
    assert accepted(Order.objects.get()) == [("license", 1), ("refunds", 2), ("sale", 1)]


def test_first_terms_published_while_the_form_is_open_are_shown(client: Client) -> None:
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    publish_first_terms()
    assert CHANGED in client.post(CHECKOUT, sent).content.decode()
    assert not Order.objects.exists()


def test_price_and_terms_that_change_together_are_both_shown(client: Client) -> None:
    publish_first_terms()
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    publish_next("sale")
    Product.objects.update(price_minor=7995)
    shown = client.post(CHECKOUT, sent).content.decode()
    assert CHANGED in shown
    assert "The price is now $79.95" in shown


def test_version_that_takes_effect_later_is_not_accepted_yet(client: Client, clock: time_machine.Traveller) -> None:
    publish_first_terms()
    publish_next("sale", effective_from=timezone.now() + timedelta(hours=1))
    assert ("sale", 1) in accepted(place(client))
    clock.shift(timedelta(hours=1))
    assert ("sale", 2) in accepted(place(client, email="dave@example.org"))


def test_form_that_placed_its_order_before_leads_to_it_under_the_terms_of_that_time(client: Client) -> None:
    publish_first_terms()
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    client.post(CHECKOUT, sent)
    publish_next("sale")
    client.post(CHECKOUT, sent)
    assert accepted(Order.objects.get()) == [("license", 1), ("refunds", 1), ("sale", 1)]


@pytest.mark.parametrize("seen", ["", "sale-9", "sale-1", "' OR 1=1", "²"])
def test_terms_in_the_form_never_become_the_terms(client: Client, seen: str) -> None:
    publish_first_terms()
    client.post(CHECKOUT, {**form_in(client.get(CHECKOUT).content), **CAROL, "terms_seen": seen})
    assert not AcceptedTerms.objects.exists()
    assert ShopTerms.objects.count() == 3
