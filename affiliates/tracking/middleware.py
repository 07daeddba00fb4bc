"""Answers affiliates' links before anything else, and adds `request.referral`, `?ref=CODE` tracking and the token of
`AFFILIATE_CONSENT=link` to every other page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve

from affiliates.models import ConsentMode, LinkParameter, consent_mode

from .carried_links import NAMESPACES, carry_on
from .clicks import Credit, question_for, record_click
from .landing_pages import address_of, counted_at
from .link_tester import is_link_test
from .link_token import PARAMETER
from .old_links import code_in_link
from .referral_cookie import attach_referral, referral_of
from .visit_kinds import Visit, compile_bot_patterns, refuse_prefetch

OF_A_CLICK = {*LinkParameter.values, "go", "sub", PARAMETER}  # what a link adds to the address of a page


class LinkMiddleware:
    """Answers `/go/CODE/` before sessions, forms, accounts and page headers: a redirect needs none of them.

    It runs after the redirects to HTTPS and to the site's own host. A path that `affiliates.urls` doesn't match takes
    the normal way.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/go/"):
            return self.get_response(request)
        try:
            view, args, kwargs = resolve(request.path_info, "affiliates.urls")
        except Resolver404:
            return self.get_response(request)
        if is_link_test(request):  # answered with a page, which needs sessions and headers
            return self.get_response(request)
        attach_referral(request)
        response: HttpResponse = view(request, *args, **kwargs)
        response.headers["Content-Length"] = str(len(response.content))  # otherwise the response is chunked
        return response


class ReferralMiddleware:
    """Queries the database only when a page is opened with a code, or when `request.referral` is used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        if settings.AFFILIATE_CREDIT not in Credit.values:
            raise ImproperlyConfigured(f"AFFILIATE_CREDIT must be one of: {', '.join(Credit.values)}.")
        if settings.AFFILIATE_CONSENT not in ConsentMode.values:
            raise ImproperlyConfigured(f"AFFILIATE_CONSENT must be one of: {', '.join(ConsentMode.values)}.")
        compile_bot_patterns()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        attach_referral(request)
        response = self.get_response(request)
        if PARAMETER in request.GET and consent_mode() is ConsentMode.LINK:
            carry_on(request, response)
            if _is_a_page(request, response) and _is_public(request):
                _name_canonical_page(request, response)
        code = code_in_link(request)
        if code and _is_a_page(request, response) and _is_public(request):
            _name_canonical_page(request, response)
            record_click(request, response, code=code, landing=request.path, counted_at=counted_at(request))
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        code = code_in_link(request)
        if not code or not _is_public(request):
            return None
        if (response := refuse_prefetch(request)) is not None:
            record_click(request, response, code=code, landing=request.path)
            return response
        referral, mode = referral_of(request), consent_mode()
        if mode is ConsentMode.ASK:
            referral.question = question_for(request, code=code, counted_at=counted_at(request))
        if mode is ConsentMode.LINK and referral.visit is Visit.CLICK:
            return _to_page_with_token(request, code)
        return None


def _to_page_with_token(request: HttpRequest, code: str) -> HttpResponse | None:
    """A redirect, so that opening the page again does not extend the token."""
    response = HttpResponseRedirect(request.path)
    query = record_click(request, response, code=code, landing=request.path, counted_at=counted_at(request))
    if not query:
        return None
    others = {name: request.GET[name] for name in request.GET if name not in OF_A_CLICK}
    response.headers["Location"] = address_of(request.path, others | query)
    return response


def _name_canonical_page(request: HttpRequest, response: HttpResponse) -> None:
    """Search engines list the page itself, never an affiliate's link to it."""
    response.headers["Link"] = f'<{settings.SITE_URL}{request.path}>; rel="canonical"'


def _is_public(request: HttpRequest) -> bool:
    """Excludes the admin, and secret addresses (an order's, an emailed link's), which nobody may store."""
    match = request.resolver_match
    return match is not None and match.namespace in NAMESPACES and not match.kwargs.keys() - {"slug"}


def _is_a_page(request: HttpRequest, response: HttpResponse) -> bool:
    """A page that was opened, as opposed to the response to a submitted form."""
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    return request.method in {"GET", "HEAD"} and response.status_code == 200 and is_html
