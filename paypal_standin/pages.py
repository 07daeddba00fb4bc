"""The pages: where the payer decides, and an overview with PayPal's side of things."""

from decimal import Decimal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from . import clock, faults, ids
from .api import disputes, orders, payments
from .api.errors import ApiError, Json
from .api.order_validation import experience_context
from .api.payouts import MAGIC, settle_item
from .models import Batch, Capture, Delivery, Dispute, Fault, Order, Refund, Setting
from .money import fits, is_number
from .webhooks import sending

SHOWN = 30  # rows of each table
DEMO_PAYER = {"email": "payer@standin.example", "given_name": "Paula", "surname": "Payer"}
# The card's decline has a button of its own.
CHOICES = [choice for choice in Order.Outcome.choices if choice[0] != Order.Outcome.CARD_DECLINED]
# No `form-action`: browsers would apply it to the redirect back to the shop, too.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class SeeOther(HttpResponseRedirect):
    """303: whatever was posted, the next page is fetched with GET."""

    status_code = 303


def _page(request: HttpRequest, name: str, context: Json, status: int = 200) -> HttpResponse:
    response = render(request, f"standin/{name}.html", context, status=status)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def show_approval(request: HttpRequest) -> HttpResponse:
    """GET /checkoutnow?token=…: the amount and the payer's choices."""
    order = _wanted_order(request)
    return _approval(request, order, DEMO_PAYER, "") if order else _not_found_page(request)


def _approval(request: HttpRequest, order: Order, payer: Json, problem: str) -> HttpResponse:
    units = order.request["purchase_units"]
    total = sum(Decimal(unit["amount"]["value"]) for unit in units)
    context: Json = {"order": order, "units": units, "payer": payer, "problem": problem, "outcomes": CHOICES}
    context |= {"brand": experience_context(order.request).get("brand_name") or "the shop"}
    context |= {"amount": f"{total} {units[0]['amount']['currency_code']}", "paid": order.status == "COMPLETED"}
    context["back"] = _address(order, "return_url", {"token": order.id})
    return _page(request, "approve", context, 422 if problem else 200)


def decide(request: HttpRequest) -> HttpResponse:
    """POST /checkoutnow?token=…: `choice` is pay, decline or cancel; then back to the shop."""
    order = _wanted_order(request)
    if order is None:
        return _not_found_page(request)
    if request.POST.get("choice") == "cancel":
        return _redirect_or_thanks(request, _address(order, "cancel_url", {"token": order.id}))
    payer = {name: request.POST.get(name, value).strip() for name, value in DEMO_PAYER.items()}
    problem = _problem(request, payer)
    if problem or order.status == Order.Status.COMPLETED:
        return _approval(request, order, payer, problem)
    orders.approve(order, outcome=_outcome(request), payer=payer | {"id": ids.account_id(payer["email"])})
    if faults.take("webhook_before_return", request.path):
        sending.wait_until_tried("CHECKOUT.ORDER.APPROVED", order.id)
    wanted = {"token": order.id, "PayerID": ids.account_id(payer["email"])}
    return _redirect_or_thanks(request, _address(order, "return_url", wanted))


def _wanted_order(request: HttpRequest) -> Order | None:
    try:
        return orders.find(request.GET.get("token", ""))
    except ApiError:
        return None


def _problem(request: HttpRequest, payer: Json) -> str:
    try:
        validate_email(payer["email"])
    except ValidationError:
        return "Please enter an email address such as payer@standin.example."
    if not payer["given_name"] or not payer["surname"] or max(map(len, payer.values())) > 140:
        return "Please enter a first and a last name of at most 140 characters."
    if request.POST.get("choice") not in ("pay", "decline"):
        return "Please press one of the buttons."
    if request.POST.get("outcome", Order.Outcome.COMPLETED) not in dict(CHOICES):
        return "Please choose a payment outcome."
    return ""


def _outcome(request: HttpRequest) -> str:
    if request.POST["choice"] == "decline":
        return Order.Outcome.CARD_DECLINED
    return request.POST.get("outcome", Order.Outcome.COMPLETED)


def _address(order: Order, name: str, added: dict[str, str]) -> str:
    """The shop's address with our parameters after its own; empty where the shop gave none."""
    address = experience_context(order.request).get(name)
    if not address:
        return ""
    parts = urlsplit(address)
    return urlunsplit(
        parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added.items()]))
    )


def _redirect_or_thanks(request: HttpRequest, address: str) -> HttpResponse:
    return SeeOther(address) if address else _page(request, "thanks", {})


