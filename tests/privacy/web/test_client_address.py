"""The address of a client is the peer's; a forwarded one is believed only from a trusted proxy."""

from __future__ import annotations

import ipaddress

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from privacy.web.client_address import client_address

PROXY, CLIENT, FORGED = "127.0.0.1", "203.0.113.77", "198.51.100.1"

CASES = {
    "no proxy": ("", CLIENT, None, CLIENT),
    "nobody is trusted": ("", CLIENT, FORGED, CLIENT),
    "a trusted proxy": (f"{PROXY}/32", PROXY, CLIENT, CLIENT),
    "a stranger who claims to forward": (f"{PROXY}/32", CLIENT, FORGED, CLIENT),
    "a forged address further left": (f"{PROXY}/32", PROXY, f"{FORGED}, {CLIENT}", CLIENT),
    "two trusted proxies": (f"{PROXY}/32,10.0.0.0/8", PROXY, f"{CLIENT}, 10.1.2.3", CLIENT),
    "nonsense": (f"{PROXY}/32", PROXY, "nonsense", PROXY),
    "nonsense between": (f"{PROXY}/32", PROXY, f"{FORGED}, nonsense, {CLIENT}", CLIENT),
    "only proxies": (f"{PROXY}/32", PROXY, PROXY, PROXY),
    "an empty header": (f"{PROXY}/32", PROXY, "", PROXY),
    "IPv6": ("::1/128", "::1", "2001:DB8::7", "2001:db8::7"),
    "a socket without an address": ("", "", None, None),
    "a port (Azure, IIS)": (f"{PROXY}/32", PROXY, f"{CLIENT}:51234", CLIENT),
    "ports of proxies": (f"{PROXY}/32,10.0.0.0/8", PROXY, f"{FORGED}, {CLIENT}:51234, 10.1.2.3:80", CLIENT),
    "a forged address before a port": (f"{PROXY}/32", PROXY, f"{FORGED}:1, {CLIENT}:51234", CLIENT),
    "brackets": (f"{PROXY}/32", PROXY, "[2001:db8::7]", "2001:db8::7"),
    "brackets and a port": (f"{PROXY}/32", PROXY, "[2001:DB8::7]:51234", "2001:db8::7"),
    "quotation marks": (f"{PROXY}/32", PROXY, f'"{CLIENT}:51234"', CLIENT),
    "quotation marks and brackets": (f"{PROXY}/32", PROXY, '"[2001:db8::7]:51234"', "2001:db8::7"),
    "a zone": ("fe80::/10", "fe80::1%eth0", CLIENT, CLIENT),
    "a client with a zone": (f"{PROXY}/32", PROXY, "[fe80::7%25eth0]:443", "fe80::7"),
    "IPv4 written as IPv6": (f"{PROXY}/32", f"::ffff:{PROXY}", f"::ffff:{CLIENT}", CLIENT),
    "IPv4 written as IPv6 with a port": (f"{PROXY}/32", PROXY, f"[::ffff:{CLIENT}]:51234", CLIENT),
    "unknown": (f"{PROXY}/32", PROXY, f"{FORGED}, unknown", PROXY),
    "half a bracket": (f"{PROXY}/32", PROXY, f"{FORGED}, [2001:db8::7", PROXY),
    "no port after the colon": (f"{PROXY}/32", PROXY, f"{FORGED}, {CLIENT}:", PROXY),
}


@pytest.mark.parametrize(("trusted", "peer", "forwarded", "expected"), CASES.values(), ids=CASES)
def test_the_address(settings: Settings, trusted: str, peer: str, forwarded: str | None, expected: str | None) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(network) for network in trusted.split(",") if network]
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    assert client_address(request) == expected
