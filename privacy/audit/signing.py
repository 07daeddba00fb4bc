"""The site's signatures: Ed25519 (RFC 8032), which anyone can verify with the public key.

The private key is derived from the primary root key, never stored, and rotates with it. Each public key is recorded at
its first use and signed with the previous one, so that anyone who saved an old key can trace it to the current one,
even if the old root key has been removed. That signature covers two parts,

    audit key 1
    <the new public key, PEM>

Signed content has a different prefix for each use (`audit head 1`, `audit key 1`, `payout head 1`, `{` for a JSON
document), so that a
signature for one use is invalid for another.
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
    """The signature in base64, with the primary key unless another is given."""
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
    """All public keys ever used, oldest first. Records new keys of the ring. One query."""
    known = list(SigningKey.objects.order_by("first_used_at", "number"))
    for root in reversed(key_ring().keys):
        if root.id.hex() not in {key.key_id for key in known}:
            known.append(_record(root, known, now))
    return known


def _record(root: RootKey, known: list[SigningKey], now: datetime) -> SigningKey:
    """Records a key. Concurrent processes would write the same row; one of them wins."""
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
