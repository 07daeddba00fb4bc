"""The visitor's address is the peer's; a forwarded one counts only from a trusted proxy."""

from __future__ import annotations

import ipaddress

import pytest
from django.test import Client
from pytest_django import Settings

from affiliates.models import Affiliate, Click
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose

PEER, LIAR, VISITOR = "198.51.100.9", "192.0.2.66", "203.0.113.5"


@pytest.fixture(autouse=True)
def _proxies(settings: Settings, alice: Affiliate) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32")]


def stored(client: Client, peer: str, forwarded: str | None) -> str | None:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    client.get("/go/DEMO/", headers=headers, REMOTE_ADDR=peer)
    with acting_for(Purpose.REFERRAL_TRACKING):
        address: str | None = Click.objects.get().address
    return address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PEER, None, PEER),
        (PEER, LIAR, PEER),  # anybody can write the header
        ("10.1.2.3", VISITOR, VISITOR),
        ("10.1.2.3", f"{LIAR}, {VISITOR}", VISITOR),  # what the visitor wrote stands further left
        ("10.1.2.3", f"{LIAR}, {VISITOR}, 10.9.9.9", VISITOR),
        ("2001:db8::1", "2001:DB9::5", "2001:db9::5"),
        ("10.1.2.3", "unknown", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("10.1.2.3", f"{VISITOR}:4711", VISITOR),
        ("10.1.2.3", "[2001:db9::5]:4711", "2001:db9::5"),
        ("10.1.2.3", f"{VISITOR}\x00", "10.1.2.3"),
        ("10.1.2.3", "," * 5000, "10.1.2.3"),
        ("", None, None),  # a Unix socket
        ("", VISITOR, VISITOR),
        ("", f"{LIAR}, {VISITOR}", VISITOR),
    ],
)
def test_forwarded_address_is_used_only_from_trusted_proxy(
    client: Client, peer: str, forwarded: str | None, address: str
) -> None:
    assert stored(client, peer, forwarded) == address


def test_forwarded_address_is_ignored_without_trusted_proxies(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []
    assert stored(client, "127.0.0.1", VISITOR) == "127.0.0.1"
