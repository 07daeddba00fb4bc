"""PayPal's messages, handed to the site as PayPal would send them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.paypal_standin.receiver import Hook, Receiver
from tests.standin_process import Standin

WEBHOOK = "/paypal/webhook/"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    listening = Receiver()
    yield listening
    listening.close()


@pytest.fixture
def told(paypal: Standin, receiver: Receiver) -> Receiver:
    """Where the stand-in sends its messages; a test hands them to the site, in the order it likes."""
    paypal.send_webhooks_to(receiver.url)
    return receiver


def deliver(hook: Hook, raw: bytes | None = None, changed: dict[str, str] | None = None, **options: Any) -> int:
    """Sends the event as PayPal does, with the test's changes. Returns the response status."""
    headers = {name: value for name, value in hook.headers.items() if name.lower().startswith("paypal-")}
    body = hook.raw if raw is None else raw
    given = {**headers, **(changed or {})}
    sent = {name: value for name, value in given.items() if value}
    return Client().post(WEBHOOK, body, content_type="application/json", headers=sent, **options).status_code
