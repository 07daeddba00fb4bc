"""One spelling for each e-mail address and telephone number, so that a person is found however they type it."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import idna
import phonenumbers
from django.conf import settings

LONGEST_CODE = 100  # characters that are looked at; a code has at most 32
LONGEST_DOMAIN = 253  # characters, RFC 1035; longer text is no domain and is not worth converting


def normalize_email(value: str) -> str:
    """Two addresses share it only if mail to either goes to the same mailbox (ADR 24).

    It is `envelope_address`, the address that the mail server gets; where the part before the @ is all ASCII, that part
    in lower case. Text that is no address is compared as it is.
    """
    local, at, domain = envelope_address(value).rpartition("@")
    if not at:
        local, domain = domain, ""
    return f"{local.lower() if local.isascii() else local}{at}{domain}"


def envelope_address(value: str) -> str:
    """The address as it is handed to a mail server: the domain in ASCII, the part before the @ in Unicode's form C.

    Neither checked nor refused here: `privacy.encryption.email_addresses` does that.
    """
    local, at, domain = value.strip().rpartition("@")
    return (
        f"{unicodedata.normalize('NFC', local)}@{ascii_domain(domain)}" if at else unicodedata.normalize("NFC", domain)
    )


def ascii_domain(domain: str) -> str:
    """The domain as mail servers write it, in lower case. One that can't exist comes back as typed.

    IDNA 2008 after UTS 46, non-transitional: ß and ς are letters of their own.
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
    """What `normalize_email` gave before ADR 24: everything case-folded before the domain was converted.

    Only for what was stored then and can't be computed anew, because nothing but a fingerprint of it is left. Never
    changed, and equal to `normalize_email` for addresses in ASCII.
    """
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}" if at else text


_DIGEST = re.compile(r"[0-9a-f]{64}")


def email_fingerprint(value: str) -> str:
    """SHA-256, in hexadecimal, of the normalized address; what is such a fingerprint already is taken as it is.

    Alone it hides nothing, because addresses can be guessed: it is stored sealed, and found by a keyed index.
    """
    return value if _DIGEST.fullmatch(value) else hashlib.sha256(normalize_email(value).encode()).hexdigest()


def former_email_fingerprint(value: str) -> str:
    """The same of the former normal form. A fingerprint is taken as it is: it does not say which form it is of."""
    return value if _DIGEST.fullmatch(value) else hashlib.sha256(former_normal_form(value).encode()).hexdigest()


def phone_fingerprint(value: str) -> str:
    """The same of a telephone number. What can't be one is compared by its digits."""
    if _DIGEST.fullmatch(value):
        return value
    try:
        number = normalize_phone(value)
    except ValueError:
        number = "".join(character for character in value if character.isdigit())
    return _fingerprint("phone", number)


# What people write out and what they shorten: one spelling for both (USPS Publication 28, its commonest words).
_ABBREVIATED = {
    "avenue": "ave", "boulevard": "blvd", "drive": "dr", "lane": "ln", "road": "rd", "street": "st", "court": "ct",
    "place": "pl", "apartment": "apt", "suite": "ste", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip


def normalize_address(value: str) -> str:
    """A postal address as its words: no case, accents, punctuation or line breaks, the commonest words shortened."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(_ABBREVIATED.get(word, word) for word in re.findall(r"\w+", letters))


def address_fingerprint(value: str) -> str:
    """The same of a postal address."""
    return value if _DIGEST.fullmatch(value) else _fingerprint("address", normalize_address(value))


def normalize_code(value: str) -> str:
    """A partner's code as everybody's is compared: in capitals, with full-width letters and digits as their ASCII ones.

    `?ref=CODE/` is what is left of a link whose slash slipped behind the code.
    """
    return unicodedata.normalize("NFKC", value[:LONGEST_CODE]).strip().rstrip("/").upper()


def code_fingerprint(value: str) -> str:
    """The same of a partner's code."""
    return value if _DIGEST.fullmatch(value) else _fingerprint("code", normalize_code(value))


def _fingerprint(kind: str, normalized: str) -> str:
    """Of another kind than an e-mail address, so that the same text in two places has two fingerprints."""
    return hashlib.sha256(f"{kind}:{normalized}".encode()).hexdigest()


def normalize_phone(value: str) -> str:
    """E.164. A number without a country code is one of `settings.PHONE_REGION`, such as "US"; without that setting, no
    such number can be read. Raises `ValueError`.
    """
    try:
        number = phonenumbers.parse(value, getattr(settings, "PHONE_REGION", None))
    except phonenumbers.NumberParseException:
        raise ValueError("not a telephone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("too short or too long for a telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
