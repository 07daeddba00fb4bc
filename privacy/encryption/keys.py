"""The key ring: root keys from the environment, and keys derived from them for each use, table and column.

A root key never encrypts anything itself. Every use has its own key, derived by HKDF-SHA256 (RFC 5869), so that a
leaked column key opens no other column.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_ID_BYTES = 4
KEY_BYTES = 32


class KeyProblem(ValueError):
    """A problem with ENCRYPTION_KEYS, with the ID of its system check. The message contains no key."""

    def __init__(self, number: str, message: str) -> None:
        super().__init__(message)
        self.number = number


class UnknownKey(LookupError):
    """A value was sealed with a key that isn't in the ring; the message contains the key's ID in hexadecimal."""

    def __init__(self, key_id: bytes) -> None:
        super().__init__(f"no key with the id {key_id.hex()} is in ENCRYPTION_KEYS")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class RootKey:
    id: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> RootKey:
        return cls(secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> RootKey:
        """Reads `<8 hexadecimal digits>:<32 bytes in URL-safe base64>`. Raises `KeyProblem`."""
        key_id, separator, secret = text.strip().partition(":")
        if not separator:
            raise KeyProblem("privacy.E021", "each key is written as ID:SECRET (make one with `generate_key`)")
        try:
            key = cls(bytes.fromhex(key_id), base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))
        except (ValueError, binascii.Error):
            raise KeyProblem("privacy.E021", "a key is not ID:SECRET in hexadecimal and URL-safe base64") from None
        if len(key.id) != KEY_ID_BYTES:
            raise KeyProblem("privacy.E021", "a key's id must be 8 hexadecimal digits")
        if len(key.secret) != KEY_BYTES:
            raise KeyProblem("privacy.E021", f"the key {key_id} must hold {KEY_BYTES} bytes")
        return key

    def __str__(self) -> str:
        return f"root key {self.id.hex()}"  # without the secret, for logs and f-strings

    def written_out(self) -> str:
        """ID and secret, in the format of `parse`. Only for the operator."""
        return f"{self.id.hex()}:{base64.urlsafe_b64encode(self.secret).decode().rstrip('=')}"


@dataclass(frozen=True, slots=False)
class KeyRing:
    """The root keys. The first one, `primary`, seals; the others only open older values."""

    keys: tuple[RootKey, ...]

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Reads keys separated by commas, the primary first. Raises `KeyProblem`."""
        keys = tuple(RootKey.parse(part) for part in text.split(",") if part.strip())
        if not keys:
            raise KeyProblem("privacy.E020", "at least one key is needed")
        if len({key.id for key in keys}) != len(keys) or len({key.secret for key in keys}) != len(keys):
            raise KeyProblem("privacy.E022", "two keys share an id or a secret")
        return cls(keys)

    @property
    def primary(self) -> RootKey:
        return self.keys[0]

    @cached_property
    def by_id(self) -> Mapping[bytes, RootKey]:
        return {key.id: key for key in self.keys}

    def get(self, key_id: bytes) -> RootKey:
        try:
            return self.by_id[key_id]
        except KeyError:
            raise UnknownKey(key_id) from None


def check_keys(text: str, secret_key: str) -> None:
    """Raises `KeyProblem` if keys are missing, malformed, short, duplicate, or shared with SECRET_KEY."""
    ring = KeyRing.parse(text)
    known = secret_key.encode()
    if secret_key in text or any(
        key.secret in known or key.written_out().partition(":")[2] in secret_key for key in ring.keys
    ):
        raise KeyProblem(
            "privacy.E023", "a key is shared with SECRET_KEY, which is rotated on its own (`generate_key`)"
        )


def length_prefixed(*parts: bytes) -> bytes:
    """Joins parts unambiguously: different lists of parts give different bytes."""
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def derive_fleeting_key(root: RootKey, use: str, *scope: str) -> bytes:
    """Like `derive_key`, but not cached, for keys that must not stay in memory, such as day keys."""
    info = length_prefixed(use.encode(), *(part.encode() for part in scope))
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(root.secret)


@lru_cache(maxsize=4096)
def derive_key(root: RootKey, use: str, *scope: str) -> bytes:
    """32 bytes for one use (`seal`, `blind-index`, `cookie`…) and scope (usually table and column)."""
    return derive_fleeting_key(root, use, *scope)


@lru_cache(maxsize=8)
def _parsed(text: str) -> KeyRing:
    return KeyRing.parse(text)


def key_ring() -> KeyRing:
    """The key ring of `settings.ENCRYPTION_KEYS`."""
    return _parsed(settings.ENCRYPTION_KEYS)
