"""Signed heads: the published end of the audit log, so that truncating or rewriting the log is detectable.

A head is a JSON object: `number` and `hash` of the last entry, the time `at`, the `public_key` (PEM), the `key_id` of
its root key, and the `signature` (base64): Ed25519 (RFC 8032) over four lines including their newlines,

    audit head 1
    <number>
    <hash>
    <at>

The key is the site's (`signing`). `verify_audit` accepts a head as long as its root key is in ENCRYPTION_KEYS. An
outsider only needs a public key saved earlier:

    jq -r .public_key head.json > key.pem
    jq -r .signature head.json | base64 -d > signature
    jq -r '"audit head 1", .number, .hash, .at' head.json > signed
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature

Two valid heads prove that the log was rolled back or rewritten if they have the same number and different hashes, or
if the later one has the smaller number.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.utils import timezone

from privacy.encryption.keys import RootKey, UnknownKey, key_ring

from .models import AuditEntry, Head
from .signing import private_key, public_pem, sign

_TYPES = {"number": int, "hash": str, "at": str, "key_id": str, "public_key": str, "signature": str}


class HeadRefused(ValueError):
    """The head is malformed or not signed by this site; the message says what is wrong."""


def signed_head(head: Head | None = None) -> dict[str, Any]:
    """The given or the current head, signed with the primary key, ready for `json.dumps`."""
    number, last_hash = head or AuditEntry.objects.head()
    root, at = key_ring().primary, timezone.now().isoformat(timespec="seconds")
    return {
        "number": number,
        "hash": last_hash,
        "at": at,
        "key_id": root.id.hex(),
        "public_key": public_pem(root),
        "signature": sign(_message(number, last_hash, at), root),
    }


def verify_head(head: Mapping[str, Any]) -> Head:
    """The content of a head signed with any key of the ring. Raises `HeadRefused`."""
    _require_shape(head)
    root = _root_key(head["key_id"])
    if head["public_key"] != public_pem(root):
        raise HeadRefused("the head's public key is not this site's")
    _require_signature(root, head)
    return Head(head["number"], head["hash"])


def _require_shape(head: Mapping[str, Any]) -> None:
    for name, kind in _TYPES.items():
        if type(head.get(name)) is not kind:  # True is an int to isinstance
            raise HeadRefused(f"the head has no {name}, or it has the wrong type")


def _root_key(key_id: str) -> RootKey:
    try:
        return key_ring().get(bytes.fromhex(key_id))
    except (ValueError, UnknownKey):
        raise HeadRefused("the head's key is not in ENCRYPTION_KEYS") from None


def _require_signature(root: RootKey, head: Mapping[str, Any]) -> None:
    try:
        signature = base64.b64decode(head["signature"], validate=True)
        private_key(root).public_key().verify(signature, _message(head["number"], head["hash"], head["at"]))
    except (binascii.Error, ValueError, InvalidSignature):
        raise HeadRefused("the head's signature does not match its content") from None


def _message(number: int, last_hash: str, at: str) -> bytes:
    return f"audit head 1\n{number}\n{last_hash}\n{at}\n".encode()
