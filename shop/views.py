"""From the product to the receipt, and PayPal's messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import DetailView, FormView

from .events import receive_event
from .forms import CheckoutForm
from .models import Order, Payment, Product
from .orders import place_order
from .payments import PaymentUnavailable, settle, start_payment
from .paypal.errors import NotConfigured, PayPalError, Transient, WebhookRejected
from .paypal.gateway import gateway
from .paypal.webhooks import MAX_BODY

View = TypeVar("View", bound=Callable[..., Any])

# A browser follows a form's redirect only to where form-action allows: the payment pages may lead to PayPal.
may_lead_to_paypal: Callable[[View], View] = cast(Any, csp_update({"form-action": [settings.PAYPAL_APPROVE_ORIGIN]}))


class ProductView(DetailView[Product]):
    template_name = "shop/product.html"
    queryset = Product.objects.filter(is_active=True)


@method_decorator([never_cache, may_lead_to_paypal], name="dispatch")
class CheckoutView(FormView[CheckoutForm]):
    template_name = "shop/checkout.html"
    form_class = CheckoutForm

    @cached_property
    def product(self) -> Product:
        return get_object_or_404(Product, slug=self.kwargs["slug"], is_active=True)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(product=self.product, **kwargs)

    def form_valid(self, form: CheckoutForm) -> HttpResponse:
        order = place_order(product=self.product, request=self.request, **form.cleaned_data)
        return _go_to_paypal(self.request, order)


def _go_to_paypal(request: HttpRequest, order: Order) -> HttpResponse:
    try:
        return redirect(start_payment(order=order))
    except PaymentUnavailable:
        return render(request, "shop/order.html", {"order": order, "paypal_unavailable": True}, status=503)


@never_cache
@require_GET
def checkout_return(request: HttpRequest) -> HttpResponse:
    """The buyer is back from PayPal. The token only says which payment to look at."""
    token = request.GET.get("token", "")
    if not token.isprintable():
        raise Http404("PayPal's numbers have no such characters.")
    payment = get_object_or_404(Payment, paypal_order_id=token)
    try:
        settle(payment=payment)
    except PayPalError:  # the order's page says that we are still asking; housekeeping asks again
        return redirect(f"{payment.order.get_absolute_url()}?asking=1")
    return redirect("shop:order", payment.order_id)


@require_GET
@never_cache
@may_lead_to_paypal
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """What the buyer sees of the order, behind a link that can't be guessed."""
    order = get_object_or_404(Order.objects.prefetch_related("payments"), pk=order_id)
    asking = order.is_payable and "asking" in request.GET
    return render(request, "shop/order.html", {"order": order, "payment": order.payments.first(), "asking": asking})


@never_cache
@may_lead_to_paypal
@require_POST
def pay(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Another try at paying the same order."""
    order = get_object_or_404(Order, pk=order_id)
    if not order.is_payable:
        return redirect(order)
    return _go_to_paypal(request, order)


@csrf_exempt
@require_POST
def paypal_webhook(request: HttpRequest) -> HttpResponse:
    """Takes a message only when PayPal signed it. 503 asks PayPal to send it again."""
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:  # before a byte of it is read
        return HttpResponse("This message is too long.", status=413, content_type="text/plain")
    try:
        event = gateway().verify_webhook(request.headers, request.body)
    except WebhookRejected:
        return HttpResponse("This message is not signed by PayPal.", status=400, content_type="text/plain")
    except (Transient, NotConfigured):
        return HttpResponse("The signature can't be checked now.", status=503, content_type="text/plain")
    receive_event(event)
    return HttpResponse(status=200)
