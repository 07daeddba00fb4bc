"""Which addresses typed by others the site may connect to, and how a typed URL is read."""

from __future__ import annotations

import pytest

from privacy.web.public_https import SPECIAL_NAMES, NotPublic, URLRefused, clean_url, is_public, resolve_public


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "3ffe::1"]
)
def test_public_address_may_be_connected_to(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
        *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
        *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        "168.63.129.16",
        *("::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::8.8.8.8"),
        *("64:ff9b::8.8.8.8", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254"),
        *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    ],
)
def test_address_of_no_public_host_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("ending", sorted(SPECIAL_NAMES))
def test_name_of_private_networks_is_not_even_looked_up(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **options: pytest.fail("looked up"))
    with pytest.raises(NotPublic):
        resolve_public(f"hooks.{ending}")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("  https://Hooks.Example.COM:443/A?b=c%20d&e  ", "https://hooks.example.com/A?b=c%20d&e"),
        ("https://hooks.example.com./", "https://hooks.example.com/"),
        ("https://例え.example.com/路", "https://xn--r8jz45g.example.com/%E8%B7%AF"),
        ("https://ｈｏｏｋｓ.example.com/", "https://hooks.example.com/"),  # noqa: RUF001
    ],
)
def test_url_is_brought_to_one_spelling(typed: str, url: str) -> None:
    assert clean_url(typed) == url
    assert clean_url(url) == url


@pytest.mark.parametrize(
    "typed",
    [
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://db.ⓘnternal/",
        "https://db。local/",
        "https://①②⑦.0.0.1/",
        "https://hooks.example.com:443:80/",
        "//x.com/",
    ],
)
def test_spelling_that_hides_an_address_is_refused(typed: str) -> None:
    with pytest.raises(URLRefused):
        clean_url(typed)
