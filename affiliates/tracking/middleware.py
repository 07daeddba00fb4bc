"""Answers affiliates' links before anything else, and adds `request.referral` and `?ref=CODE` tracking to every other
page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from .clicks import Credit, record_click
from .landing_pages import counted_at
from .link_tester import is_link_test
from .old_links import code_in_link
from .referral_cookie import attach_referral
from .visit_kinds import compile_bot_patterns, refuse_prefetch

NAMESPACES = {"site", "shop", "affiliates", "contacts", "privacy", "pages"}


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
        compile_bot_patterns()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        attach_referral(request)
        response = self.get_response(request)
        code = code_in_link(request)
        if code and _is_a_page(request, response) and _is_public(request):
            # Search engines list the page itself, never an affiliate's link to it.
            response.headers["Link"] = f'<{settings.SITE_URL}{request.path}>; rel="canonical"'
            record_click(request, response, code=code, landing=request.path, counted_at=counted_at(request))
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        code = code_in_link(request)
        response = refuse_prefetch(request) if code and _is_public(request) else None
        if code and response is not None:
            record_click(request, response, code=code, landing=request.path)
        return response


def _is_public(request: HttpRequest) -> bool:
    """Excludes the admin, and secret addresses (an order's, an emailed link's), which nobody may store."""
    match = request.resolver_match
    return match is not None and match.namespace in NAMESPACES and not match.kwargs.keys() - {"slug"}


def _is_a_page(request: HttpRequest, response: HttpResponse) -> bool:
    """A page that was opened, as opposed to the response to a submitted form."""
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    return request.method in {"GET", "HEAD"} and response.status_code == 200 and is_html
