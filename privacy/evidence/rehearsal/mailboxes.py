"""Where mail to an address really goes, worked out here a second time: not as the site does it, which is tried."""

from __future__ import annotations

import idna


def envelope(address: str) -> str:
    """As a mail server gets it: the domain in ASCII and small letters, what is before the @ as it was written."""
    local, _, domain = address.strip().rpartition("@")
    small = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    return f"{local}@{small}"


def mailbox(address: str) -> str:
    """Two addresses have the same one if mail to either is read by the same person."""
    local, _, domain = envelope(address).rpartition("@")
    return f"{local.lower() if local.isascii() else local}@{domain}"
