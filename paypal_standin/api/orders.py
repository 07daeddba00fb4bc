"""Orders v2: create, show, approve, capture."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from paypal_standin import clock, ids
from paypal_standin.models import Capture, Order
from paypal_standin.webhooks import sending

from . import payments
from .errors import Json, malformed, not_found, unprocessable
from .idempotency import once
from .order_validation import check_order
from .responses import json_answer, link, read_json, wants_all
from .tokens import bearer_required

LIFETIME = timedelta(hours=3)
KEPT = timedelta(hours=6)
PENDING_FOR = timedelta(seconds=5)
UNIT_FIELDS = ("amount", "description", "custom_id", "invoice_id", "soft_descriptor", "items")

# outcome → (capture status, later status)
CAPTURES_AS: dict[str, tuple[str, str]] = {
    Order.Outcome.COMPLETED: (Capture.Status.COMPLETED, ""),
    Order.Outcome.PENDING: (Capture.Status.PENDING, ""),
    Order.Outcome.PENDING_COMPLETES: (Capture.Status.PENDING, Capture.Status.COMPLETED),
    Order.Outcome.PENDING_DENIED: (Capture.Status.PENDING, Capture.Status.DECLINED),
    Order.Outcome.REFUSED: (Capture.Status.DECLINED, ""),
}


@bearer_required
@once(kept=KEPT)
def create_order(request: HttpRequest) -> HttpResponse:
    """POST /v2/checkout/orders."""
    data = read_json(request)
    check_order(data)
    with_source = bool(data.get("payment_source"))
    if with_source and not request.headers.get("PayPal-Request-Id"):
        raise malformed("PAYPAL_REQUEST_ID_REQUIRED")
    now = clock.now()
    status = Order.Status.PAYER_ACTION_REQUIRED if with_source else Order.Status.CREATED
    order = Order.objects.create(
        id=ids.order_id(), request=data, status=status, created_at=now, updated_at=now, expires_at=now + LIFETIME
    )
    return json_answer(represent(order) if wants_all(request) else _minimal(order), 201)


@bearer_required
def show_order(request: HttpRequest, order_id: str) -> HttpResponse:
    """GET /v2/checkout/orders/{id}: 404 once it has expired."""
    return json_answer(represent(find(order_id)))


@bearer_required
@once(kept=KEPT)
def capture_order(request: HttpRequest, order_id: str) -> HttpResponse:
    """POST /v2/checkout/orders/{id}/capture: capture the order or explain why not."""
    read_json(request)
    order = find(order_id)
    _check_capturable(order)
    now = clock.now()
    for number, unit in enumerate(order.request["purchase_units"]):
        _capture_unit(order, number, unit, now)
    order.status, order.updated_at = Order.Status.COMPLETED, now
    order.save(update_fields=["status", "updated_at"])
    return json_answer(represent(order) if wants_all(request) else _captured_minimal(order), 201)


def find(order_id: str) -> Order:
    """The order, or 404 where it is unknown or was not paid in time."""
    order = Order.objects.filter(id=order_id).first()
    if order is None or (order.status != Order.Status.COMPLETED and order.expires_at <= clock.now()):
        raise not_found()
    return order


def approve(order: Order, *, outcome: str, payer: Json) -> None:
    """The payer has approved; the outcome is decided at capture."""
    order.status, order.outcome, order.payer = Order.Status.APPROVED, outcome, payer
    order.updated_at = clock.now()
    with transaction.atomic():
        order.save(update_fields=["status", "outcome", "payer", "updated_at"])
        sending.announce("CHECKOUT.ORDER.APPROVED", "checkout-order", represent(order), "An order has been approved")


def _check_capturable(order: Order) -> None:
    if order.status == Order.Status.COMPLETED:
        raise unprocessable("ORDER_ALREADY_CAPTURED")
    if order.status != Order.Status.APPROVED:
        raise unprocessable("ORDER_NOT_APPROVED")
    if order.outcome == Order.Outcome.CARD_DECLINED:
        raise unprocessable("INSTRUMENT_DECLINED", links=[link(f"/checkoutnow?token={order.id}", "redirect")])
    invoices = [unit["invoice_id"] for unit in order.request["purchase_units"] if unit.get("invoice_id")]
    used = Capture.objects.filter(invoice_id__in=invoices).exclude(status=Capture.Status.DECLINED)
    if used.exists() or len(set(invoices)) < len(invoices):
        raise unprocessable("DUPLICATE_INVOICE_ID")


def _capture_unit(order: Order, number: int, unit: Json, now: datetime) -> None:
    status, later = CAPTURES_AS[order.outcome]
    capture = Capture.objects.create(
        id=ids.transaction_id(),
        order=order,
        unit=number,
        amount=Decimal(unit["amount"]["value"]),
        currency=unit["amount"]["currency_code"],
        invoice_id=unit.get("invoice_id", ""),
        custom_id=unit.get("custom_id", ""),
        status=status,
        settles_as=later,
        settles_at=now + PENDING_FOR if later else None,
        created_at=now,
        updated_at=now,
    )
    payments.announce_capture(capture, f"PAYMENT.CAPTURE.{status}")


def represent(order: Order) -> Json:
    """The order in full."""
    units = [_unit(order, number, unit) for number, unit in enumerate(order.request["purchase_units"])]
    body: Json = {"id": order.id, "intent": "CAPTURE", "status": order.status, "purchase_units": units}
    body |= _payer(order) | {"create_time": clock.stamp(order.created_at)}
    return body | {"update_time": clock.stamp(order.updated_at), "links": _links(order)}


def _minimal(order: Order) -> Json:
    return {"id": order.id, "status": order.status} | _payer(order) | {"links": _links(order)}


def _captured_minimal(order: Order) -> Json:
    names = ("reference_id", "payments")
    units = [{name: unit[name] for name in names} for unit in represent(order)["purchase_units"]]
    return _minimal(order) | {"purchase_units": units}


def _unit(order: Order, number: int, unit: Json) -> Json:
    shown: Json = {"reference_id": unit.get("reference_id", "default")}
    shown |= {name: unit[name] for name in UNIT_FIELDS if unit.get(name) is not None}
    shown["payee"] = payments.PAYEE
    captures = list(order.captures.filter(unit=number))
    if captures:
        shown["payments"] = {"captures": [payments.represent_capture(capture) for capture in captures]}
        refunds = [refund for capture in captures for refund in capture.refunds.order_by("created_at")]
        if refunds:
            shown["payments"]["refunds"] = [payments.represent_refund(refund) for refund in refunds]
    return shown


def _payer(order: Order) -> Json:
    payer = order.payer
    if not payer:
        return {"payment_source": {"paypal": {}}} if order.request.get("payment_source") else {}
    name = {"given_name": payer["given_name"], "surname": payer["surname"]}
    known = {"email_address": payer["email"], "name": name, "address": {"country_code": "US"}}
    wallet = known | {"account_id": payer["id"], "account_status": "VERIFIED"}
    return {"payment_source": {"paypal": wallet}, "payer": known | {"payer_id": payer["id"]}}


def _links(order: Order) -> list[Json]:
    path = f"/v2/checkout/orders/{order.id}"
    links = [link(path, "self")]
    if order.status != Order.Status.COMPLETED:
        rel = "payer-action" if order.request.get("payment_source") else "approve"
        links.append(link(f"/checkoutnow?token={order.id}", rel))
    if order.status == Order.Status.APPROVED:
        links.append(link(f"{path}/capture", "capture", "POST"))
    return links
