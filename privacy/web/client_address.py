"""The client's IP address: the peer's, or a forwarded one if the peer is a trusted proxy."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

# Proxies may add brackets, quotation marks, a port (Azure, IIS) or a zone.
_HOP = re.compile(r'\s*"?(?:\[(?P<six>[^\[\]]*)\](?::\d+)?|(?P<four>[\d.]+)(?::\d+)?|(?P<bare>[^"]*))"?\s*')


def client_address(request: HttpRequest) -> str | None:
    """The rightmost address in `X-Forwarded-For` that isn't in `TRUSTED_PROXIES`; clients can forge the rest.

    The peer of a Unix socket has no address; it is the proxy, because the socket's permissions admit nobody else. None
    if there is no address (a Unix socket, and `TRUSTED_PROXIES` is empty). `Forwarded` (RFC 7239) is ignored, because
    proxies that set one of the two headers pass the other on as the client sent it.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = [peer] if peer else []
    if settings.TRUSTED_PROXIES:
        hops = request.headers.get("X-Forwarded-For", "").split(",") + hops
    address = None
    for hop in reversed(hops):
        parsed = _parse(hop)
        if parsed is None:
            return address
        address = str(parsed)
        if not _is_trusted(parsed):
            return address
    return address


def is_trusted_proxy(address: str) -> bool:
    """Whether headers forwarded by this peer are trusted (`TRUSTED_PROXIES`)."""
    parsed = _parse(address) if settings.TRUSTED_PROXIES else None
    return parsed is not None and _is_trusted(parsed)


def _is_trusted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parse(hop: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    found = _HOP.fullmatch(hop)
    written = next(filter(None, found.groups()), "") if found else ""
    try:
        address = ipaddress.ip_address(written.partition("%")[0].strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address  # dual-stack sockets report ::ffff:203.0.113.77
