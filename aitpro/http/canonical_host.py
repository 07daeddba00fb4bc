"""Redirects to one canonical host, so that referral cookie and checkout share it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

LOOPBACK = {"localhost", "127.0.0.1"}
ASKED_BY_PROGRAMS = {"/healthz", "/readyz", "/metrics"}  # reachable under any host name


class CanonicalHostMiddleware:
    """Redirects from other allowed hosts to the host of `SITE_URL`, with the same path, query and port.

    Not permanently, because browsers would keep a wrong SITE_URL after it is mended. What a form sends is answered
    where it came, because a redirect would lose it. Behind a proxy that puts a name of its own in the place of the
    visitor's, the redirect would lead to itself for ever. So a name without a dot or an address is left alone (a public
    site has neither), and so is a request whose proxy says in `X-Forwarded-Host` that the visitor asked for this host.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.site = urlsplit(settings.SITE_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in ASKED_BY_PROGRAMS:
            request.META["HTTP_HOST"] = self.site.netloc  # also an address of the machine, which ALLOWED_HOSTS lacks
        if request.META.get("HTTP_HOST") == self.site.netloc or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        asked = urlsplit(f"//{request.get_host()}")
        if asked.hostname is None or not self._leads_elsewhere(request, asked.hostname):
            return self.get_response(request)
        try:
            port = f":{asked.port}" if asked.port else ""
        except ValueError as error:  # Django lets any number pass
            raise DisallowedHost("no port has this number") from error
        response = HttpResponseRedirect(f"{self.site.scheme}://{self.site.hostname}{port}{request.get_full_path()}")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _leads_elsewhere(self, request: HttpRequest, asked: str) -> bool:
        forwarded = request.headers.get("X-Forwarded-Host", "").partition(",")[0].strip().partition(":")[0]
        if self.site.hostname in {asked, forwarded.lower()}:
            return False
        if self.site.hostname in LOOPBACK:  # the demo, under either of its two names
            return asked in LOOPBACK
        return "." in asked and not _is_address(asked)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
