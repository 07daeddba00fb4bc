"""Links whose secret travels in the link: the database holds a digest of it, and nothing that opens the page.

A link that is made once (to confirm, to stop) is kept as `digest_of` its token. One that has to be written into later
mails too keeps its token in a `SealedTokenField`, with a unique `BlindIndexField` beside it that finds the row.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

from .fields import SealedTextField


def new_link_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def derived_token(token: str, use: object) -> str:
    """A further secret of whoever holds `token`, the same each time: a form that is sent twice leads to one page."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{use} {token}".encode()).digest()).decode().rstrip("=")


def digest_of(token: str) -> str:
    """64 hexadecimal digits. A token has enough randomness that a plain hash can't be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


class SealedTokenField(SealedTextField):
    """A token that this site makes itself, readable with the keys alone. It says nothing about anybody: the registry
    lists it among the columns that are not personal, and no answer to a person holds it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": new_link_token, "editable": False, **kwargs})
