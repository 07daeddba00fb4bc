"""Payments v2: captures, pending captures and refunds."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from paypal_standin import clock, faults, ids
from paypal_standin.models import Capture, Dispute, Refund
from paypal_standin.money import dump, fee
from paypal_standin.webhooks import sending

from .errors import Json, malformed, not_found, unprocessable
from .idempotency import once
from .order_validation import check_money
from .responses import json_answer, link, read_json, wants_all
from .tokens import bearer_required

KEPT = timedelta(days=45)
REFUNDABLE_FOR = timedelta(days=180)
PAYEE = {"email_address": "shop@standin.example", "merchant_id": "STANDNSHAPPQR"}
REFUND_LENGTHS = {"custom_id": 127, "invoice_id": 127, "note_to_payer": 255}
REFUNDABLE = (Capture.Status.COMPLETED, Capture.Status.PARTIALLY_REFUNDED)


@bearer_required
def show_capture(request: HttpRequest, capture_id: str) -> HttpResponse:
    """GET /v2/payments/captures/{id}."""
    return json_answer(represent_capture(find_capture(capture_id)))


@bearer_required
def show_refund(request: HttpRequest, refund_id: str) -> HttpResponse:
    """GET /v2/payments/refunds/{id}."""
    refund = Refund.objects.filter(id=refund_id).first()
    if refund is None:
        raise not_found()
    return json_answer(represent_refund(refund))


@bearer_required
@once(kept=KEPT)
def refund_capture(request: HttpRequest, capture_id: str) -> HttpResponse:
    """POST /v2/payments/captures/{id}/refund: `{}` refunds the remainder."""
    data = read_json(request)
    _check_lengths(data)
    capture = find_capture(capture_id)
    _check_refundable(capture)
    refund = create_refund(
        capture, _wanted(capture, data), {name: data[name] for name in REFUND_LENGTHS if name in data}
    )
    shown = represent_refund(refund)
    minimal = {name: shown[name] for name in ("id", "status", "links")}
    return json_answer(shown if wants_all(request) else minimal, 201)


def find_capture(capture_id: str) -> Capture:
    """The capture, or 404."""
    capture = Capture.objects.filter(id=capture_id).first()
    if capture is None:
        raise not_found()
    return capture


def create_refund(
    capture: Capture,
    amount: Decimal,
    request: Json | None = None,
    event: str = "PAYMENT.CAPTURE.REFUNDED",
    dispute: Dispute | None = None,
) -> Refund:
    """Refund the amount, which the caller has validated, and notify the shop."""
    waits = faults.take("refund_pending", f"/v2/payments/captures/{capture.id}/refund") is not None
    now = clock.now()
    refund = Refund.objects.create(
        id=ids.transaction_id(),
        capture=capture,
        dispute=dispute,
        amount=amount,
        total=capture.refunded() + amount,
        request=request or {},
        status=Refund.Status.PENDING if waits else Refund.Status.COMPLETED,
        created_at=now,
        updated_at=now,
    )
    _follow_refunds(capture)
    _announce_refund(refund, "PAYMENT.REFUND.PENDING" if waits else event)
    return refund


def settle_refund(refund: Refund, status: str) -> None:
    """End a pending refund: COMPLETED, or FAILED, which leaves the money with the shop. A completed one fails late."""
    failed = status == Refund.Status.FAILED
    open_to = (Refund.Status.PENDING, Refund.Status.COMPLETED) if failed else (Refund.Status.PENDING,)
    if Refund.objects.filter(pk=refund.pk, status__in=open_to).update(status=status, updated_at=clock.now()):
        refund.refresh_from_db()
        _follow_refunds(refund.capture)
        _announce_refund(refund, "PAYMENT.REFUND.FAILED" if failed else "PAYMENT.CAPTURE.REFUNDED")


def cancel_reversal(refund: Refund) -> None:
    """Cancel a reversal after the shop won the dispute."""
    Refund.objects.filter(pk=refund.pk).update(status=Refund.Status.CANCELLED, updated_at=clock.now())
    _follow_refunds(refund.capture)


def _follow_refunds(capture: Capture) -> None:
    """Update the capture's status from its refunds."""
    refunded = capture.refunded()
    if refunded >= capture.amount:
        capture.status = Capture.Status.REFUNDED
    else:
        capture.status = Capture.Status.PARTIALLY_REFUNDED if refunded else Capture.Status.COMPLETED
    capture.updated_at = clock.now()
    capture.save(update_fields=["status", "updated_at"])


def _announce_refund(refund: Refund, event: str) -> None:
    summary = f"A refund of {refund.amount} {refund.capture.currency} is {refund.status.lower()}"
    sending.announce(event, "refund", represent_refund(refund), summary)


def capture_again(capture: Capture) -> None:
    """Capture the same order a second time, as has happened to shops, and notify the shop."""
    now = clock.now()
    capture.pk, capture.status, capture.created_at, capture.updated_at = ids.transaction_id(), "COMPLETED", now, now
    capture.save(force_insert=True)
    announce_capture(capture, "PAYMENT.CAPTURE.COMPLETED")


