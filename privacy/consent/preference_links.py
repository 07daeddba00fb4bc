"""Preferences links: unforgeable, without the email address in clear text.

A link contains the address and its creation time, sealed with AES-GCM: without the keys, nobody can create, change or
read one. Opting out works forever, because the links in old mail must work; opting back in works
for `REOPENS_FOR` only (ADR 15).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.urls import reverse

from privacy.encryption.fingerprints import NormalForm
from privacy.encryption.keys import UnknownKey
from privacy.encryption.normalization import email_fingerprint
from privacy.encryption.sealing import Place, SealBroken, seal, unseal
from privacy.registry.purposes import Purpose

REOPENS_FOR = timedelta(days=30)
_PLACE = Place("privacy.preferences", "link", use="link")
_TIME_BYTES = 5  # the time in seconds; followed by one byte for the normal form, and the address
_ADDRESS_BLOCK = 32  # the address is padded to a multiple, because its length could tell whose it is
_FORMER_BYTES = _TIME_BYTES + 32  # links from before ADR 24 contain no normal form


@dataclass(frozen=True)
class PreferencesLink:
    """The content of a valid link: the address, its fingerprint and the link's creation time. Links of the former
    normal form contain no address."""

    fingerprint: str
    made_at: datetime
    normal_form: int = NormalForm.PRESENT
    email: str = field(default="", repr=False)

    def may_reopen(self, now: datetime) -> bool:
        """Whether the link allows opting back in. Links of the former normal form don't: the owner of a look-alike
        address may have one."""
        return self.normal_form == NormalForm.PRESENT and now < self.made_at + REOPENS_FOR


def preferences_token(email: str, *, now: datetime) -> str:
    """95 URL-safe characters, more for an address of more than 32 bytes."""
    made_at, form, address = int(now.timestamp()).to_bytes(_TIME_BYTES), bytes([NormalForm.PRESENT]), email.encode()
    content = made_at + form + address + bytes(-len(address) % _ADDRESS_BLOCK)
    return base64.urlsafe_b64encode(seal(content, place=_PLACE, row=b"")).decode().rstrip("=")


def read_token(token: str) -> PreferencesLink | None:
    """The link's content; None for an invalid token."""
    try:
        sealed = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        content = unseal(sealed, place=_PLACE, row=b"")
    except (UnicodeEncodeError, binascii.Error, SealBroken, UnknownKey):
        return None
    made_at = datetime.fromtimestamp(int.from_bytes(content[:_TIME_BYTES]), tz=UTC)
    if len(content) == _FORMER_BYTES:
        return PreferencesLink(content[_TIME_BYTES:].hex(), made_at, NormalForm.FORMER)
    email = content[_TIME_BYTES + 1 :].rstrip(b"\0").decode()
    return PreferencesLink(email_fingerprint(email), made_at, content[_TIME_BYTES], email)


def preferences_url(email: str, *, now: datetime) -> str:
    """The URL of the preferences page for this address."""
    return settings.SITE_URL + reverse("privacy:choices", args=[preferences_token(email, now=now)])


def one_click_url(email: str, *, purpose: Purpose, now: datetime) -> str:
    """The one-click unsubscribe URL (RFC 8058)."""
    return settings.SITE_URL + reverse("privacy:one_click", args=[preferences_token(email, now=now), purpose])
