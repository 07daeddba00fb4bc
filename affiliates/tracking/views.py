"""The views of affiliates' links, and "Who sent me?"."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from affiliates.models import ConsentMode, consent_mode
from shop.discounts.codes import code_query

from .clicks import count_refusal, forget, record_agreed_click, record_click
from .landing_pages import address_of, query_after_click, resolve_landing_page
from .link_tester import is_link_test, report_link_test
from .question import ConsentQuestion, is_answered_here
from .referral_cookie import allow, referral_of, refuse
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
    if query := record_click(request, response, code=code, landing=page):
        response.headers["Location"] = address_of(address, query)
    return response


@csrf_exempt  # its protection would set a cookie before the answer; `is_answered_here` does the same without one
@never_cache
def answer(request: HttpRequest) -> HttpResponse:
    """The answer to the question on a landing page: yes stores the click, no only the refusal. Either leaves one
    cookie, and leads back to the page. A reloaded address leads to what is stored."""
    if request.method != "POST":
        return redirect("affiliates:referral")
    question = ConsentQuestion.parse(request.POST.get("question", ""))
    if question is None or consent_mode() is not ConsentMode.ASK:
        return HttpResponseRedirect("/")
    choice = request.POST.get("answer")
    if choice not in {"yes", "no"} or not is_answered_here(request):
        return HttpResponseRedirect(question.address)
    response = HttpResponseRedirect(question.page)
    if choice == "no":
        if not referral_of(request).has_refused:
            count_refusal(question)
        refuse(response)
    elif (clicked_at := record_agreed_click(request, response, question)) is not None:
        if referral_of(request).has_refused:
            allow(response)
        response.headers["Location"] = address_of(question.page, query_after_click(question.code, clicked_at))
    return response


@method_decorator(never_cache, name="dispatch")
class ReferralView(TemplateView):
    """ "Who sent me?": what is stored for this browser, when it expires, and a button to delete it now."""

    template_name = "affiliates/referral.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        choice = request.POST.get("choice", "forget")
        if choice == "refuse" and consent_mode() is ConsentMode.LINK:  # which stores nothing, not even a refusal
            choice = "forget"
        response = render(request, "affiliates/forgotten.html", {"choice": choice})
        if choice == "allow":
            allow(response)
            return response
        forget(request, response)
        if choice == "refuse":
            refuse(response)
        return response
