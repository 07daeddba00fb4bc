"""The buyer's order page: status, payment and downloads."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from privacy.web.client_address import client_address
from privacy.web.idempotency import repeatable
from privacy.web.rate_limits import network_of, seconds_left
from shop.delivery.byte_ranges import FilePart, UnsatisfiableRange, requested_range
from shop.delivery.downloads import DownloadRefused, download_link, open_download, resolve_download_link
from shop.delivery.release_notices import are_possible, has_opted_out, set_release_notices
from shop.discounts.places import hold_places, is_available
from shop.models import Order, Payment, Refund
from shop.models.delivery import License, ProductFile
from shop.payments.refund_requests import RefundOption, refund_option
from shop.payments.start import PaymentStarting, PaymentUnavailable, approve_url, start_payment

from .checkout_cookie import set_checkout_cookie
from .order_contents import contents_of
from .order_status import PAYABLE, OrderOutcome, outcome_of
from .paypal_csp import may_lead_to_paypal
from .private_pages import may_change, private_page

OUTRANKS = {
    RefundOption.DISPUTED: OrderOutcome.DISPUTED,
    RefundOption.REQUESTED: OrderOutcome.REFUND_REQUESTED,
}
STARTING_FOR = 30  # seconds for which a page waits for what another click is starting at PayPal
REFRESH_AFTER = {OrderOutcome.STARTING: 1, OrderOutcome.ASKING: 15}  # seconds; browsers keep no history of one second


@require_GET
@private_page
@may_lead_to_paypal
def order(request: HttpRequest, link_token: str) -> HttpResponse:
    """The order page, behind an unguessable link."""
    order = get_object_or_404(Order.objects.select_related("product"), link_index=link_token)
    payment = order.payments.first()
    came_back = "cancelled" in request.GET
    outcome = outcome_of(order=order, payment=payment, asking="asking" in request.GET, came_back=came_back)
    if outcome in PAYABLE and not is_available(order):
        outcome = OrderOutcome.DISCOUNT_ENDED
    if payment and outcome is OrderOutcome.WAITING and _is_starting(request):
        try:
            return redirect(approve_url(payment))
        except PaymentStarting:
            outcome = OrderOutcome.STARTING
        except PaymentUnavailable:
            outcome = OrderOutcome.UNAVAILABLE
    response = render(request, "shop/order.html", _page_of(order, payment, outcome))
    if outcome in REFRESH_AFTER:
        response.headers["Refresh"] = str(REFRESH_AFTER[outcome])
    return response


def _is_starting(request: HttpRequest) -> bool:
    """Whether `go_to_paypal` led here less than `STARTING_FOR` ago. After that the page offers the button again."""
    since = request.GET.get("starting", "")
    return since.isdecimal() and 0 <= time.time() - int(since[:12]) < STARTING_FOR


def _page_of(order: Order, payment: Payment | None, outcome: OrderOutcome) -> dict[str, Any]:
    may_be_told, option = are_possible(order), refund_option(order, now=timezone.now())
    return {
        "order": order,
        "outcome": OUTRANKS.get(option, outcome),
        "payment": payment,
        "contents": contents_of(order),
        "refunds": Refund.objects.filter(payment__order=order, state=Refund.State.COMPLETED).order_by("completed_at"),
        "refund_option": option,
        "accepted_terms": order.accepted_terms.select_related("version"),
        "license": License.objects.newest_of(order),
        "files": list(order.product.files.released(timezone.now())) if order.is_delivered else [],
        "download_limit": settings.DOWNLOADS_PER_ORDER,
        "link_minutes": settings.DOWNLOAD_LINK_MINUTES,
        "release_notices_possible": may_be_told,
        "opted_out": may_be_told and order.release_notices_after is not None and has_opted_out(order),
    }


@repeatable
@private_page
@may_lead_to_paypal
@require_POST
def pay(request: HttpRequest, link_token: str) -> HttpResponse:
    """Starts another payment attempt for the order."""
    return resume_payment(request, get_object_or_404(Order, link_index=link_token))


def resume_payment(request: HttpRequest, order: Order) -> HttpResponse:
    """Redirects to PayPal with an order of before; to its page if its discount has ended. The page says so if only the
    buyer's network holds too many places of the discount."""
    network = network_of(client_address(request))
    if hold_places(order=order, now=timezone.now(), network=network):
        return go_to_paypal(request, order)
    if not is_available(order):
        return redirect(order)
    page = _page_of(order, order.payments.first(), OrderOutcome.DISCOUNT_HELD)
    return render(request, "shop/order.html", page, status=429)


