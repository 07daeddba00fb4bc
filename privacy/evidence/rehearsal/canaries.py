"""Canaries: unique words, and a search for them in stored data, in all usual encodings."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote


class CanaryKind(StrEnum):
    """What a canary represents, which determines the promise that is broken where it is readable."""

    PRIVATE = "private"  # sealed in every store; visible to its person, and to staff who may see its row
    VISIT = "visit"  # sent by a visitor through an affiliate link: visible to that person only
    DIRECT = "direct"  # sent by a direct visitor's browser: never stored in any form
    CARD = "card"  # a card number entered in a wrong field: never stored in any form
    KEY = "key"  # grants access: a token in a link, a cookie
    NUMBER = (
        "number"  # identifies something of a person, like an order: in clear text in the database, otherwise private
    )
    PUBLIC = "public"  # public, like a product name


@dataclass(frozen=True)
class Canary:
    """A unique word: `what` it represents (`message`, `cookie`), and its owner.

    `owner` is the person it is about, whoever entered it: a note by staff about a buyer is the buyer's. `kept` is False
    if the site must not store it, not even sealed, so that no archive contains it.
    """

    word: str
    owner: str
    what: str
    kind: CanaryKind = CanaryKind.PRIVATE
    kept: bool = True


def _letters(count: int) -> str:
    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(count))


MARKER = f"Q{_letters(6)}"  # prefix of all canaries of a run, so that one search finds any of them
OWN_LETTERS = 6
NETWORKS = ("198.18.", "198.19.")  # reserved for tests by RFC 2544


def canary() -> str:
    """A new canary. Has a capital letter, to detect lower-cased copies; letters only, so that it is valid in names."""
    return f"{MARKER}{_letters(OWN_LETTERS)}Ö"


def network_address() -> str:
    """A random address with three-digit parts, so that none is a prefix of another."""
    return f"{secrets.choice(NETWORKS)}{100 + secrets.randbelow(156)}.{100 + secrets.randbelow(156)}"


def spellings(word: str) -> dict[str, bytes]:
    """The word in the forms in which it may be stored: plain, lower-cased, and in common encodings."""
    data = word.encode()
    forms = {"plain": data, "lower-cased": word.lower().encode(), "hexadecimal": data.hex().encode()}
    forms |= {"in capital hexadecimal": data.hex().upper().encode(), "URL-encoded": quote(word).encode()}
    forms |= {"escaped": word.encode("unicode_escape"), "in UTF-16": word.encode("utf-16-le")}
    forms |= {f"in base64, {shift} on": _in_base64(data, shift) for shift in range(3)}
    return forms


def _in_base64(data: bytes, shift: int) -> bytes:
    """The base64 form within a longer text, at an offset of `shift` bytes to base64's groups.

    Characters that also encode neighboring bytes are cut off.
    """
    first, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
    return base64.b64encode(bytes(shift) + data)[first:end]


def found_in(content: bytes, words: Iterable[str]) -> Iterator[str]:
    """`word, spelling` for each occurrence."""
    for word in words:
        for spelling, form in spellings(word).items():
            if form in content:
                yield f"{word} {spelling}"


def files_below(*folders: Path) -> Iterator[Path]:
    return (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
