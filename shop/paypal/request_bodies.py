"""Request bodies within PayPal's limits, from the OpenAPI files.

Texts are truncated to fit; an identifier that doesn't fit is a bug and raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from privacy.encryption.email_addresses import validate_address
from privacy.encryption.normalization import envelope_address
from shop.money import Money
from shop.paypal.errors import Invalid
from shop.paypal.types import OrderItem, PayoutLine

TEXT = 127  # description, brand name, item name and sku; also custom_id and invoice_id
REQUEST_ID = 108
REFUND_NOTE = 255
BATCH_ID = 256
ITEM_ID = 63
RECEIVER = 127
PAYOUT_NOTE = 4000
PAYOUT_SUBJECT = 255
BATCH_LINES = 500

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")


def shortened(text: str, limit: int) -> str:
    """One line of at most `limit` UTF-8 bytes: PayPal counts non-ASCII characters as more than one."""
    line = _BLANKS.sub(" ", text).strip()
    if len(line.encode()) <= limit:
        return line
    return line.encode()[: limit - 3].decode(errors="ignore").rstrip() + "…"


def identifier(value: str, limit: int) -> str:
    """The unchanged value: truncating a key could make two payments look like one."""
    if not 0 < len(value) <= limit:
        raise ValueError(f"PayPal takes an identifier of 1 to {limit} characters here.")
    return value


def order_body(
    *,
    brand_name: str,
    reference_id: str,
    invoice_id: str,
    description: str,
    total: Money,
    items: Sequence[OrderItem],
    return_url: str,
    cancel_url: str,
) -> dict[str, Any]:
    """An order with intent CAPTURE and no shipping. `reference_id` becomes the capture's custom_id, too."""
    unit = {
        "reference_id": identifier(reference_id, TEXT),
        "custom_id": identifier(reference_id, TEXT),
        "invoice_id": identifier(invoice_id, TEXT),
        **_text("description", description, TEXT),
        "amount": v2_amount(total) | _breakdown(total, items),
        **({"items": [_item(item) for item in items]} if items else {}),
    }
    context = _experience(brand_name, return_url, cancel_url)
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": context}},
    }


def refund_body(*, amount: Money | None, note: str, custom_id: str = "") -> dict[str, Any]:
    """`{}` is a full refund."""
    body: dict[str, Any] = {} if amount is None else {"amount": v2_amount(amount)}
    if custom_id:
        body["custom_id"] = identifier(custom_id, TEXT)
    return body | _text("note_to_payer", note, REFUND_NOTE)


def payout_body(*, sender_batch_id: str, subject: str, items: Sequence[PayoutLine]) -> dict[str, Any]:
    """Invalid names the receivers that PayPal would reject: one of them would reject the whole batch."""
    if not 0 < len(items) <= BATCH_LINES or len({line.amount.currency for line in items}) != 1:
        raise ValueError(f"A batch has 1 to {BATCH_LINES} items in one currency.")
    if refused := tuple(
        f"items[{index}].receiver" for index, line in enumerate(items) if not is_payable(line.receiver_email)
    ):
        raise Invalid("Receivers are not addresses PayPal takes", issues=("RECEIVER_INVALID",), fields=refused)
    header = {"sender_batch_id": identifier(sender_batch_id, BATCH_ID)}
    return {
        "sender_batch_header": header | _text("email_subject", subject, PAYOUT_SUBJECT),
        "items": [_line(line) for line in items],
    }


def v2_amount(money: Money) -> dict[str, str]:
    return {"currency_code": money.currency, "value": f"{money.amount:f}"}


def _breakdown(total: Money, items: Sequence[OrderItem]) -> dict[str, Any]:
    if not items:
        return {}
    if total != sum((item.unit_amount.times(item.quantity) for item in items), Money(0, total.currency)):
        raise ValueError("The items do not add up to the total.")
    return {"breakdown": {"item_total": v2_amount(total)}}


def _item(item: OrderItem) -> dict[str, Any]:
    return {
        "name": shortened(item.name, TEXT),
        "quantity": str(item.quantity),
        "unit_amount": v2_amount(item.unit_amount),
        "category": "DIGITAL_GOODS",
        **_text("sku", item.sku, TEXT),
    }


def _experience(brand_name: str, return_url: str, cancel_url: str) -> dict[str, str]:
    return {
        "return_url": return_url,
        "cancel_url": cancel_url,
        **_text("brand_name", brand_name, TEXT),
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
    }


def is_payable(address: str) -> bool:
    """Whether PayPal accepts this address as a payout receiver.

    It is sent in ASCII form, so that PayPal's interpretation of an internationalized domain can't pay somebody else.
    For letters beyond ASCII before the @ there is no such form.
    """
    try:
        validate_address(address)
    except ValidationError:
        return False
    receiver = envelope_address(address)
    return receiver.isascii() and len(receiver) <= RECEIVER


def _line(line: PayoutLine) -> dict[str, Any]:
    """Payouts v1 call the key `currency`, not `currency_code`."""
    return {
        "recipient_type": "EMAIL",
        "receiver": envelope_address(line.receiver_email),
        "amount": {"currency": line.amount.currency, "value": f"{line.amount.amount:f}"},
        "sender_item_id": identifier(line.sender_item_id, ITEM_ID),
        **_text("note", line.note, PAYOUT_NOTE),
    }


def _text(key: str, text: str, limit: int) -> dict[str, str]:
    """Omits an empty text, which PayPal would reject."""
    line = shortened(text, limit)
    return {key: line} if line else {}
