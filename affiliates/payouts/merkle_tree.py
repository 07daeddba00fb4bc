"""Merkle trees with the hashes of RFC 6962: a leaf is hashed behind the byte 0, two nodes behind the byte 1, so that
neither can be passed off as the other. Trees here are full: the number of leaves is a power of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256


def hash_leaf(content: bytes) -> bytes:
    return sha256(b"\0" + content).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root above these leaf hashes."""
    *_, (root,) = _levels(leaves)
    return root


def path_to(index: int, leaves: Sequence[bytes]) -> list[dict[str, str]]:
    """What a leaf is hashed with on the way to the root, from the bottom up: on its `left` or on its `right`."""
    path = []
    for level in _levels(leaves):
        if len(level) > 1:
            path.append({"left" if index % 2 else "right": level[index ^ 1].hex()})
            index //= 2
    return path


def _levels(leaves: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    level = leaves
    yield level
    while len(level) > 1:
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
        yield level
