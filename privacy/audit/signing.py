"""The site's signature: Ed25519 (RFC 8032), which everybody can check with a public key and nobody else can make.

The private key is derived from the primary root key, is never stored, and rotates with it. Each public key is recorded
when it is first used, signed with the one before, so that a reader who kept an old key can follow to the current one,
also when the old root key was removed long ago. That signature is over two parts,

    audit key 1
    <the new public key, PEM>

What is signed starts differently for each use (`audit head 1`, `audit key 1`, `{` for a JSON document), so that a
signature for one use is worth nothing for another.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, transaction

from privacy.encryption.keys import RootKey, derive_key, key_ring

from .models import SigningKey

KEY_MESSAGE = "audit key 1\n"


def sign(message: bytes, root: RootKey | None = None) -> str:
    """The signature in base64, by the primary key unless another is given."""
    return base64.b64encode(private_key(root or key_ring().primary).sign(message)).decode()


def public_pem(root: RootKey | None = None) -> str:
    return _pem(root or key_ring().primary)


@lru_cache(maxsize=8)
def private_key(root: RootKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive_key(root, "audit-head"))


def public_der() -> bytes:
    key = private_key(key_ring().primary).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=8)
def _pem(root: RootKey) -> str:
    key = private_key(root).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def published_keys(*, now: datetime) -> list[SigningKey]:
    """Every public key that ever signed, the oldest first. Records those of the ring that are new. One query."""
    known = list(SigningKey.objects.order_by("first_used_at", "number"))
    for root in reversed(key_ring().keys):
        if root.id.hex() not in {key.key_id for key in known}:
            known.append(_record(root, known, now))
    return known


def _record(root: RootKey, known: list[SigningKey], now: datetime) -> SigningKey:
    """Of two processes at once, one records it; both would write the same."""
    ring = {key.id.hex(): key for key in key_ring().keys}
    before = next((key.key_id for key in reversed(known) if key.key_id in ring), "")
    signature = sign((KEY_MESSAGE + public_pem(root)).encode(), ring[before]) if before else ""
    key = SigningKey(
        number=len(known) + 1,
        key_id=root.id.hex(),
        public_key=public_pem(root),
        first_used_at=now,
        signed_by=before,
        signature=signature,
    )
    with suppress(IntegrityError), transaction.atomic():
        key.save(force_insert=True)
    return key
