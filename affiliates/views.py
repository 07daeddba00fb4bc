"""Links, the program's pages, the portal, and "who sent me?"."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import FormView, TemplateView

from shop.money import Money

from .clicks import forget, record_click
from .forms import ApplicationForm
from .models import REFERRAL_LIFE, Affiliate, Commission
from .onboarding import TERMS_VERSION, receive_application
from .portal import overview_of
from .rates import rate_for
from .referral import allow, refuse

if TYPE_CHECKING:
    from accounts.models import User

PUBLIC_PAGES = {"site:home", "site:services", "shop:product", "affiliates:program", "contacts:contact"}
CURRENCY = "USD"


@require_safe
def go(request: HttpRequest, code: str, path: str = "") -> HttpResponse:
    """An affiliate's link: one of this site's own pages, whatever the code is worth."""
    page = _own_page(path)
    response = HttpResponseRedirect(page)
    record_click(request, response, code=code, landing=page)
    return response


@lru_cache(maxsize=512)  # most links lead to a few pages
def _own_page(path: str) -> str:
    """The page itself when it is a public one of this site, otherwise the front page: never anywhere else."""
    address = f"/{path}"
    try:
        match = resolve(address)
    except Resolver404:
        return "/"
    return address if match.view_name in PUBLIC_PAGES else "/"


class ProgramView(TemplateView):
    template_name = "affiliates/program.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rate=rate_for(affiliate=None, product=None, currency=CURRENCY, moment=timezone.now()).terms,
            hold_days=settings.AFFILIATE_HOLD_DAYS,
            minimum=Money(settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, CURRENCY),
            cookie_days=REFERRAL_LIFE.days,
            **kwargs,
        )


class TermsView(ProgramView):
    template_name = "affiliates/terms.html"
    extra_context = {"version": TERMS_VERSION}


@method_decorator(never_cache, name="dispatch")
class ApplyView(FormView[ApplicationForm]):
    template_name = "affiliates/apply.html"
    form_class = ApplicationForm

    def form_valid(self, form: ApplicationForm) -> HttpResponse:
        receive_application(application=form.save(commit=False))
        return redirect("affiliates:applied")


@method_decorator(never_cache, name="dispatch")
class PortalView(LoginRequiredMixin, TemplateView):
    """The base of the portal's pages: the affiliate is always the one who signed in."""

    template_name = "affiliates/portal/home.html"

    @property
    def affiliate(self) -> Affiliate:
        affiliate = Affiliate.objects.filter(user=cast("User", self.request.user)).first()
        if affiliate is None:
            raise Http404("This account is not an affiliate's.")
        return affiliate

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affiliate = self.affiliate
        lines = Commission.objects.latest_of(affiliate).select_related("attribution__order")
        return super().get_context_data(
            affiliate=affiliate,
            rate=rate_for(affiliate=affiliate, product=None, currency=CURRENCY, moment=timezone.now()).terms,
            link=f"{settings.SITE_URL}/go/{affiliate.code}/",
            overview=overview_of(affiliate, currency=CURRENCY, now=timezone.now()),
            commissions=Paginator(lines, 25).get_page(self.request.GET.get("page")),
            payouts=affiliate.payouts.select_related("batch")[:25],
            **kwargs,
        )


@method_decorator(never_cache, name="dispatch")
class ReferralView(TemplateView):
    """ "Who sent me?": what is stored for this browser, when it ends, and a button that ends it now."""

    template_name = "affiliates/referral.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        choice = request.POST.get("choice", "forget")
        response = render(request, "affiliates/forgotten.html", {"choice": choice})
        if choice == "allow":
            allow(response)
            return response
        forget(request, response)
        if choice == "refuse":
            refuse(response)
        return response
