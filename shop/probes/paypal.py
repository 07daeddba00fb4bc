"""PayPal's side: actions on a payment, and webhook events delivered once, twice or late."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from privacy.evidence.rehearsal.rehearsal import Rehearsal, send_to_paypal

BROUGHT = "the last delivered webhook event"


def act_on_payment(capture_id: str, action: str, **fields: str) -> None:
    """An action of PayPal or the buyer's bank: `dispute`, `resolve`, `refund`, `reverse`, `complete`, `deny`."""
    send_to_paypal("POST", f"/standin/captures/{capture_id}/{action}", fields)


def events_since(number: int) -> list[dict[str, Any]]:
    """Events signed by the stand-in: `id`, `headers` and `body`."""
    _, _, content = send_to_paypal("GET", f"/standin/transmissions?after={number}")
    return list(json.loads(content)["transmissions"])


def deliver_events(rehearsal: Rehearsal, *, times: int = 1) -> int:
    """Delivers all events since the last call, each `times` times. Returns the number of events."""
    found = events_since(rehearsal.things.get(BROUGHT, 0))
    for message in found * times:
        rehearsal.expect(deliver(rehearsal, message) == 200, "the site takes PayPal's message")
    rehearsal.things[BROUGHT] = max((one["id"] for one in found), default=rehearsal.things.get(BROUGHT, 0))
    rehearsal.work()
    return len(found)


def deliver(rehearsal: Rehearsal, message: dict[str, Any]) -> int:
    """Posts the event as PayPal does. Returns the response status."""
    paypal = rehearsal.browser("PayPal")
    headers = {name: value for name, value in message["headers"].items() if name.lower().startswith("paypal-")}
    address = urljoin(paypal.base, "/paypal/webhook/")
    paypal.send("post", address, data=message["body"].encode(), content_type="application/json", headers=headers)
    return paypal.status
