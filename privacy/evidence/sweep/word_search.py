"""Searches for many words at once, in every encoding in which they may be stored.

Uses the Aho-Corasick algorithm, so that one pass finds any number of words.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick

from privacy.encryption.normalization import normalize_email
from privacy.evidence.rehearsal.canaries import spellings

from .detectors import has_token, is_phone

SHORTEST = 8  # characters; shorter texts occur by chance
ONE_WORD = 16  # characters; a shorter single word could be an identifier in the code
QUOTED = re.compile(r"[A-Z0-9-]{6,12}")  # an order number, which people quote
UNKEYED = ("md5", "sha1", "sha256")  # unkeyed hashes of an address identify it


@dataclass(frozen=True)
class Word:
    """An opened value and its column. Never stored."""

    text: str | bytes
    place: str

    @property
    def names_somebody(self) -> bool:
        """Whether it identifies someone by itself: an address, a number, a key."""
        return isinstance(self.text, bytes) or "@" in self.text or is_phone(self.text) or has_token(self.text)

    @property
    def is_telling(self) -> bool:
        """Whether it is long and unusual enough not to occur by chance."""
        if len(self.text) < SHORTEST or (isinstance(self.text, str) and QUOTED.fullmatch(self.text)):
            return False
        return self.names_somebody or len(self.text) >= ONE_WORD or " " in str(self.text).strip()

    def spellings(self) -> dict[str, bytes]:
        if isinstance(self.text, bytes):
            written = {"hexadecimal": self.text.hex().encode(), "in base64": base64.b64encode(self.text)[:-4]}
            return {"plain": self.text, **written, "in capital hexadecimal": self.text.hex().upper().encode()}
        found = spellings(self.text) | {"in JSON": json.dumps(self.text)[1:-1].encode()}
        if "@" in self.text:
            for address in {self.text.strip().lower(), normalize_email(self.text)}:
                found |= {f"as {name} without a key": _digest(name, address) for name in UNKEYED}
        return found


def _digest(name: str, text: str) -> bytes:
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest().encode()


class Words:
    """A search for those words of a sample that wouldn't occur by chance."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._found: list[tuple[Word, str]] = []
        patterns: dict[bytes, None] = {}
        for word in words:
            for spelling, form in word.spellings().items() if word.is_telling else ():
                if len(form) >= SHORTEST and form not in patterns:
                    patterns[form] = None
                    self._found.append((word, spelling))
        self._automaton = BytesAhoCorasick([*patterns]) if patterns else None
        self._known: set[Word] = set()
        self.longest = max(map(len, patterns), default=1)  # bytes

    def __len__(self) -> int:
        return len({word for word, _ in self._found})

    def find(self, content: bytes) -> Iterator[tuple[Word, str]]:
        """Each word that occurs, with its encoding."""
        if self._automaton is None:
            return
        matches = self._automaton.find_matches_as_indexes(content, overlapping=True)
        for number in {index for index, _, _ in matches}:
            word, spelling = self._found[number]
            if word not in self._known:
                yield word, spelling

    def forget(self, word: Word) -> None:
        """Ignores a word from now on, because it is public."""
        self._known.add(word)
