"""What a proxy says about the visitor's connection: believed from `TRUSTED_PROXIES`, and missed where nobody is."""

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


def drop_what_is_not_believed(request: HttpRequest) -> bool:
    """Removes `X-Forwarded-Proto` unless a trusted proxy sent it; the peer of a Unix socket has no address. Returns
    whether a server that is not known says that the visitor came over HTTPS."""
    peer = request.META.get("REMOTE_ADDR", "")
    scheme: str = request.META.pop("HTTP_X_FORWARDED_PROTO", "").lower()  # some write it in capitals
    if not peer or is_trusted_proxy(peer):
        request.META |= {"HTTP_X_FORWARDED_PROTO": scheme} if scheme else {}
        return False
    if scheme or "HTTP_X_FORWARDED_FOR" in request.META:
        _tell_the_operator(peer)
    return scheme.partition(",")[0].strip() == "https"


def instead_of_a_loop(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Behind a server that is not known, the redirect to HTTPS would lead to itself for ever."""
    where = response.headers.get("Location", "")
    if where.startswith("https://") and where == f"https://{request.get_host()}{request.get_full_path()}":
        return HttpResponse(UNKNOWN_PROXY, status=403, content_type="text/plain; charset=utf-8")
    return response


def _tell_the_operator(peer: str) -> None:
    """Once for each private network, and once for all other addresses. None is named: it may be that of a visitor,
    who sends such a header with an extension of the browser, or from a company's network in which this site is."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    network = next((each for each in PRIVATE if address in each), None)
    who = f"in {network}" if network else "with a public address"
    if who not in _told:
        _told.add(who)
        logger.warning("a server %s forwards requests and is not in TRUSTED_PROXIES: its headers do not count", who)
