"""Links, the program's pages, and "who sent me?". The portal's pages are in `portal/`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from shop.money import program_currency

from .clicks import forget, record_click
from .currencies import minimum_payout
from .landing_pages import address_after_click, own_page
from .link_trial import is_a_trial, report_trial
from .models import REFERRAL_LIFE, TermsVersion
from .rates import rate_for
from .referral import allow, refuse
from .visits import refuse_prefetch


@require_safe
def go(request: HttpRequest, code: str, path: str = "") -> HttpResponse:
    """An affiliate's link: one of this site's own pages, whatever the code is worth."""
    page = own_page(path)
    if is_a_trial(request):
        return refuse_prefetch(request) or report_trial(request, code=code, landing=page)
    response = refuse_prefetch(request) or HttpResponseRedirect(page)
    if clicked_at := record_click(request, response, code=code, landing=page):
        response.headers["Location"] = address_after_click(page, code, clicked_at)
    return response


class ProgramView(TemplateView):
    template_name = "affiliates/program.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rate=rate_for(affiliate=None, product=None, currency=program_currency(), moment=timezone.now()).terms,
            hold_days=settings.AFFILIATE_HOLD_DAYS,
            minimum=minimum_payout(program_currency()),
            cookie_days=REFERRAL_LIFE.days,
            **kwargs,
        )


class TermsView(TemplateView):
    """The terms in force, those to come, and all earlier ones."""

    template_name = "affiliates/terms.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, versions = timezone.now(), list(TermsVersion.objects.published().order_by("-number"))
        in_force = next((each for each in versions if each.effective_from and each.effective_from <= now), None)
        return super().get_context_data(
            terms=_asked_for(self.request, versions) or in_force,
            in_force=in_force,
            versions=versions,
            now=now,
            **kwargs,
        )


def _asked_for(request: HttpRequest, versions: list[TermsVersion]) -> TermsVersion | None:
    number = request.GET.get("version", "")
    return next((version for version in versions if str(version.number) == number), None)


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
