"""The required webhook events and app permissions. `docs/paypal.md` lists the same events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CAPTURE_EVENTS = ("COMPLETED", "PENDING", "DECLINED", "DENIED", "REFUNDED", "REVERSED")
PAYOUT_ITEM_EVENTS = (
    *("SUCCEEDED", "UNCLAIMED", "RETURNED", "HELD", "BLOCKED"),
    *("FAILED", "REFUNDED", "CANCELED", "DENIED"),
)
EVENTS = (
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    *(f"PAYMENT.CAPTURE.{end}" for end in CAPTURE_EVENTS),
    *(f"PAYMENT.REFUND.{end}" for end in ("PENDING", "FAILED")),
    *(f"CUSTOMER.DISPUTE.{end}" for end in ("CREATED", "UPDATED", "RESOLVED")),
    *(f"PAYMENT.PAYOUTSBATCH.{end}" for end in ("PROCESSING", "SUCCESS", "DENIED")),
    *(f"PAYMENT.PAYOUTS-ITEM.{end}" for end in PAYOUT_ITEM_EVENTS),
)
EVERYTHING = "*"

# Permissions of the PayPal app, by the name of the switch in the developer dashboard.
PERMISSIONS = {
    "Payouts": "https://uri.paypal.com/payments/payouts",
    "Customer disputes": "https://uri.paypal.com/services/disputes/read-seller",
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook as PayPal has it."""

    url: str
    events: frozenset[str]

    @classmethod
    def read(cls, answer: dict[str, Any]) -> Subscription:
        return cls(url=answer["url"], events=frozenset(event["name"] for event in answer["event_types"]))

    @property
    def missing_events(self) -> list[str]:
        """In the order of `EVENTS`."""
        return [] if EVERYTHING in self.events else [event for event in EVENTS if event not in self.events]
