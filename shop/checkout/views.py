"""The checkout, and the return from PayPal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET
from django.views.generic import FormView

from privacy.encryption.normalization import normalize_email
from privacy.web.client_address import client_address
from privacy.web.idempotency import form_key, repeatable
from privacy.web.rate_limits import DAY, Limit, first_full, network_of, seconds_left
from shop.catalog.views import not_for_sale
from shop.discounts.codes import LONGEST_IN_LINK, CodeRefused
from shop.discounts.places import release_held_places
from shop.models import Order, Payment, Product, ShopTerms
from shop.models.terms import current_shop_terms
from shop.payments.settlement import settle
from shop.paypal.errors import PayPalError

from .checkout_cookie import is_buyers_browser
from .forms import CheckoutForm
from .order_views import go_to_paypal, resume_payment
from .orders import place_order
from .paypal_csp import may_lead_to_paypal
from .private_pages import private_page


# The empty form stays in the browser's history, so that the back button finds it with its key; what follows
# names the buyer and is not stored. The same form sent again leads to the same order.
@method_decorator(repeatable, name="dispatch")
@method_decorator(cache_control(private=True, max_age=0), name="get")
@method_decorator(private_page, name="post")
@method_decorator(may_lead_to_paypal, name="dispatch")
class CheckoutView(FormView[CheckoutForm]):
    template_name = "shop/checkout.html"
    form_class = CheckoutForm
    digest: str | None = None  # of the submitted form

    @cached_property
    def product(self) -> Product:
        return get_object_or_404(Product.objects.with_delivery(), slug=self.kwargs["slug"])

    @cached_property
    def terms(self) -> list[ShopTerms]:
        """The current versions, which the buyer accepts; the license terms only with a license."""
        with_license = self.product.issues_license
        return [each for each in current_shop_terms() if with_license or each.document != ShopTerms.Document.LICENSE]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.product.is_for_sale:
            return not_for_sale(request, self.product)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"code": self.request.GET.get("code", "")[:LONGEST_IN_LINK].replace("\x00", "")}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same form sent again leads to its order, even if its code has been used up since, by that order."""
        self.digest = key.digest if (key := form_key(request)) else None
        earlier = Order.objects.filter(checkout_digest=self.digest)
        if self.digest and earlier.exists():
            return resume_payment(request, earlier.get())
        if "recalculate" in request.POST:
            form = self.get_form()
            form.recalculate()
            return self.form_invalid(form)
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request, "product": self.product, "terms": self.terms}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(product=self.product, terms=self.terms, **kwargs)

    def form_invalid(self, form: CheckoutForm) -> HttpResponse:
        response = super().form_invalid(form)
        if form.seconds_to_wait:
            response.status_code, response.headers["Retry-After"] = 429, str(form.seconds_to_wait)
        return response

    def form_valid(self, form: CheckoutForm) -> HttpResponse:
        if outdated := form.outdated:
            form.ask_again()
            return self.render_to_response(self.get_context_data(form=form, outdated=outdated))
        if seconds := self._seconds_to_wait(form.cleaned_data["email"]):
            context = self.get_context_data(form=form, wait_minutes=seconds // 60 + 1)
            return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})
        try:
            order = place_order(
                product=self.product,
                terms=self.terms,
                request=self.request,
                discounted=form.discounted,
                own_orders=form.own_orders if form.discounted.applied else (),
                form_digest=self.digest,
                **form.details,
            )
        except CodeRefused as refusal:
            form.refuse_code(str(refusal))
            return self.form_invalid(form)
        return go_to_paypal(self.request, order)

    def _seconds_to_wait(self, email: str) -> int:
        """0 within the limits of orders per network, of all addresses and of this one. The address may be anybody's:
        what other networks order with it takes nothing from its owner."""
        now, network = timezone.now(), network_of(client_address(self.request))
        address = f"{network} {normalize_email(email)}"
        full = first_full(
            Limit("order network", network, settings.ORDER_LIMIT_PER_NETWORK),
            Limit("order address", address, settings.ORDER_LIMIT_PER_ADDRESS, DAY),
            now=now,
        )
        return seconds_left(now, full.window) if full else 0


@private_page
@require_GET
def checkout_return(request: HttpRequest) -> HttpResponse:
    """The buyer returned from PayPal. The token only identifies the payment."""
    payment = _payment_behind(request)
    try:
        settle(payment=payment)
    except PayPalError:  # the order's page says that we are still asking; housekeeping asks again
        return _to_the_buyers_page(request, payment, "?asking=1")
    return _to_the_buyers_page(request, payment)


@private_page
@require_GET
def checkout_cancelled(request: HttpRequest) -> HttpResponse:
    """The buyer turned back at PayPal: a limited discount code is free for others until they pay again."""
    payment = _payment_behind(request)
    if is_buyers_browser(request, payment.order):
        release_held_places(order=payment.order)
    return _to_the_buyers_page(request, payment, "?cancelled=1")


def _payment_behind(request: HttpRequest) -> Payment:
    token = request.GET.get("token", "")
    if not token.isprintable():
        raise Http404("PayPal's numbers have no such characters.")
    return get_object_or_404(Payment.objects.select_related("order"), paypal_order_id=token)


def _to_the_buyers_page(request: HttpRequest, payment: Payment, query: str = "") -> HttpResponse:
    """PayPal's number is no key to the order: only the browser that went there with it is led on."""
    if not is_buyers_browser(request, payment.order):
        return render(request, "shop/back_from_paypal.html")
    return redirect(payment.order.get_absolute_url() + query)
