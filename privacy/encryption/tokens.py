"""Tokens of secret links. The database stores only hashes, which don't open the page.

A link that is created once (a confirmation link) is stored as the hash of its token. A link that later mails repeat is
stored in a `SealedTokenField`, with a unique `BlindIndexField` to find the row.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

from .fields import SealedTextField


def generate_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def derive_token(token: str, use: object) -> str:
    """Another secret derived from `token`, always the same, so that a form submitted twice leads to one page."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{use} {token}".encode()).digest()).decode().rstrip("=")


def hash_token(token: str) -> str:
    """64 hexadecimal digits. Tokens are random enough for a plain hash."""
    return hashlib.sha256(token.encode()).hexdigest()


class SealedTokenField(SealedTextField):
    """A sealed token created by this site. It isn't personal data, so the registry lists it among the other columns,
    and access archives leave it out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": generate_token, "editable": False, **kwargs})
