"""Orders: requests and parsed responses."""

from __future__ import annotations

from typing import Any

import pytest

from shop.money import Money
from shop.paypal.errors import Expired, Transient
from shop.paypal.gateway import Gateway
from shop.paypal.types import CaptureStatus, OrderItem, OrderStatus
from tests.shop.paypal.loopback import Answer, Loopback
from tests.shop.paypal.samples import APPROVE, CREATED, ORDER, PRICE, USD, create, sent


def test_an_order_is_created(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(200, CREATED))
    created = create(paypal)
    assert (created.id, created.approve_url) == ("5O1", APPROVE["href"])
    assert loopback.seen[0].path == "/v2/checkout/orders"
    assert loopback.seen[0].headers["PayPal-Request-Id"] == "ord-1"
    assert loopback.seen[0].headers["Prefer"] == "return=representation"
    assert sent(loopback) == {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "reference_id": "pay-1",
                "custom_id": "pay-1",
                "invoice_id": "I-1",
                "description": "BPS Pro",
                "amount": {**USD, "breakdown": {"item_total": USD}},
                "items": [
                    {
                        "name": "BPS Pro",
                        "quantity": "1",
                        "unit_amount": USD,
                        "category": "DIGITAL_GOODS",
                        "sku": "bps-pro",
                    }
                ],
            }
        ],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "return_url": "https://example.com/checkout/return/",
                    "cancel_url": "https://example.com/checkout/bps-pro/",
                    "brand_name": "AITpro",
                    "user_action": "PAY_NOW",
                    "shipping_preference": "NO_SHIPPING",
                    "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
                }
            }
        },
    }


def test_an_order_may_have_an_approve_link_instead(paypal: Gateway, loopback: Loopback) -> None:
    link = {"rel": "approve", "href": "https://www.paypal.com/other"}
    loopback.will(Answer(201, {"id": "5O1", "status": "CREATED", "links": [link]}))
    assert create(paypal).approve_url == "https://www.paypal.com/other"


def test_an_order_without_an_approve_link_is_an_unknown_outcome(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, {"id": "5O1", "status": "CREATED", "links": []}))
    with pytest.raises(Transient):
        create(paypal)


def test_long_texts_are_shortened_to_what_paypal_takes(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, CREATED))
    create(paypal, description="ä" * 127, items=[OrderItem("Security\nsuite " + "x" * 200, PRICE)])
    unit = sent(loopback)["purchase_units"][0]
    assert unit["description"] == "ä" * 62 + "…"
    assert len(unit["items"][0]["name"].encode()) == 127
    assert unit["items"][0]["name"].startswith("Security suite x")


def test_an_empty_text_is_left_out(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, CREATED))
    create(paypal, description=" ")
    assert "description" not in sent(loopback)["purchase_units"][0]


@pytest.mark.parametrize(
    "wrong", [{"reference_id": "x" * 128}, {"invoice_id": ""}, {"request_id": "x" * 109}, {"total": Money(1, "USD")}]
)
def test_a_mistake_in_keys_or_sums_is_not_sent(paypal: Gateway, loopback: Loopback, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"identifier|add up"):
        create(paypal, **wrong)
    assert loopback.seen == []


@pytest.mark.parametrize("currency", ["JPY", "HUF", "TWD", "CLP", "MYR"])
def test_some_currencies_have_no_decimals(paypal: Gateway, loopback: Loopback, currency: str) -> None:
    loopback.will(Answer(201, CREATED))
    create(paypal, total=Money(6000, currency), items=[])
    assert sent(loopback)["purchase_units"][0]["amount"] == {"currency_code": currency, "value": "6000"}


def test_an_order_is_read(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(200, ORDER))
    order = paypal.get_order("5O1")
    assert (order.id, order.status, order.total) == ("5O1", OrderStatus.COMPLETED, PRICE)
    assert (order.reference_id, order.custom_id, order.invoice_id) == ("pay-1", "pay-1", "I-1")
    assert (order.payer_id, order.payer_email) == ("QYR5Z8XDVJNXQ", "payer@example.com")
    assert [(capture.id, capture.status, capture.amount) for capture in order.captures] == [
        ("3C6", CaptureStatus.COMPLETED, PRICE)
    ]
    assert order.captures[0].order_id == "5O1"


def test_a_payer_may_stand_in_the_payment_source_only(paypal: Gateway, loopback: Loopback) -> None:
    wallet = {"paypal": {"account_id": "QYR5Z8XDVJNXQ", "email_address": "payer@example.com"}}
    loopback.will(Answer(200, {**ORDER, "payer": {}, "payment_source": wallet}))
    order = paypal.get_order("5O1")
    assert (order.payer_id, order.payer_email) == ("QYR5Z8XDVJNXQ", "payer@example.com")


def test_an_order_waiting_for_its_payer_says_where_to_go(paypal: Gateway, loopback: Loopback) -> None:
    unit = {"reference_id": "pay-1", "amount": USD}
    loopback.will(Answer(200, {**CREATED, "purchase_units": [unit]}))
    order = paypal.get_order("5O1")
    assert (order.status, order.captures, order.payer_email) == (OrderStatus.PAYER_ACTION_REQUIRED, (), None)
    assert order.approve_url == APPROVE["href"]


def test_a_capture_sends_an_empty_object_under_its_key(paypal: Gateway, loopback: Loopback) -> None:
    loopback.will(Answer(201, ORDER))
    order = paypal.capture_order(order_id="5O1", request_id="cap-1")
    assert order.captures[0].status is CaptureStatus.COMPLETED
    assert loopback.seen[0].path == "/v2/checkout/orders/5O1/capture"
    assert loopback.seen[0].headers["PayPal-Request-Id"] == "cap-1"
    assert loopback.seen[0].body == b"{}"


@pytest.mark.parametrize("order_id", ["", "..", "../payments", "5O1?x=1", "5O1/capture", "5 1", "5O1\n", "x" * 65])
def test_an_id_that_cannot_be_paypals_is_not_asked_for(paypal: Gateway, loopback: Loopback, order_id: str) -> None:
    with pytest.raises(Expired):
        paypal.get_order(order_id)
    assert loopback.seen == loopback.tokens == []