def _not_found_page(request: HttpRequest) -> HttpResponse:
    return _page(request, "gone", {}, 404)


def show_overview(request: HttpRequest) -> HttpResponse:
    """GET /: all objects, with buttons for actions of PayPal or the payer."""
    context: Json = {
        "orders": Order.objects.order_by("-created_at").prefetch_related("captures__disputes", "captures__refunds")[
            :SHOWN
        ],
        "batches": Batch.objects.order_by("-created_at").prefetch_related("items")[:SHOWN],
        "deliveries": Delivery.objects.order_by("-id")[:SHOWN],
        "faults": Fault.objects.filter(times__gt=0),
        "kinds": faults.KINDS,
        "magic": MAGIC,
        "outcomes": Dispute.Outcome.values,
        "webhook_url": Setting.read(sending.WEBHOOK_URL, ""),
        "now": clock.now(),
    }
    return _page(request, "overview", context)


@transaction.atomic
def act_on_capture(request: HttpRequest, capture_id: str, action: str) -> HttpResponse:
    """POST /standin/captures/{id}/{complete|deny|dispute|appeal|resolve|refund|reverse|again}."""
    capture = payments.find_capture(capture_id)
    if action == "complete":
        payments.settle(capture, Capture.Status.COMPLETED)
    elif action == "deny":
        payments.settle(capture, Capture.Status.DECLINED)
    elif action == "dispute":
        disputes.open_dispute(capture)
    elif action == "appeal":
        _appeal(capture)
    elif action == "reverse":
        _refund(capture, request.POST.get("amount", ""), "PAYMENT.CAPTURE.REVERSED")
    elif action == "again":
        payments.capture_again(capture)
    elif action == "resolve":
        _resolve(capture, request.POST.get("outcome", Dispute.Outcome.SELLER))
    else:
        _refund(capture, request.POST.get("amount", ""))
    return SeeOther("/")


def _resolve(capture: Capture, outcome: str) -> None:
    dispute = capture.disputes.filter(outcome="").first()
    if dispute and outcome in Dispute.Outcome.values:
        disputes.resolve(dispute, outcome)


def _appeal(capture: Capture) -> None:
    dispute = capture.disputes.order_by("-created_at").first()
    if dispute:
        disputes.reopen(dispute)


def _refund(capture: Capture, given: str, event: str = "PAYMENT.CAPTURE.REFUNDED") -> None:
    """Refund the amount, or the remainder if none is given; nothing if it is too much."""
    left = capture.remaining()
    fine = is_number(given) and fits(given, capture.currency)
    amount = left if not given else Decimal(given) if fine else Decimal(0)
    if capture.status in payments.REFUNDABLE and 0 < amount <= left:
        payments.create_refund(capture, amount, event=event)


@transaction.atomic
def act_on_refund(request: HttpRequest, refund_id: str, action: str) -> HttpResponse:
    """POST /standin/refunds/{id}/{complete|fail}: end a pending refund, or let a completed one fail late."""
    refund = Refund.objects.filter(id=refund_id).first()
    if refund is None:
        return _not_found_page(request)
    payments.settle_refund(refund, Refund.Status.COMPLETED if action == "complete" else Refund.Status.FAILED)
    return SeeOther("/")


def act_on_item(request: HttpRequest, item_id: str) -> HttpResponse:
    """POST /standin/items/{id}: an action of the receiver or PayPal on a payout item."""
    settle_item(item_id, request.POST.get("choice", ""))
    return SeeOther("/#payouts")


def inject_fault(request: HttpRequest) -> HttpResponse:
    """POST /standin/mishap: inject a fault from the overview's form; without a kind, clear all."""
    kind = request.POST.get("kind", "")
    if kind in faults.KINDS:
        Fault.objects.create(kind=kind, path_contains=request.POST.get("path_contains", "").strip()[:200], seconds=5)
    elif not kind:
        Fault.objects.all().delete()
    return SeeOther("/#mishaps")


def resend_webhook(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """POST /standin/webhooks/{id}/resend."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        return _not_found_page(request)
    sending.resend(delivery)
    return SeeOther("/")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Any other path: PayPal's envelope below /v1/ and /v2/, a page elsewhere."""
    if request.path.startswith(("/v1/", "/v2/")):
        from .middleware import refuse

        return refuse(request, ApiError(404, "RESOURCE_NOT_FOUND"))
    return _not_found_page(request)
