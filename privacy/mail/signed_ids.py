"""Signed ids: what our mails carry in headers and addresses, so that an answer, a bounce or a wish to unsubscribe finds
its row. Only this site can make one, and none says anything about a person.

An id is base32 in lower case, because some mail servers change the case of addresses. With 28 bytes it has 45
characters: the part of an address before the @ has 64 at most (RFC 5321, section 4.5.3.1.1).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Sequence

from privacy.encryption.keys import RootKey, derive_key, key_ring, length_prefixed

SIGNATURE_BYTES = 12
MOST_READ = 50  # ids read in one text; each costs a few microseconds for each model
_ID = re.compile(r"(?<![a-z2-7])[a-z2-7]{45,71}(?=@)", re.IGNORECASE)


def signed_id(content: bytes, *, use: str, covered: Sequence[str] = ()) -> str:
    """`content` with its signature, which also covers texts that the reader has to know."""
    signature = _signature(key_ring().primary, content, use, covered)
    return base64.b32encode(content + signature).decode().rstrip("=").lower()


def ids_in(text: str) -> Iterator[tuple[bytes, bytes]]:
    """Content and signature of whatever looks like a signed id before an @."""
    for number, found in enumerate(_ID.finditer(text)):
        if number == MOST_READ:
            return
        try:
            read = base64.b32decode(found[0].upper() + "=" * (-len(found[0]) % 8))
        except binascii.Error:
            continue
        yield read[:-SIGNATURE_BYTES], read[-SIGNATURE_BYTES:]


def is_signed(content: bytes, signature: bytes, *, use: str, covered: Sequence[str] = ()) -> bool:
    """Whether a key in the ring signed it, for this use."""
    return any(hmac.compare_digest(_signature(root, content, use, covered), signature) for root in key_ring().keys)


def _signature(root: RootKey, content: bytes, use: str, covered: Sequence[str]) -> bytes:
    signed = length_prefixed(content, *(text.encode() for text in covered))
    return hmac.digest(derive_key(root, use), signed, "sha256")[:SIGNATURE_BYTES]
