"""Single-use links: the secret travels in the link, only its digest is stored."""

from __future__ import annotations

import hashlib
import secrets


def new_link_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """64 hexadecimal digits. A token has enough randomness that a plain hash can't be searched."""
    return hashlib.sha256(token.encode()).hexdigest()