def go_to_paypal(request: HttpRequest, order: Order) -> HttpResponse:
    """Redirects to PayPal; to the order page if there is nothing to pay, another click is starting the payment, or
    PayPal can't be reached."""
    if not order.is_payable:
        return redirect(order)
    try:
        response: HttpResponse = redirect(start_payment(order=order))
    except PaymentStarting:
        response = redirect(f"{order.get_absolute_url()}?starting={int(time.time())}")
    except PaymentUnavailable:
        page = _page_of(order, order.payments.first(), OrderOutcome.UNAVAILABLE)
        response = render(request, "shop/order.html", page, status=503)
    set_checkout_cookie(request, response, order)
    return response


@repeatable
@private_page
@require_POST
def prepare_download(request: HttpRequest, link_token: str, file_id: UUID) -> HttpResponse:
    """Redirects to a short-lived download link."""
    order = get_object_or_404(Order, Order.DELIVERED_NOW, link_index=link_token)
    file = get_object_or_404(ProductFile.objects.released(timezone.now()), pk=file_id, product=order.product_id)
    return redirect(download_link(order=order, file=file))


@private_page
@require_POST
def release_notices(request: HttpRequest, link_token: str) -> HttpResponse:
    """Turns email about new versions on or off."""
    order, now = get_object_or_404(Order.objects.select_related("product"), link_index=link_token), timezone.now()
    if not may_change(order, now=now):
        payment, seconds = order.payments.first(), seconds_left(now)
        page = {**_page_of(order, payment, outcome_of(order=order, payment=payment)), "wait_minutes": seconds // 60 + 1}
        response = render(request, "shop/order.html", page, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    set_release_notices(order=order, wanted=request.POST.get("wanted") == "yes", now=now)
    return redirect(f"{order.get_absolute_url()}#release-notices")


@require_safe
@private_page
def download(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file or the requested part of it, counted as one download for each link; or a page that explains the
    refusal."""
    try:
        order, file = resolve_download_link(token)
        content = open_download(order=order, file=file, token=token, is_counted=request.method == "GET")
    except DownloadRefused as refusal:
        return _refused(request, refusal)
    return _file_response(request, file, content)


def _file_response(request: HttpRequest, file: ProductFile, content: File[bytes]) -> HttpResponseBase:
    etag = f'"{file.sha256}"'
    try:
        part = _requested_part(request, etag, file.size_bytes)
    except UnsatisfiableRange:
        content.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size_bytes}"})
    body: Any = content if part is None else FilePart(content, part)
    headers = {"Accept-Ranges": "bytes", "ETag": etag}
    response = FileResponse(body, as_attachment=True, filename=file.download_name, headers=headers)
    if part is not None:
        response.status_code = 206
        response.headers["Content-Length"] = str(len(part))
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size_bytes}"
    return response


def _requested_part(request: HttpRequest, etag: str, size: int) -> range | None:
    """None for the whole file: also if `If-Range` names another version of it."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    return requested_range(request.headers.get("Range", ""), size)


REFUSED = {"unknown": 404, "expired": 410, "withdrawn": 404, "used_up": 403, "not_paid": 403, "missing": 503}


def _refused(request: HttpRequest, refusal: DownloadRefused) -> HttpResponse:
    context = {"reason": refusal.reason, "order": refusal.order, "download_limit": settings.DOWNLOADS_PER_ORDER}
    return render(request, "shop/download_refused.html", context, status=REFUSED[refusal.reason])
