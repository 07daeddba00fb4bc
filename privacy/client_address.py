"""The network address of the client: the peer's, or a forwarded one only when a trusted proxy says so."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Walks `X-Forwarded-For` from the right, past `TRUSTED_PROXIES`; what stands further left anybody could write.

    None when the server knows no address (a Unix socket without a trusted proxy).
    """
    hops = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        hops = request.headers.get("X-Forwarded-For", "").split(",") + hops
    address = None
    for hop in reversed(hops):
        parsed = _parse(hop)
        if parsed is None:
            return address
        address = str(parsed)
        if not is_trusted_proxy(address):
            return address
    return address


def is_trusted_proxy(address: str) -> bool:
    """Whether headers that this peer forwards are believed (`TRUSTED_PROXIES`)."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in settings.TRUSTED_PROXIES)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None
