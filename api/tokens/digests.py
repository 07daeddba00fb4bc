"""Tokens and the digests under which they are stored."""

from __future__ import annotations

import hmac
import re
import secrets

from privacy.encryption.keys import RootKey, derive_key, key_ring

PREFIX = "api_"  # by which scanners for secrets, and people, recognize one
TOKEN = re.compile(r"api_[A-Za-z0-9_-]{43}")


def generate_api_token() -> str:
    """256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str, root: RootKey | None = None) -> str:
    """HMAC-SHA256, 64 hexadecimal digits; by default with the primary root key."""
    return hmac.digest(derive_key(root or key_ring().primary, "api-token"), token.encode(), "sha256").hex()


def digests(token: str) -> list[str]:
    """With each key in the ring, the primary first, so that a rotation revokes nothing."""
    return [digest(token, root) for root in key_ring().keys]
