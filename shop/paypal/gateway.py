"""The PayPal gateway: one method per operation, with plain values in and out.

Every method raises the errors of `shop.paypal.errors`. `Transient` means that the outcome is unknown: retry with the
*same* key, or look it up. Keys (`request_id`, `sender_batch_id`) are stored by the caller before they are used here;
PayPal remembers those of orders for 6 hours, of payments for 45 days and of payouts for 30 days.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.views.decorators.debug import sensitive_variables

from shop.money import Money
from shop.paypal.client import PayPalClient
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import Expired, Transient
from shop.paypal.subscription import Subscription
from shop.paypal.types import (
    CaptureState,
    CreatedOrder,
    DisputeState,
    DisputeStatus,
    OrderItem,
    OrderState,
    PayoutItemState,
    PayoutLine,
    PayoutPage,
    PayoutState,
    RefundState,
    WebhookEvent,
)

from . import request_bodies, responses
from .webhook_verification import WebhookVerifier

PAGE_SIZE = 100  # payout items a page

T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Gateway:
    """Ask `gateway()` for it. Threads share one."""

    def __init__(self, config: PayPalConfig) -> None:
        self.config = config
        self.client = PayPalClient(config)
        self._webhooks = WebhookVerifier(config, self.client)

    def create_order(
        self,
        *,
        request_id: str,
        reference_id: str,
        invoice_id: str,
        description: str,
        total: Money,
        return_url: str,
        cancel_url: str,
        items: Sequence[OrderItem] = (),
    ) -> CreatedOrder:
        """Store the id before redirecting to `approve_url`. Conflict: the invoice id is already paid."""
        body = request_bodies.order_body(
            brand_name=self.config.brand_name,
            reference_id=reference_id,
            invoice_id=invoice_id,
            description=description,
            total=total,
            items=items,
            return_url=return_url,
            cancel_url=cancel_url,
        )
        answer = self.client.post("/v2/checkout/orders", body, _keyed(request_id))
        return _read(responses.created_order, answer)

    def get_order(self, order_id: str) -> OrderState:
        """Raises Expired for an unpaid order after about three hours, and for an unknown id."""
        return _read(responses.order_state, self.client.get(f"/v2/checkout/orders/{_id(order_id)}"))

    def capture_order(self, *, order_id: str, request_id: str) -> OrderState:
        """A COMPLETED order may contain a DECLINED capture: check the capture's status and amount."""
        answer = self.client.post(f"/v2/checkout/orders/{_id(order_id)}/capture", {}, _keyed(request_id))
        return _read(responses.order_state, answer)

    def get_capture(self, capture_id: str) -> CaptureState:
        return _read(responses.capture_state, self.client.get(f"/v2/payments/captures/{_id(capture_id)}"))

    def refund_capture(
        self, *, capture_id: str, request_id: str, amount: Money | None = None, note: str = "", custom_id: str = ""
    ) -> RefundState:
        """`amount=None` refunds the remainder. Invalid carries PayPal's codes, such as CAPTURE_FULLY_REFUNDED.

        PayPal returns `custom_id` with the refund, which identifies it if this response is lost.
        """
        path = f"/v2/payments/captures/{_id(capture_id)}/refund"
        body = request_bodies.refund_body(amount=amount, note=note, custom_id=custom_id)
        answer = self.client.post(path, body, _keyed(request_id))
        return _read(lambda found: responses.refund_state(found, capture_id=capture_id), answer)

    def get_refund(self, refund_id: str) -> RefundState:
        return _read(responses.refund_state, self.client.get(f"/v2/payments/refunds/{_id(refund_id)}"))

    @sensitive_variables()
    def get_dispute(self, dispute_id: str) -> DisputeState:
        """Reads documented fields only: PayPal's OpenAPI files don't include disputes.

        https://developer.paypal.com/docs/api/customer-disputes/v1/#disputes_get
        """
        return _read(responses.dispute_state, self.client.get(f"/v1/customer/disputes/{_id(dispute_id)}"))

    @sensitive_variables()
    def list_disputes(self, capture_id: str) -> dict[str, tuple[DisputeStatus, datetime]]:
        """The disputes of one capture, the state of each and when it last changed.

        https://developer.paypal.com/docs/api/customer-disputes/v1/#disputes_list
        """
        query = f"disputed_transaction_id={_id(capture_id)}&page_size=50"
        return _read(responses.dispute_changes, self.client.get(f"/v1/customer/disputes?{query}"))

    @sensitive_variables()
    def create_payout(self, *, sender_batch_id: str, subject: str, items: Sequence[PayoutLine]) -> PayoutState:
        """At most 500 items in one currency. DuplicateBatch: it was sent before, possibly by a retry."""
        body = request_bodies.payout_body(sender_batch_id=sender_batch_id, subject=subject, items=items)
        # sender_batch_id makes it idempotent: PayPal ignores PayPal-Request-Id here.
        return _read(responses.payout_state, self.client.post("/v1/payments/payouts", body, repeatable=True))

    def get_payout(self, batch_id: str, page: int = 1) -> PayoutPage:
        query = f"page={page:d}&page_size={PAGE_SIZE}&total_required=true"
        return _read(responses.payout_page, self.client.get(f"/v1/payments/payouts/{_id(batch_id)}?{query}"))

    def get_payout_item(self, item_id: str) -> PayoutItemState:
        return _read(responses.payout_item_state, self.client.get(f"/v1/payments/payouts-item/{_id(item_id)}"))

    def cancel_payout_item(self, item_id: str) -> PayoutItemState:
        """Only an UNCLAIMED item can be canceled. PayPal expects no body and no key, so it is never retried."""
        answer = self.client.post(f"/v1/payments/payouts-item/{_id(item_id)}/cancel")
        return _read(responses.payout_item_state, answer)

    @sensitive_variables()
    def verify_webhook(self, headers: Mapping[str, str], raw: bytes) -> WebhookEvent:
        """The event in the raw body. WebhookRejected: not signed by PayPal; Transient: can't be verified now."""
        return self._webhooks.verify(headers, raw)

    def get_subscription(self) -> Subscription:
        """The configured webhook. Expired: this PayPal app has no webhook with that id."""
        answer = self.client.get(f"/v1/notifications/webhooks/{_id(self.config.webhook_id)}")
        return _read(Subscription.read, answer)

    def permissions(self) -> frozenset[str]:
        """The scopes of the access token."""
        return frozenset(str(self.client.get_token_hash().get("scope", "")).split())


def gateway() -> Gateway:
    """The gateway for the current settings; NotConfigured names missing ones."""
    return _gateway(PayPalConfig.from_settings())


@lru_cache(maxsize=4)
def _gateway(config: PayPalConfig) -> Gateway:
    return Gateway(config)


# A forked web worker must not share its parent's open connections.
os.register_at_fork(after_in_child=_gateway.cache_clear)


def _id(value: str) -> str:
    """Validates an id, which may come from a query string: a malformed one raises Expired without a request."""
    if not _ID.fullmatch(value):
        raise Expired
    return value


def _keyed(request_id: str) -> dict[str, str]:
    return {
        "PayPal-Request-Id": request_bodies.identifier(request_id, request_bodies.REQUEST_ID),
        "Prefer": "return=representation",
    }


def _read(parse: Callable[[dict[str, Any]], T], answer: dict[str, Any]) -> T:
    try:
        return parse(answer)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Transient("PayPal's answer is unreadable; the outcome is unknown") from None
