"""The hash under which a session is stored. The key in the cookie is never stored."""

from __future__ import annotations

import hmac
from uuid import UUID

from privacy.encryption.keys import RootKey, derive_key, key_ring


def digest(cookie_key: str, root: RootKey | None = None) -> UUID:
    """HMAC-SHA256 of the key in the cookie, truncated to the 128 bits of a UUID; by default with the primary root
    key."""
    key = derive_key(root or key_ring().primary, "session")
    return UUID(bytes=hmac.digest(key, cookie_key.encode(), "sha256")[:16])


def digests(cookie_key: str) -> list[UUID]:
    """The hash with each key in the ring, the primary first, so that rotation signs nobody out until the old key is
    removed."""
    return [digest(cookie_key, root) for root in key_ring().keys]
