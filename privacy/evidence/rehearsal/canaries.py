"""Canaries: words that stand nowhere else, and a search for them in whatever was written, in every usual spelling."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote


class CanaryKind(StrEnum):
    """What a canary stands for, and so which promise breaks where it can be read (`search`)."""

    PRIVATE = "private"  # sealed in every store; shown to its person, and to staff who may see its row
    VISIT = "visit"  # sent by somebody who came by an affiliate's link: shown to that person, and to nobody else
    DIRECT = "direct"  # sent by the browser of somebody who came directly: kept nowhere, in no form
    CARD = "card"  # the number of a card, typed where none belongs: kept nowhere, in no form
    KEY = "key"  # opens something: a link's token, a cookie
    NUMBER = "number"  # names something of a person's, an order: readable in the database, and shown as what is private
    PUBLIC = "public"  # meant for everybody: the name of a product


@dataclass(frozen=True)
class Canary:
    """A word that stands nowhere else: `what` it is (`message`, `cookie`), and whose.

    `owner` is whom it tells something about, whoever typed it: a colleague's note about a buyer is the buyer's.
    `kept` is false for what the site is sent and stores nowhere, not even sealed, so that no archive has it.
    """

    word: str
    owner: str
    what: str
    kind: CanaryKind = CanaryKind.PRIVATE
    kept: bool = True


def _letters(count: int) -> str:
    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(count))


MARKER = f"Q{_letters(6)}"  # all words of a run begin with it, so that one search finds any of them
OWN_LETTERS = 6
NETWORKS = ("198.18.", "198.19.")  # nobody's: RFC 2544 keeps them for tests


def canary() -> str:
    """A capital letter, so that a lower-cased copy is told apart; letters only, so that it fits into a name."""
    return f"{MARKER}{_letters(OWN_LETTERS)}Ö"


def network_address() -> str:
    """Three digits each, so that none is the beginning of another."""
    return f"{secrets.choice(NETWORKS)}{100 + secrets.randbelow(156)}.{100 + secrets.randbelow(156)}"


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
