"""Sample responses of PayPal for the gateway tests."""

from __future__ import annotations

import json
from typing import Any

from shop.money import Money
from shop.paypal.gateway import Gateway
from shop.paypal.types import OrderItem, PayoutLine
from tests.shop.paypal.loopback import Answer, Loopback

PRICE = Money.of("59.95", "USD")
USD = {"currency_code": "USD", "value": "59.95"}
APPROVE = {"rel": "payer-action", "href": "https://www.paypal.com/checkoutnow?token=5O1", "method": "GET"}
CREATED = {"id": "5O1", "status": "PAYER_ACTION_REQUIRED", "links": [{"rel": "self", "href": "x"}, APPROVE]}
CAPTURE: dict[str, Any] = {"id": "3C6", "status": "COMPLETED", "amount": USD, "custom_id": "pay-1", "invoice_id": "I-1"}
ORDER = {
    "id": "5O1",
    "status": "COMPLETED",
    "payer": {"payer_id": "QYR5Z8XDVJNXQ", "email_address": "payer@example.com"},
    "purchase_units": [
        {
            "reference_id": "pay-1",
            "custom_id": "pay-1",
            "invoice_id": "I-1",
            "amount": USD,
            "payments": {"captures": [CAPTURE]},
        }
    ],
}
REFUND = {"id": "1R7", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "10.00"}}
PAYOUT_ITEM: dict[str, Any] = {
    "payout_item_id": "8A",
    "payout_batch_id": "5B",
    "transaction_id": "0T",
    "transaction_status": "UNCLAIMED",
    "payout_item_fee": {"currency": "USD", "value": "0.25"},
    "payout_item": {
        "amount": {"currency": "USD", "value": "17.99"},
        "receiver": "alice@example.com",
        "sender_item_id": "line-1",
    },
    "errors": {"name": "RECEIVER_UNREGISTERED", "message": "alice@example.com is unknown", "debug_id": "d"},
}
HEADER = {
    "payout_batch_id": "5B",
    "batch_status": "PENDING",
    "sender_batch_header": {"sender_batch_id": "aff-1"},
}
LINE = PayoutLine("line-1", "alice@example.com", Money.of("17.99", "USD"), "Thank you")


def create(paypal: Gateway, **changes: Any) -> Any:
    order: dict[str, Any] = {
        "request_id": "ord-1",
        "reference_id": "pay-1",
        "invoice_id": "I-1",
        "description": "BPS Pro",
        "total": PRICE,
        "items": [OrderItem("BPS Pro", PRICE, sku="bps-pro")],
        "return_url": "https://example.com/checkout/return/",
        "cancel_url": "https://example.com/checkout/bps-pro/",
    }
    return paypal.create_order(**order | changes)


def sent(loopback: Loopback) -> Any:
    return json.loads(loopback.seen[-1].body)


def refuse(status: int, *issues: str, **envelope: Any) -> Answer:
    details = [{"issue": issue, "description": "payer@example.com did something"} for issue in issues]
    body = {"name": "UNPROCESSABLE_ENTITY", "message": "About payer@example.com", "details": details, **envelope}
    return Answer(status, body, {"PayPal-Debug-Id": "d4b1"})
