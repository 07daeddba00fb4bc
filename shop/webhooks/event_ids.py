"""Extracts the PayPal ids that a webhook event is about. They are validated, because they are used in queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shop.paypal.types import WebhookEvent

_NUMBER = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_CAPTURE = re.compile(r"/payments/captures/([A-Za-z0-9-]{1,64})/?$")


@dataclass(frozen=True, slots=True)
class EventIds:
    """Empty if the event doesn't say. `resource` is the id of the refund, capture, order, dispute or payout."""

    resource: str
    order: str
    capture: str


def extract_ids(event: WebhookEvent) -> EventIds:
    found = event.resource
    resource = _first(
        found.get("id"),
        found.get("dispute_id"),
        found.get("payout_item_id"),
        _inside(found, "batch_header", "payout_batch_id"),
    )
    return EventIds(
        resource=resource,
        order=_first(_inside(found, "supplementary_data", "related_ids", "order_id"), found.get("order_id")),
        capture=_capture(event, resource),
    )


def _capture(event: WebhookEvent, resource: str) -> str:
    """A refund's parent, a dispute's transaction, or the resource itself."""
    if event.event_type.startswith("CUSTOMER.DISPUTE."):
        disputed = event.resource.get("disputed_transactions")
        first = disputed[0] if isinstance(disputed, list) and disputed else None
        return _first(_inside(first, "seller_transaction_id"))
    if parent := _parent(event.resource.get("links")):
        return parent
    return resource if event.event_type.startswith("PAYMENT.CAPTURE.") else ""


def _parent(links: Any) -> str:
    for link in links if isinstance(links, list) else ():
        found = _CAPTURE.search(str(_inside(link, "href") or ""))
        if found and _inside(link, "rel") == "up":
            return found[1]
    return ""


def _first(*values: Any) -> str:
    return next((value for value in values if isinstance(value, str) and _NUMBER.fullmatch(value)), "")


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