def settle(capture: Capture, status: str) -> None:
    """End a pending capture: COMPLETED, or DECLINED, which the webhook calls DENIED."""
    changed = Capture.objects.filter(pk=capture.pk, status=Capture.Status.PENDING).update(
        status=status, updated_at=clock.now(), settles_at=None
    )
    if changed:
        capture.refresh_from_db()
        event = "COMPLETED" if status == Capture.Status.COMPLETED else "DENIED"
        announce_capture(capture, f"PAYMENT.CAPTURE.{event}")


def settle_due() -> None:
    """Complete or decline pending captures that are due."""
    for capture in Capture.objects.filter(status=Capture.Status.PENDING, settles_at__lte=clock.now()):
        with transaction.atomic():
            settle(capture, capture.settles_as)


def announce_capture(capture: Capture, event: str) -> None:
    """Send the event with the capture as its resource."""
    summary = f"Payment {event.rpartition('.')[2].lower()} for {capture.amount} {capture.currency}"
    sending.announce(event, "capture", represent_capture(capture), summary)


def _check_lengths(data: Json) -> None:
    for name, longest in REFUND_LENGTHS.items():
        value = data.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= longest):
            raise malformed("INVALID_STRING_LENGTH", f"/{name}", value)


def _check_refundable(capture: Capture) -> None:
    if capture.status == Capture.Status.PENDING:
        raise unprocessable("PENDING_CAPTURE")
    if capture.status == Capture.Status.REFUNDED:
        raise unprocessable("CAPTURE_FULLY_REFUNDED")
    if capture.status not in REFUNDABLE:
        raise unprocessable("REFUND_NOT_ALLOWED")
    if capture.created_at + REFUNDABLE_FOR <= clock.now():
        raise unprocessable("REFUND_TIME_LIMIT_EXCEEDED")


def _wanted(capture: Capture, data: Json) -> Decimal:
    if data.get("amount") is None:
        return capture.remaining()
    amount = check_money(data["amount"], "/amount")
    if amount <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", "/amount/value", data["amount"]["value"])
    if data["amount"]["currency_code"] != capture.currency:
        raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH", "/amount/currency_code")
    if amount > capture.remaining():
        raise unprocessable("REFUND_AMOUNT_EXCEEDED", "/amount/value", data["amount"]["value"])
    if amount < capture.remaining() and capture.disputes.filter(outcome="").exists():
        raise unprocessable("TRANSACTION_DISPUTED")
    return amount


def represent_capture(capture: Capture) -> Json:
    """The capture in full."""
    body: Json = {"id": capture.id, "status": capture.status}
    if capture.status == Capture.Status.PENDING:
        body["status_details"] = {"reason": "PENDING_REVIEW"}
    body |= {"amount": dump(capture.amount, capture.currency), "final_capture": True, "payee": PAYEE}
    body |= {name: value for name in ("invoice_id", "custom_id") if (value := getattr(capture, name))}
    if capture.status in (*REFUNDABLE, Capture.Status.REFUNDED):
        body |= _received(capture)
    body["supplementary_data"] = {"related_ids": {"order_id": capture.order_id}}
    body |= {"create_time": clock.stamp(capture.created_at), "update_time": clock.stamp(capture.updated_at)}
    return body | {"links": _capture_links(capture)}


def _received(capture: Capture) -> Json:
    cost = fee(capture.amount)
    parts = {"gross_amount": capture.amount, "paypal_fee": cost, "net_amount": capture.amount - cost}
    covered = ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]
    return {
        "seller_protection": {"status": "ELIGIBLE", "dispute_categories": covered},
        "seller_receivable_breakdown": {name: dump(part, capture.currency) for name, part in parts.items()},
    }


def _capture_links(capture: Capture) -> list[Json]:
    path = f"/v2/payments/captures/{capture.id}"
    up = link(f"/v2/checkout/orders/{capture.order_id}", "up")
    return [link(path, "self"), link(f"{path}/refund", "refund", "POST"), up]


def represent_refund(refund: Refund) -> Json:
    """The refund in full; `total_refunded_amount` is cumulative, `amount` is this one alone."""
    capture = refund.capture
    parts = {"gross_amount": refund.amount, "paypal_fee": Decimal(0), "net_amount": refund.amount}
    parts["total_refunded_amount"] = refund.total
    body: Json = {"id": refund.id, "status": refund.status, "amount": dump(refund.amount, capture.currency)}
    if refund.status == Refund.Status.PENDING:
        body["status_details"] = {"reason": "ECHECK"}
    body |= {name: value for name in ("invoice_id", "custom_id") if (value := getattr(capture, name))}
    body |= refund.request
    body["seller_payable_breakdown"] = {name: dump(part, capture.currency) for name, part in parts.items()}
    links = [link(f"/v2/payments/refunds/{refund.id}", "self"), link(f"/v2/payments/captures/{capture.id}", "up")]
    body |= {"create_time": clock.stamp(refund.created_at), "update_time": clock.stamp(refund.updated_at)}
    return body | {"links": links}
