"""Host names are reduced to their registrable domain; uninformative or revealing ones are unknown."""

from __future__ import annotations

import pytest

from aitpro.traffic.domains import UNKNOWN, domain_of, is_public


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("dsl-7.customers.example.com.", "example.com"),
        ("HOST.Example.CO.UK", "example.co.uk"),
        ("example.org", "example.org"),
        ("a.b.c.xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("alice.dyndns.org", "dyndns.org"),  # a customer of it, whose own name would say who this is
    ],
)
def test_only_the_registered_domain_is_left(name: str, domain: str) -> None:
    assert domain_of(name, "8.20.30.40") == domain


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "com",
        "localhost",
        "router.lan",
        "alice@example.com",
        "exa mple.com",
        "example\x00.com",
        "example.com\r\nx",
        "<script>.com",
        "büro.example.com",
        "-x.com",
        ("a" * 64) + ".com",
        ".".join(["a" * 60] * 5) + ".com",
    ],
)
def test_a_name_that_is_no_plain_host_name_is_unknown(name: str) -> None:
    assert domain_of(name, "8.20.30.40") == UNKNOWN


@pytest.mark.parametrize(
    "name",
    [
        "8-20-30-40.com",
        "008020030040.com",
        "40-30-20-8.net",
        "x08141e28.org",  # in hexadecimal
        "ip135536168.org",  # as one number
    ],
)
def test_a_domain_that_spells_the_address_is_unknown(name: str) -> None:
    assert domain_of("host.example.com", "8.20.30.40") == "example.com"
    assert domain_of(name, "8.20.30.40") == UNKNOWN


def test_a_domain_that_spells_an_ipv6_address_is_unknown() -> None:
    assert domain_of("x.isp.net", "2a02:8071:1234:5678::9") == "isp.net"
    assert domain_of("2a028071123456780000000000000009.net", "2a02:8071:1234:5678::9") == UNKNOWN


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.0.1", "::1", "fe80::1", "fd00::1", None]
)
def test_nobody_is_asked_about_a_private_network(address: str | None) -> None:
    assert not is_public(address)
    assert is_public("8.20.30.40")
