"""HTTP rules for every request and response: pages, files, redirects and errors."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import add_never_cache_headers

from api.errors import READ_ONLY, ApiError, is_for_programs

from .error_pages import PAGE_POLICY, error_page
from .trusted_proxies import drop_untrusted_headers, explain_redirect_loop
from .unreadable_requests import reject_unreadable_request

METHODS = ("GET", "HEAD", "OPTIONS", "POST")
SAFE = ("GET", "HEAD", "OPTIONS")

# Defaults: pages have a content security policy of their own, and banners may be embedded by other sites.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "browsing-topics",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    ),
    "X-Content-Type-Options": "nosniff",
}


class HttpRulesMiddleware:
    """Only the request's id and what counts requests come before it in MIDDLEWARE. Rejects other methods, and unsafe
    methods over plain HTTP; sets the default headers.

    A response to a client with a session, or at a URL with a token, is never cached. A response that ends a session
    tells the browser to clear its cache and storage.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        unknown_proxy = drop_untrusted_headers(request)
        refusal = _refusal(request) or reject_unreadable_request(request)
        response = refusal or self.get_response(request)
        if unknown_proxy:
            response = explain_redirect_loop(request, response)
        if response.status_code == 405 and not response.content:
            response.content = error_page(405)
            response.headers["Content-Type"] = "text/html; charset=utf-8"
            response.headers["Content-Length"] = str(len(response.content))
        is_html = response.headers.get("Content-Type", "").startswith("text/html")
        if is_html and "Location" not in response.headers:  # a redirect shows nothing, and needs nothing
            response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        session = getattr(request, "session", None)
        if has_token(request) or (session is not None and session.accessed and not session.is_empty()):
            add_never_cache_headers(response)
            response.headers.setdefault("X-Robots-Tag", "noindex")  # also for files, which have no <meta>
        if (cookie := response.cookies.get(settings.SESSION_COOKIE_NAME)) is not None and not cookie.value:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'  # not "cookies": the referral cookie stays
        return response


def has_token(request: HttpRequest) -> bool:
    """Whether the URL contains a secret: an emailed link, an order's page, a download."""
    match = request.resolver_match
    return match is not None and any(name.endswith("token") for name in match.kwargs)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Plain HTTP: a redirect would hide that the form's data was sent unencrypted."""
    if request.method not in METHODS and is_for_programs(request):
        return ApiError(405, *READ_ONLY, headers={"Allow": "GET, HEAD"}).response()
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if settings.SECURE_SSL_REDIRECT and request.method not in SAFE and not request.is_secure():
        return HttpResponse(f"Please use {settings.SITE_URL}.", status=403, content_type="text/plain; charset=utf-8")
    return None
