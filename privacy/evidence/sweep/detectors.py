"""Detectors for email addresses, phone numbers, card numbers, IP addresses and tokens in text. Optimized for speed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from django.conf import settings
from phonenumbers import Leniency, PhoneNumberMatcher

from privacy.encryption.validators import has_card_number
from privacy.registry.clear_text import Sign

# IDs and timestamps, whose digits could be mistaken for phone or card numbers.
_IDS = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![0-9A-Za-z])[0-9a-f]{32}(?:[0-9a-f]{8}|[0-9a-f]{32})?(?![0-9A-Za-z])"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[\w-]{2,}")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ()./-]{6,}\d(?!\w)")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}|:)(?:[0-9a-fA-F:]*)(?![\w:])")
_TOKEN = re.compile(r"(?<![\w./-])[A-Za-z0-9_-]{24,}(?![\w/-])")
CHANGES = 0.25  # minimum changes of letter/digit or case per character; random text has twice as many, words few
NUMBERS = 200  # candidates checked per text


def signs_in(text: str) -> Iterator[Sign]:
    """Each kind detected in the text, once. The business's own address and number don't count."""
    for own in (settings.BUSINESS["email"], settings.BUSINESS["phone"]):
        text = text.replace(own, "")
    text = _IDS.sub("~", text)
    yield from (sign for sign, is_in in _CHECKS.items() if is_in(text))


def has_email(text: str) -> bool:
    return "@" in text and _EMAIL.search(text) is not None


def has_phone(text: str) -> bool:
    """Whether there is a valid phone number, in the business's country or with a country code."""
    found = [match.group() for match, _ in zip(_PHONE.finditer(text), range(NUMBERS), strict=False)]
    region = settings.BUSINESS["country"]
    return any(PhoneNumberMatcher(number, region, leniency=Leniency.VALID).has_next() for number in found)


def has_network_address(text: str) -> bool:
    """Whether there is a public IP address."""
    return any(_is_somebodys(match.group()) for pattern in (_IPV4, _IPV6) for match in pattern.finditer(text))


def has_token(text: str) -> bool:
    """Whether there is random text long enough to be a secret."""
    return any(_is_random(match.group()) for match in _TOKEN.finditer(text))


def is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text.strip()) is not None


def emails_in(text: str) -> list[str]:
    return _EMAIL.findall(text) if "@" in text else []


def _is_somebodys(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    own = address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast
    return not own and not any(address in network for network in _PRIVATE)


_PRIVATE = [*map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "0.0.0.0/8"))]


def _is_random(text: str) -> bool:
    kinds = ["0" if c.isdigit() else "a" if c.islower() else "A" for c in text if c.isalnum()]
    changes = sum(one != other for one, other in zip(kinds, kinds[1:], strict=False))
    return len({*kinds} - {"0"}) > 0 and "0" in kinds and changes >= CHANGES * len(text)


_CHECKS: dict[Sign, Callable[[str], bool]] = {
    Sign.EMAIL: has_email,
    Sign.PHONE: has_phone,
    Sign.CARD: has_card_number,
    Sign.NETWORK: has_network_address,
    Sign.TOKEN: has_token,
}
