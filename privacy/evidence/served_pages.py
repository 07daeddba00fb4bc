"""Renders public pages through the whole Django stack, without a network, to collect evidence about them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

NOT_READ = {"evidence", "evidence_json", "evidence_key"}  # would recurse, or aren't pages
NO_PAGES = {  # for programs, for the return from PayPal, or POST only
    "authenticator_remove",
    "checkout_cancelled",
    "checkout_return",
    "logout",
    "metrics",
    "paypal_webhook",
    "readyz",
    "recovery_codes_renew",
    "sessions_end",
}


def serve(path: str) -> HttpResponseBase:
    """The response to a visitor without cookies. Not counted as a visit."""
    origin = urlsplit(settings.SITE_URL)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": origin.hostname,
        "SERVER_PORT": str(origin.port or (443 if settings.HTTPS else 80)),
        "HTTP_HOST": origin.netloc,
        "HTTP_SEC_PURPOSE": "prefetch",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": origin.scheme,
        "wsgi.input": io.BytesIO(),
    }
    return _handler().get_response(WSGIRequest(environ))


@cache
def _handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler


def public_paths() -> list[str]:
    """All URLs without parameters, except the admin's and, below its documentation, the API's."""
    staff, api = reverse("admin:index"), reverse("api:documentation")
    paths = (path for path in _paths(get_resolver(), "/") if not path.startswith(staff))
    return sorted(path for path in paths if path == api or not path.startswith(api))


def _paths(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if "<" in route:
            continue
        if isinstance(pattern, URLPattern) and pattern.name not in NOT_READ | NO_PAGES:
            yield route
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern, route)
