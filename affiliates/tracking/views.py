"""The views of affiliates' links, and "Who sent me?"."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from shop.discounts.codes import code_query

from .clicks import forget, record_click
from .landing_pages import address_after_click, resolve_landing_page
from .link_tester import is_link_test, report_link_test
from .referral_cookie import allow, refuse
from .visit_kinds import refuse_prefetch


@require_safe
def go(request: HttpRequest, code: str, path: str = "") -> HttpResponse:
    """An affiliate's link: redirects to one of this site's own pages, whether or not the code is valid. A discount code
    in it (`?code=`) goes along."""
    page = resolve_landing_page(path)
    if is_link_test(request):
        return refuse_prefetch(request) or report_link_test(request, code=code, landing=page)
    address = page + code_query(request.GET.get("code", ""))
    response = refuse_prefetch(request) or HttpResponseRedirect(address)
    if clicked_at := record_click(request, response, code=code, landing=page):
        response.headers["Location"] = address_after_click(address, code, clicked_at)
    return response


@method_decorator(never_cache, name="dispatch")
class ReferralView(TemplateView):
    """ "Who sent me?": what is stored for this browser, when it expires, and a button to delete it now."""

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
