"""Canaries: words that stand nowhere else, and a search for them in whatever was written, in every usual spelling."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote


def canary() -> str:
    """A capital letter, so that a lower-cased copy is told apart; letters only, so that it fits into a name."""
    return "Q" + "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(11)) + "Ö"


def spellings(word: str) -> dict[str, bytes]:
    """The word as it would stand in a file: plain, lower-cased, and in the encodings that hide nothing."""
    data = word.encode()
    forms = {"plain": data, "lower-cased": word.lower().encode(), "hexadecimal": data.hex().encode()}
    forms |= {"in capital hexadecimal": data.hex().upper().encode(), "URL-encoded": quote(word).encode()}
    forms |= {"escaped": word.encode("unicode_escape"), "in UTF-16": word.encode("utf-16-le")}
    forms |= {f"in base64, {shift} on": _in_base64(data, shift) for shift in range(3)}
    return forms


def _in_base64(data: bytes, shift: int) -> bytes:
    """As it stands within a longer text, so many bytes behind one of base64's cuts.

    Without the characters that hold bits of its neighbours, and no more: a few would be met by chance.
    """
    first, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
    return base64.b64encode(bytes(shift) + data)[first:end]


def found_in(content: bytes, words: Iterable[str]) -> Iterator[str]:
    """`word, spelling` for each one that is there."""
    for word in words:
        for spelling, form in spellings(word).items():
            if form in content:
                yield f"{word} {spelling}"


def files_below(*folders: Path) -> Iterator[Path]:
    return (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
