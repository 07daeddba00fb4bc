"""What holds for every request and every answer, whichever view, file or redirect it is."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import add_never_cache_headers

from privacy.client_address import is_trusted_proxy

METHODS = ("GET", "HEAD", "OPTIONS", "POST")  # what the site's pages are made for; TRACE and inventions are refused
SAFE = ("GET", "HEAD", "OPTIONS")

# Unless a view says otherwise: affiliates' sites show banners, and pages bring a policy of their own.
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
    """Stands first. Refuses methods that no page is made for and forms sent without TLS, and adds to every answer what
    browsers need to be told.

    Whatever was answered to somebody with a session, or behind an address that is itself a key, is stored nowhere. An
    answer that ends a session asks the browser to forget what it kept of it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _believe_only_proxies(request)
        response = _refusal(request) or self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        session = getattr(request, "session", None)
        if holds_key(request) or (session is not None and session.accessed and not session.is_empty()):
            add_never_cache_headers(response)
        if (cookie := response.cookies.get(settings.SESSION_COOKIE_NAME)) is not None and not cookie.value:
            response.headers["Clear-Site-Data"] = '"cache", "storage"'  # not "cookies": a referral lasts its 30 days
        return response


def holds_key(request: HttpRequest) -> bool:
    """Whether the address of this request opens something for whoever knows it: a mailed link, an order, a download."""
    match = request.resolver_match
    return match is not None and any(name.endswith("token") for name in match.kwargs)


def _believe_only_proxies(request: HttpRequest) -> None:
    """Whoever reaches this server past the proxy can't say that a connection is encrypted."""
    peer = request.META.get("REMOTE_ADDR", "")
    if peer and not is_trusted_proxy(peer):
        request.META.pop("HTTP_X_FORWARDED_PROTO", None)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """A redirect would hide that what was typed went over the line readable."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if settings.SECURE_SSL_REDIRECT and request.method not in SAFE and not request.is_secure():
        return HttpResponse(f"Please use {settings.SITE_URL}.", status=403, content_type="text/plain; charset=utf-8")
    return None
