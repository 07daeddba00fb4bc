"""Parses PayPal's responses into values. Malformed ones raise LookupError, TypeError or ValueError."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shop.money import Money
from shop.paypal.types import (
    CaptureState,
    CaptureStatus,
    CreatedOrder,
    DisputeOutcome,
    DisputeState,
    DisputeStatus,
    OrderState,
    OrderStatus,
    PayoutItemState,
    PayoutItemStatus,
    PayoutPage,
    PayoutState,
    PayoutStatus,
    RefundState,
    RefundStatus,
)

Json = dict[str, Any]

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")
_LAST = re.compile(r"/([A-Za-z0-9-]+)/?$")


def created_order(answer: Json) -> CreatedOrder:
    approve_url = _approve_url(answer)
    if approve_url is None:
        raise ValueError("An order without an approve link.")
    return CreatedOrder(id=answer["id"], approve_url=approve_url)


def order_state(answer: Json) -> OrderState:
    unit = answer["purchase_units"][0]
    payer_id, payer_email = _payer(answer)
    payments = unit.get("payments", {})
    return OrderState(
        id=answer["id"],
        status=OrderStatus(answer["status"]),
        reference_id=unit.get("reference_id"),
        custom_id=unit.get("custom_id"),
        invoice_id=unit.get("invoice_id"),
        total=_money(unit["amount"]),
        captures=tuple(capture_state(capture, order_id=answer["id"]) for capture in payments.get("captures", [])),
        refunds=tuple(refund_state(refund) for refund in payments.get("refunds", [])),
        payer_id=payer_id,
        payer_email=payer_email,
        approve_url=_approve_url(answer),
    )


def capture_state(answer: Json, *, order_id: str | None = None) -> CaptureState:
    related = answer.get("supplementary_data", {}).get("related_ids", {})
    status = CaptureStatus(answer["status"])
    amount = _money(answer["amount"])
    return CaptureState(
        id=answer["id"],
        status=status,
        amount=amount,
        custom_id=answer.get("custom_id"),
        invoice_id=answer.get("invoice_id"),
        status_reason=_reason(answer),
        order_id=order_id or related.get("order_id") or _up(answer, "/checkout/orders/"),
        refunded=_refunded(status, amount),
    )


def refund_state(answer: Json, *, capture_id: str | None = None) -> RefundState:
    return RefundState(
        id=answer["id"],
        status=RefundStatus(answer["status"]),
        amount=_money(answer["amount"]),
        capture_id=_up(answer, "/payments/captures/") or capture_id,
        status_reason=_reason(answer),
        custom_id=answer.get("custom_id"),
        created_at=_time(answer["create_time"]) if answer.get("create_time") else None,
    )


def dispute_state(answer: Json) -> DisputeState:
    outcome = answer.get("dispute_outcome", {})
    refunded = outcome.get("amount_refunded")
    opened_at = _time(answer["create_time"])
    due = answer.get("seller_response_due_date")
    return DisputeState(
        id=answer["dispute_id"],
        status=DisputeStatus(answer["status"]),
        reason=code if _CODE.fullmatch(code := str(answer.get("reason", ""))) else "",
        outcome=DisputeOutcome(outcome.get("outcome_code")) if answer["status"] == "RESOLVED" else None,
        amount=_money(answer["dispute_amount"]),
        refunded=_money(refunded) if refunded else None,
        capture_ids=tuple(found["seller_transaction_id"] for found in answer["disputed_transactions"]),
        opened_at=opened_at,
        changed_at=_time(answer["update_time"]) if answer.get("update_time") else opened_at,
        respond_by=_time(due) if due else None,
    )


def dispute_changes(answer: Json) -> dict[str, tuple[DisputeStatus, datetime]]:
    return {
        found["dispute_id"]: (DisputeStatus(found["status"]), _time(found.get("update_time") or found["create_time"]))
        for found in answer.get("items", [])
    }


def payout_state(answer: Json) -> PayoutState:
    header = answer["batch_header"]
    return PayoutState(
        batch_id=header["payout_batch_id"],
        status=PayoutStatus(header["batch_status"]),
        sender_batch_id=header.get("sender_batch_header", {}).get("sender_batch_id"),
    )


def payout_page(answer: Json) -> PayoutPage:
    batch = payout_state(answer)
    return PayoutPage(
        batch_id=batch.batch_id,
        sender_batch_id=batch.sender_batch_id,
        status=batch.status,
        items=tuple(payout_item_state(item) for item in answer.get("items", [])),
        total_pages=max(1, int(answer.get("total_pages", 1))),
    )


def payout_item_state(answer: Json) -> PayoutItemState:
    line = answer["payout_item"]
    fee = answer.get("payout_item_fee")
    return PayoutItemState(
        id=answer["payout_item_id"],
        batch_id=answer["payout_batch_id"],
        sender_item_id=line.get("sender_item_id"),
        status=PayoutItemStatus(answer.get("transaction_status", "PENDING")),
        amount=_money(line["amount"]),
        fee=_money(fee) if fee else None,
        transaction_id=answer.get("transaction_id"),
        error=answer.get("errors", {}).get("name"),
    )


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _money(amount: Json) -> Money:
    """Accepts `currency_code` and `currency`. Amounts below the currency's minor unit are refused, never rounded."""
    currency = amount.get("currency_code") or amount["currency"]
    money = Money.of(amount["value"], currency)
    if money.amount != Decimal(amount["value"]):
        raise ValueError("An amount finer than its currency.")
    return money


def _refunded(status: CaptureStatus, amount: Money) -> Money | None:
    """A capture's status says only whether none, a part or all was refunded."""
    if status is CaptureStatus.PARTIALLY_REFUNDED:
        return None
    return amount if status is CaptureStatus.REFUNDED else Money(0, amount.currency)


def _payer(answer: Json) -> tuple[str | None, str | None]:
    wallet = answer.get("payment_source", {}).get("paypal", {})
    payer = answer.get("payer", {})
    return (
        payer.get("payer_id") or wallet.get("account_id"),
        payer.get("email_address") or wallet.get("email_address"),
    )


def _reason(answer: Json) -> str | None:
    reason: str | None = answer.get("status_details", {}).get("reason")
    return reason


def _approve_url(answer: Json) -> str | None:
    links = answer.get("links", [])
    return next((link["href"] for link in links if link.get("rel") in ("payer-action", "approve")), None)


def _up(answer: Json, kind: str) -> str | None:
    """The id at the end of the parent link, if the parent is of that kind."""
    for link in answer.get("links", []):
        if link.get("rel") == "up" and kind in link["href"] and (last := _LAST.search(link["href"])):
            return last[1]
    return None
