"""Sealing: authenticated encryption of one value, bound to the place where it belongs.

Format: `0x01 | key id (4 bytes) | nonce (12) | AES-256-GCM ciphertext and tag (16)`.
The associated data holds version, key id, place and row, so that a sealed value moved to another column or another row
does not open. The key id is explicit: opening never tries one key after another.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .keys import KEY_ID_BYTES, RootKey, UnknownKey, derive_key, key_ring, length_prefixed

VERSION = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
_HEADER = len(VERSION) + KEY_ID_BYTES
OVERHEAD = _HEADER + NONCE_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs: a table and a column, or another use with two names of its own."""

    table: str
    column: str
    use: str = "seal"

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


class SealBroken(ValueError):
    """A stored value does not open: tampered with, cut short, moved, or never sealed. The message names place and row."""


class SealedBytes(bytes):
    """A sealed value as it is stored. Being a type of its own, it is never mistaken for what it hides."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<sealed, {len(self)} bytes>"

    @property
    def key_id(self) -> bytes:
        return bytes(self[1:_HEADER])


def seal(plaintext: bytes, *, place: Place, row: bytes) -> SealedBytes:
    """Seals with the primary key. `row` is the row's primary key, or whatever else names the value's owner."""
    root = key_ring().primary
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = _cipher(root, place).encrypt(nonce, plaintext, _associated_data(root.id, place, row))
    return SealedBytes(VERSION + root.id + nonce + ciphertext)


def unseal(sealed: bytes, *, place: Place, row: bytes) -> bytes:
    """Opens a sealed value. Raises `SealBroken`, or `UnknownKey` when its key is not in the ring."""
    if len(sealed) < OVERHEAD or sealed[:1] != VERSION:
        raise SealBroken(f"{place} of row {_name(row)} holds something that was never sealed or was cut short")
    key_id, nonce = bytes(sealed[1:_HEADER]), sealed[_HEADER : _HEADER + NONCE_BYTES]
    try:
        root = key_ring().get(key_id)
    except UnknownKey as error:
        error.add_note(f"needed for {place} of row {_name(row)}")
        raise
    try:
        return _cipher(root, place).decrypt(
            nonce, sealed[_HEADER + NONCE_BYTES :], _associated_data(key_id, place, row)
        )
    except InvalidTag:
        raise SealBroken(f"{place} of row {_name(row)} was tampered with or moved here from elsewhere") from None


@lru_cache(maxsize=4096)
def _cipher(root: RootKey, place: Place) -> AESGCM:
    return AESGCM(derive_key(root, place.use, place.table, place.column))


def _associated_data(key_id: bytes, place: Place, row: bytes) -> bytes:
    return length_prefixed(VERSION, key_id, str(place).encode(), row)


def _name(row: bytes) -> str:
    return row.hex()
