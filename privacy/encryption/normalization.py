"""Normalization of email addresses, phone numbers, postal addresses and codes, so that lookups ignore spelling."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import idna
import phonenumbers
from django.conf import settings

LONGEST_CODE = 100  # characters considered; a code has at most 32
LONGEST_DOMAIN = 253  # characters, RFC 1035; longer text is not converted


def normalize_email(value: str) -> str:
    """The normal form of an address. Two addresses share it only if they reach the same mailbox (ADR 24).

    It is `envelope_address`, with the local part in lower case if it is ASCII. Other text is unchanged.
    """
    local, at, domain = envelope_address(value).rpartition("@")
    if not at:
        local, domain = domain, ""
    return f"{local.lower() if local.isascii() else local}{at}{domain}"


def envelope_address(value: str) -> str:
    """The address for a mail server: the domain in ASCII, the local part in Unicode's form C.

    Doesn't validate; `privacy.encryption.email_addresses` does.
    """
    local, at, domain = value.strip().rpartition("@")
    return (
        f"{unicodedata.normalize('NFC', local)}@{ascii_domain(domain)}" if at else unicodedata.normalize("NFC", domain)
    )


def ascii_domain(domain: str) -> str:
    """The domain in lower-case ASCII. Invalid domains are returned unchanged.

    IDNA 2008 after UTS 46, non-transitional: ß and ς are distinct letters.
    """
    if domain.isascii():
        return domain.lower()
    if len(domain) > LONGEST_DOMAIN:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # `IDNAError` is one
        return domain


def former_normal_form(value: str) -> str:
    """The normal form before ADR 24, which case-folded everything before converting the domain.

    Only for fingerprints that were stored then and can't be recomputed. Must never change. Same as `normalize_email`
    for ASCII addresses.
    """
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}" if at else text


_DIGEST = re.compile(r"[0-9a-f]{64}")


def email_fingerprint(value: str) -> str:
    """SHA-256, in hexadecimal, of the normalized address. Fingerprints are returned unchanged.

    It doesn't hide the address, which can be guessed, so it is stored sealed and found by a keyed index.
    """
    return value if _DIGEST.fullmatch(value) else hashlib.sha256(normalize_email(value).encode()).hexdigest()


def former_email_fingerprint(value: str) -> str:
    """Fingerprint of the former normal form. Fingerprints are returned unchanged, whichever form they are of."""
    return value if _DIGEST.fullmatch(value) else hashlib.sha256(former_normal_form(value).encode()).hexdigest()


def phone_fingerprint(value: str) -> str:
    """Fingerprint of a phone number; of the digits if it isn't valid."""
    if _DIGEST.fullmatch(value):
        return value
    try:
        number = normalize_phone(value)
    except ValueError:
        number = "".join(character for character in value if character.isdigit())
    return _fingerprint("phone", number)


# Common abbreviations in addresses (USPS Publication 28).
_ABBREVIATED = {
    "avenue": "ave", "boulevard": "blvd", "drive": "dr", "lane": "ln", "road": "rd", "street": "st", "court": "ct",
    "place": "pl", "apartment": "apt", "suite": "ste", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip


def normalize_address(value: str) -> str:
    """The words of a postal address, without case, accents, punctuation and line breaks; common words abbreviated."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(_ABBREVIATED.get(word, word) for word in re.findall(r"\w+", letters))


def address_fingerprint(value: str) -> str:
    """Fingerprint of a postal address."""
    return value if _DIGEST.fullmatch(value) else _fingerprint("address", normalize_address(value))


def normalize_code(value: str) -> str:
    """The normal form of an affiliate code: upper case, with full-width characters converted to ASCII.

    A trailing slash is removed, because it may have been appended to `?ref=CODE`.
    """
    return unicodedata.normalize("NFKC", value[:LONGEST_CODE]).strip().rstrip("/").upper()


def code_fingerprint(value: str) -> str:
    """Fingerprint of an affiliate code."""
    return value if _DIGEST.fullmatch(value) else _fingerprint("code", normalize_code(value))


_LOOK_ALIKES = str.maketrans("OILZSGB", "0112568", "-_")


def code_look(value: str) -> str:
    """What codes that are easily mistaken for each other have in common: `B0B-1`, `BOBI` and `8o8l`."""
    return normalize_code(value).replace("RN", "M").replace("VV", "W").translate(_LOOK_ALIKES)


def code_look_fingerprint(value: str) -> str:
    """Fingerprint of the look of an affiliate code."""
    return value if _DIGEST.fullmatch(value) else _fingerprint("code look", code_look(value))


def _fingerprint(kind: str, normalized: str) -> str:
    """Fingerprint with a prefix, so that the same text has different fingerprints in different roles."""
    return hashlib.sha256(f"{kind}:{normalized}".encode()).hexdigest()


def normalize_phone(value: str) -> str:
    """The number in E.164 format. `settings.PHONE_REGION`, such as "US", is the country of numbers without a country
    code; without this setting, they are refused. Raises `ValueError`.
    """
    try:
        number = phonenumbers.parse(value, getattr(settings, "PHONE_REGION", None))
    except phonenumbers.NumberParseException:
        raise ValueError("not a phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("too short or too long for a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
