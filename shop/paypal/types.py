"""The gateway's parameters and results: plain values, no SDK objects or database rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shop.money import Money


class Status(StrEnum):
    """PayPal's own values, so that they can be stored unchanged."""

    @classmethod
    def _missing_(cls, value: object) -> Status:
        # PayPal adds states without notice; an unknown one must not break webhooks or the reconciliation.
        return cls("UNKNOWN")


class OrderStatus(Status):
    CREATED = "CREATED"
    SAVED = "SAVED"
    APPROVED = "APPROVED"
    VOIDED = "VOIDED"
    COMPLETED = "COMPLETED"  # all captures are made, which does not say that they succeeded
    PAYER_ACTION_REQUIRED = "PAYER_ACTION_REQUIRED"
    UNKNOWN = "UNKNOWN"


class CaptureStatus(Status):
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    PENDING = "PENDING"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class RefundStatus(Status):
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    UNKNOWN = "UNKNOWN"


class DisputeStatus(Status):
    OPEN = "OPEN"
    WAITING_FOR_BUYER_RESPONSE = "WAITING_FOR_BUYER_RESPONSE"
    WAITING_FOR_SELLER_RESPONSE = "WAITING_FOR_SELLER_RESPONSE"
    UNDER_REVIEW = "UNDER_REVIEW"
    RESOLVED = "RESOLVED"
    OTHER = "OTHER"

    @classmethod
    def _missing_(cls, value: object) -> Status:
        return cls.OTHER  # PayPal's own word for what is none of the others; such a dispute is open


class DisputeOutcome(Status):
    RESOLVED_BUYER_FAVOUR = "RESOLVED_BUYER_FAVOUR"
    RESOLVED_SELLER_FAVOUR = "RESOLVED_SELLER_FAVOUR"
    RESOLVED_WITH_PAYOUT = "RESOLVED_WITH_PAYOUT"
    CANCELED_BY_BUYER = "CANCELED_BY_BUYER"
    ACCEPTED = "ACCEPTED"
    DENIED = "DENIED"
    NONE = "NONE"

    @classmethod
    def _missing_(cls, value: object) -> Status:
        return cls.NONE


class PayoutStatus(Status):
    """A batch's status. SUCCESS means that it was processed, not that everyone was paid."""

    DENIED = "DENIED"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"


class PayoutItemStatus(Status):
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    PENDING = "PENDING"
    UNCLAIMED = "UNCLAIMED"
    RETURNED = "RETURNED"
    ONHOLD = "ONHOLD"
    BLOCKED = "BLOCKED"
    REFUNDED = "REFUNDED"
    REVERSED = "REVERSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class OrderItem:
    """A digital product, sold `quantity` times at `unit_amount` each."""

    name: str
    unit_amount: Money
    quantity: int = 1
    sku: str = ""


@dataclass(frozen=True, slots=True)
class CreatedOrder:
    id: str
    approve_url: str


@dataclass(frozen=True, slots=True)
class CaptureState:
    """`refunded` is the total refunded so far; None for a partial refund of unknown amount."""

    id: str
    status: CaptureStatus
    amount: Money
    custom_id: str | None
    invoice_id: str | None
    status_reason: str | None
    order_id: str | None
    refunded: Money | None


@dataclass(frozen=True, slots=True)
class RefundState:
    """`amount` is this refund alone, never the total. `custom_id` is ours, or the capture's if none was given."""

    id: str
    status: RefundStatus
    amount: Money
    capture_id: str | None
    status_reason: str | None = None
    custom_id: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisputeState:
    """`refunded` is the amount the outcome gave the buyer, if known; `capture_ids` are the disputed captures."""

    id: str
    status: DisputeStatus
    reason: str
    outcome: DisputeOutcome | None
    amount: Money
    refunded: Money | None
    capture_ids: tuple[str, ...]
    opened_at: datetime
    changed_at: datetime
    respond_by: datetime | None


@dataclass(frozen=True, slots=True)
class OrderState:
    """`payer_email` is personal data: never store it unsealed. `approve_url` is set while the payer has to act."""

    id: str
    status: OrderStatus
    reference_id: str | None
    custom_id: str | None
    invoice_id: str | None
    total: Money
    captures: tuple[CaptureState, ...]
    payer_id: str | None
    payer_email: str | None
    approve_url: str | None
    refunds: tuple[RefundState, ...] = ()


@dataclass(frozen=True, slots=True)
class PayoutLine:
    sender_item_id: str
    receiver_email: str
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True)
class PayoutState:
    batch_id: str
    status: PayoutStatus
    sender_batch_id: str | None


@dataclass(frozen=True, slots=True)
class PayoutItemState:
    """`error` is PayPal's code of why it failed, such as RECEIVER_UNREGISTERED."""

    id: str
    batch_id: str
    sender_item_id: str | None
    status: PayoutItemStatus
    amount: Money
    fee: Money | None
    transaction_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """Pages count from 1; `total_pages` is at least 1."""

    batch_id: str
    sender_batch_id: str | None
    status: PayoutStatus
    items: tuple[PayoutItemState, ...]
    total_pages: int


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A message that PayPal signed. Use it as a trigger: `resource` may be old news, so GET the thing it names."""

    id: str
    event_type: str
    resource_type: str
    resource: dict[str, Any]
    created_at: datetime | None
