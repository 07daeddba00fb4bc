"""The link to somebody's choices, unforgeable and without the address in clear.

It holds the fingerprint of the address and the day it was made, sealed (AES-GCM): nobody without the keys can make one,
change one or read one. It never ends for stopping, because old mail must still let its reader stop us; it ends after
`REOPENS_FOR` for letting us in again (ADR 15).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
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
_TIME_BYTES = 5  # the moment in seconds; the normal form in one byte and the fingerprint stand behind it
_FORMER_BYTES = _TIME_BYTES + 32  # links from before ADR 24 hold no normal form


@dataclass(frozen=True)
class ChoicesLink:
    """What a link that opens says: the fingerprint, which stands for the address, and when it was made."""

    fingerprint: str
    made_at: datetime
    normal_form: int = NormalForm.PRESENT

    def may_reopen(self, now: datetime) -> bool:
        """Not by a link of the former normal form, which may be in the mail of a look-alike's owner."""
        return self.normal_form == NormalForm.PRESENT and now < self.made_at + REOPENS_FOR


def choices_token(email: str, *, now: datetime) -> str:
    """95 characters, safe in an address."""
    made_at, form = int(now.timestamp()).to_bytes(_TIME_BYTES), bytes([NormalForm.PRESENT])
    content = made_at + form + bytes.fromhex(email_fingerprint(email))
    return base64.urlsafe_b64encode(seal(content, place=_PLACE, row=b"")).decode().rstrip("=")


def read_token(token: str) -> ChoicesLink | None:
    """None for whatever this site has not made."""
    try:
        sealed = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        content = unseal(sealed, place=_PLACE, row=b"")
    except (UnicodeEncodeError, binascii.Error, SealBroken, UnknownKey):
        return None
    made_at = datetime.fromtimestamp(int.from_bytes(content[:_TIME_BYTES]), tz=UTC)
    if len(content) == _FORMER_BYTES:
        return ChoicesLink(content[_TIME_BYTES:].hex(), made_at, NormalForm.FORMER)
    return ChoicesLink(content[_TIME_BYTES + 1 :].hex(), made_at, content[_TIME_BYTES])


def choices_url(email: str, *, now: datetime) -> str:
    """The page of choices of whoever reads the mail to this address."""
    return settings.SITE_URL + reverse("privacy:choices", args=[choices_token(email, now=now)])


def one_click_url(email: str, *, purpose: Purpose, now: datetime) -> str:
    """Where a mail program posts when its reader presses its button to unsubscribe (RFC 8058)."""
    return settings.SITE_URL + reverse("privacy:one_click", args=[choices_token(email, now=now), purpose])
