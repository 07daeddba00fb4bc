"""A search for many words at once, in every spelling in which they could lie in a column, a log or a file.

One pass over the text finds all of them (Aho and Corasick's automaton), however many there are.
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

SHORTEST = 8  # characters: a shorter text stands in others by chance
ONE_WORD = 16  # a single word that is shorter could be one of the program's own
QUOTED = re.compile(r"[A-Z0-9-]{6,12}")  # an order's number, which people repeat
UNKEYED = ("md5", "sha1", "sha256")  # whoever knows an address finds it by these


@dataclass(frozen=True)
class Word:
    """What was opened, and where it belongs. It is never written anywhere."""

    text: str | bytes
    place: str

    @property
    def names_somebody(self) -> bool:
        """By itself, wherever it is: an address, a number, a key. Other texts may be a role's name by chance."""
        return isinstance(self.text, bytes) or "@" in self.text or is_phone(self.text) or has_token(self.text)

    @property
    def is_telling(self) -> bool:
        """Long and rare enough that it is nowhere by chance."""
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
    """Those of a sample that are telling. Empty, it finds nothing."""

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
        """Each word that is there, with its spelling."""
        if self._automaton is None:
            return
        matches = self._automaton.find_matches_as_indexes(content, overlapping=True)
        for number in {index for index, _, _ in matches}:
            word, spelling = self._found[number]
            if word not in self._known:
                yield word, spelling

    def forget(self, word: Word) -> None:
        """Everybody may read it: finding it again says nothing."""
        self._known.add(word)
