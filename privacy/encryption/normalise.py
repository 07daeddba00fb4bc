"""One spelling for each e-mail address and telephone number, so that a person is found however they type it."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import idna
import phonenumbers
from django.conf import settings


def normalise_email(value: str) -> str:
    """NFKC, no surrounding space, case folded, the domain in its ASCII form (IDNA 2008, UTS 46)."""
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}" if at else text


def ascii_domain(domain: str) -> str:
    """The domain as mail servers write it; one that can't exist comes back as typed."""
    if domain.isascii():
        return domain  # nothing to convert, which is nearly always so
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain  # not a domain that can exist; it is compared as typed


_DIGEST = re.compile(r"[0-9a-f]{64}")


def email_fingerprint(value: str) -> str:
    """SHA-256, in hexadecimal, of the normalised address; what is such a fingerprint already is taken as it is.

    Alone it hides nothing, because addresses can be guessed: it is stored sealed, and found by a keyed index.
    """
    return value if _DIGEST.fullmatch(value) else hashlib.sha256(normalise_email(value).encode()).hexdigest()


def phone_fingerprint(value: str) -> str:
    """The same of a telephone number. What can't be one is compared by its digits."""
    if _DIGEST.fullmatch(value):
        return value
    try:
        number = normalise_phone(value)
    except ValueError:
        number = "".join(character for character in value if character.isdigit())
    return _fingerprint("phone", number)


# What people write out and what they shorten: one spelling for both (USPS Publication 28, its commonest words).
_ABBREVIATED = {
    "avenue": "ave", "boulevard": "blvd", "drive": "dr", "lane": "ln", "road": "rd", "street": "st", "court": "ct",
    "place": "pl", "apartment": "apt", "suite": "ste", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip


def normalise_address(value: str) -> str:
    """A postal address as its words: no case, accents, punctuation or line breaks, the commonest words shortened."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(_ABBREVIATED.get(word, word) for word in re.findall(r"\w+", letters))


def address_fingerprint(value: str) -> str:
    """The same of a postal address."""
    return value if _DIGEST.fullmatch(value) else _fingerprint("address", normalise_address(value))


def _fingerprint(kind: str, normalised: str) -> str:
    """Of another kind than an e-mail address, so that the same text in two places has two fingerprints."""
    return hashlib.sha256(f"{kind}:{normalised}".encode()).hexdigest()


def normalise_phone(value: str) -> str:
    """E.164, read as a number of the vendor's own country when no country is given. Raises `ValueError`."""
    try:
        number = phonenumbers.parse(value, settings.BUSINESS["country"])
    except phonenumbers.NumberParseException:
        raise ValueError("not a telephone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("too short or too long for a telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
