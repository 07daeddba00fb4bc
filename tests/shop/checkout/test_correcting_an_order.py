"""Correcting an order: only the fields that its product asked for."""

from __future__ import annotations

from privacy.requests.correction import correctable_values
from shop.models import Order, Product
from tests import factories


def offered(email: str) -> dict[str, str]:
    return {value.name: value.value for value in correctable_values(email)}


def test_an_order_that_asked_for_no_number_offers_none(product: Product) -> None:
    factories.order(product)
    assert offered("carol@example.org") == {"name": "Carol Customer"}


def test_an_order_that_asked_offers_it_even_where_it_was_left_empty(product: Product) -> None:
    factories.order(product, phone="+18055550123", address="")
    assert offered("carol@example.org") == {"name": "Carol Customer", "phone": "+18055550123", "address": ""}


def test_a_corrected_number_is_found_anew(product: Product) -> None:
    order = factories.order(product, phone="+18055550123")
    value = next(value for value in correctable_values("carol@example.org") if value.name == "phone")
    setattr(value.row, value.name, "+18055550199")
    value.row.save(update_fields=["phone"])
    assert Order.objects.get(phone_index="805-555-0199") == order
    assert not Order.objects.filter(phone_index="805-555-0123").exists()
