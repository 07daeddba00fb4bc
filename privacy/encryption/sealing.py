"""Sealing: authenticated encryption of one value, bound to its place.

Format: `0x01 | key id (4 bytes) | nonce (12) | AES-256-GCM ciphertext and tag (16)`.
The associated data contains version, key ID, place and row, so that a sealed value moved to another column or row
doesn't open. The key ID is explicit, so that opening doesn't have to try several keys.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.signals import setting_changed
from django.dispatch import receiver

from .keys import KEY_ID_BYTES, RootKey, derive_fleeting_key, derive_key, key_ring, length_prefixed

VERSION = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES
BODY_STARTS = HEADER_BYTES + NONCE_BYTES
OVERHEAD = BODY_STARTS + TAG_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a sealed value: a table and column, or another use with two names."""

    table: str
    column: str
    use: str = "seal"

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


class SealBroken(ValueError):
    """A stored value doesn't open: tampered with, truncated, moved, or never sealed. Names its place and row."""


class SealedBytes(bytes):
    """A sealed value as stored. A separate type, so that it can't be confused with clear text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<sealed, {len(self)} bytes>"

    @property
    def key_id(self) -> bytes:
        return bytes(self[1:HEADER_BYTES])


Opener = tuple[
    Callable[[bytes, bytes, bytes], bytes], bytes
]  # AES-GCM's decrypt, and the prefix of the associated data


class Openers(dict[bytes, Opener]):
    """Functions that open the values of one place, by header; cached per key for speed."""

    def __init__(self, place: Place, find: Callable[[bytes], RootKey]) -> None:
        self.place = place
        self.find = find

    def cipher(self, root: RootKey) -> AESGCM:
        return _cipher(root, self.place)

    def __missing__(self, header: bytes) -> Opener:
        if len(header) < HEADER_BYTES or header[:1] != VERSION:
            raise SealBroken("something that was never sealed, or was cut short")
        root = self.find(header[1:])
        self[header] = opener = (self.cipher(root).decrypt, _bound_to(header, self.place))
        return opener


def seal(plaintext: bytes, *, place: Place, row: bytes, root: RootKey | None = None) -> SealedBytes:
    """Seals with `root`, by default the primary key. `row` is the row's primary key or another identifier.

    A given `root` is not cached.
    """
    if root is None:
        root = key_ring().primary
        cipher = _cipher(root, place)
    else:
        cipher = fleeting_cipher(root, place)
    header, nonce = VERSION + root.id, secrets.token_bytes(NONCE_BYTES)
    ciphertext = cipher.encrypt(nonce, plaintext, _bound_to(header, place) + row)
    return SealedBytes(header + nonce + ciphertext)


def unseal(sealed: bytes, *, place: Place, row: bytes) -> bytes:
    """Opens a sealed value. Raises `SealBroken`, or `UnknownKey` if its key isn't in the ring."""
    return open_with(openers_of(place), sealed, row)


def open_with(openers: Openers, sealed: bytes, row: bytes) -> bytes:
    """Like `unseal`, for callers that keep the openers of a place."""
    try:
        decrypt, bound_to = openers[sealed[:HEADER_BYTES]]
        return decrypt(sealed[HEADER_BYTES:BODY_STARTS], sealed[BODY_STARTS:], bound_to + row)
    except (InvalidTag, ValueError) as error:  # ValueError: too short for a nonce, or `SealBroken` from above
        what = str(error) if isinstance(error, SealBroken) else "tampered with, cut short, or moved here from elsewhere"
        raise SealBroken(f"{openers.place} of row {row.hex()}: {what}") from None
    except LookupError as error:
        error.add_note(f"needed for {openers.place} of row {row.hex()}")
        raise


_openers: dict[Place, Openers] = {}


def openers_of(place: Place) -> Openers:
    """The cached openers of a place, with keys from the ring."""
    return _openers.setdefault(place, Openers(place, lambda key_id: key_ring().get(key_id)))


@lru_cache(maxsize=4096)
def _cipher(root: RootKey, place: Place) -> AESGCM:
    return AESGCM(derive_key(root, place.use, place.table, place.column))


def fleeting_cipher(root: RootKey, place: Place) -> AESGCM:
    return AESGCM(derive_fleeting_key(root, place.use, place.table, place.column))


@lru_cache(maxsize=4096)
def _bound_to(header: bytes, place: Place) -> bytes:
    """The associated data without the row, which is appended; length-prefixed, so that it is unambiguous."""
    return length_prefixed(VERSION, header[1:], str(place).encode())


@receiver(setting_changed)
def _forget_keys(*, setting: str, **kwargs: object) -> None:
    """Clears caches when the setting changes, in tests."""
    if setting == "ENCRYPTION_KEYS":
        for openers in _openers.values():
            openers.clear()
