"""Trusts proxy headers only from `TRUSTED_PROXIES`, and detects unlisted proxies."""

from __future__ import annotations

import ipaddress
import logging

from django.http import HttpRequest, HttpResponse

from privacy.web.client_address import is_trusted_proxy

logger = logging.getLogger(__name__)
_told: set[str] = set()
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")
)

UNKNOWN_PROXY = (
    "This request came over HTTPS, as the server says that passed it on; but this site does not know that server.\n"
    "If you run the site: list the server's network in TRUSTED_PROXIES.\n"
)


def drop_untrusted_headers(request: HttpRequest) -> bool:
    """Removes `X-Forwarded-Proto` unless a trusted proxy sent it; the peer of a Unix socket has no address. Returns
    whether an unlisted server claims an HTTPS connection."""
    peer = request.META.get("REMOTE_ADDR", "")
    scheme: str = request.META.pop("HTTP_X_FORWARDED_PROTO", "").lower()  # some send it in capitals
    if not peer or is_trusted_proxy(peer):
        request.META |= {"HTTP_X_FORWARDED_PROTO": scheme} if scheme else {}
        return False
    if scheme or "HTTP_X_FORWARDED_FOR" in request.META:
        _log_unlisted_proxy(peer)
    return scheme.partition(",")[0].strip() == "https"


def explain_redirect_loop(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Behind an unlisted proxy, the redirect to HTTPS would loop."""
    where = response.headers.get("Location", "")
    if where.startswith("https://") and where == f"https://{request.get_host()}{request.get_full_path()}":
        return HttpResponse(UNKNOWN_PROXY, status=403, content_type="text/plain; charset=utf-8")
    return response


def _log_unlisted_proxy(peer: str) -> None:
    """Logs once per private network, and once for all public addresses, without the address: it may be a visitor's, who
    sends such a header with a browser extension or from a company network."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    network = next((each for each in PRIVATE if address in each), None)
    who = f"in {network}" if network else "with a public address"
    if who not in _told:
        _told.add(who)
        logger.warning("a server %s forwards requests and is not in TRUSTED_PROXIES: its headers do not count", who)
