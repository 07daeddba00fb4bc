"""The digest under which a session is stored. The cookie's key itself is nowhere in the database."""

from __future__ import annotations

import hmac
from uuid import UUID

from privacy.encryption.keys import RootKey, derive_key, key_ring


def digest(cookie_key: str, root: RootKey | None = None) -> UUID:
    """HMAC-SHA256 of the key in the cookie, cut to the 128 bits of a UUID; by default under the primary root key."""
    key = derive_key(root or key_ring().primary, "session")
    return UUID(bytes=hmac.digest(key, cookie_key.encode(), "sha256")[:16])


def digests(cookie_key: str) -> list[UUID]:
    """The digest under every key in the ring, the primary first: a rotation signs nobody out before its old key is
    taken out."""
    return [digest(cookie_key, root) for root in key_ring().keys]
