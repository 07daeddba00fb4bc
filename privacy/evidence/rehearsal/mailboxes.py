"""An independent implementation of mailbox equality, to check the site's own."""

from __future__ import annotations

import idna


def envelope(address: str) -> str:
    """The address for a mail server: domain in lower-case ASCII, local part unchanged."""
    local, _, domain = address.strip().rpartition("@")
    small = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    return f"{local}@{small}"


def mailbox(address: str) -> str:
    """The same for two addresses if mail to either reaches the same mailbox."""
    local, _, domain = envelope(address).rpartition("@")
    return f"{local.lower() if local.isascii() else local}@{domain}"
