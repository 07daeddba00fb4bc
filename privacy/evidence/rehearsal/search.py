"""Searches for all canaries of a run at once.

All canaries of a run start with the same letters, so texts without them, in any encoding, are skipped quickly.
"""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from .canaries import MARKER, NETWORKS, OWN_LETTERS, Canary, CanaryKind, spellings

OF_THIS_RUN = re.compile(rf"{MARKER.lower()}([a-z]{{0,{OWN_LETTERS}}})".encode())
COMPRESSED = re.compile(rb"eJ[\w-]{16,}={0,2}")  # zlib in base64, as Django signs cookies and sessions
STREAMS = (b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08")
GROUPS = re.compile(r"(?:\+(\d+) )?(\d[\d ]+\d)")
HEXADECIMAL = re.compile(r"[0-9a-f]{32}")
NOBODYS = Canary("", "somebody", "word")


class Search:
    """A search for the given canaries."""

    def __init__(self, canaries: Sequence[Canary]) -> None:
        self._words = {_own_letters(one.word): one for one in canaries if one.word.startswith(MARKER)}
        others = [one for one in canaries if not one.word.startswith(MARKER)]
        self._others: dict[bytes, dict[bytes, Canary]] = defaultdict(dict)  # by common part of several forms
        for one in others:
            for form, common in _plain_forms(one.word).items():
                self._others[common.encode()][form.lower().encode()] = one
        hidden = [one for one in others if one.kind is not CanaryKind.KEY]  # an encoded key doesn't work
        self._encoded = {form: one for one in hidden for form in _encodings(one.word)}
        self._beginnings = {form for common in {one.word[:5] for one in hidden} for form in _encodings(common)}

    def found_in(self, content: bytes, *, thorough: bool = True) -> set[Canary]:
        """Canaries in the content; with `thorough`, also in compressed and encoded parts."""
        lowered = content.lower()
        close = (forms for common, forms in self._others.items() if common in lowered)
        found = {one for forms in close for form, one in forms.items() if form in lowered}
        if MARKER.lower().encode() in lowered:
            found |= {self._words.get(letters, NOBODYS) for letters in OF_THIS_RUN.findall(lowered)}
        if any(form in content for form in ENCODED):
            words = self._words.values()
            found |= {one for one in words if any(form in content for form in _encodings(one.word[:-1]))} or {NOBODYS}
        if thorough:
            if any(form in content for form in self._beginnings):
                found |= {one for form, one in self._encoded.items() if form in content}
            for part in unpacked(content):
                found |= self.found_in(part, thorough=False)
        return found


def unpacked(content: bytes) -> Iterator[bytes]:
    """Decompressed parts of the content: archives, streams, signed values."""
    if content.startswith(b"PK\x03\x04"):
        with suppress(BadZipFile), ZipFile(BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for token in COMPRESSED.findall(content):
        with suppress(ValueError):
            yield from _inflated(urlsafe_b64decode(token + b"=" * (-len(token) % 4)))
    for start in STREAMS:
        at = content.find(start)
        while at >= 0:
            yield from _inflated(content[at : at + 1_000_000])
            at = content.find(start, at + 1)


def _inflated(data: bytes) -> Iterator[bytes]:
    with suppress(zlib.error):
        yield zlib.decompressobj(wbits=47).decompress(data, 1_000_000)


def _own_letters(word: str) -> bytes:
    return word[len(MARKER) : len(MARKER) + OWN_LETTERS].lower().encode()


def _encodings(text: str) -> set[bytes]:
    """Encoded forms of the text, in original, lower and upper case."""
    cases = {text, text.lower(), text.upper()}
    forms = {form for case in cases for form in spellings(case).values()}
    return (forms | {case.encode("utf-16-be") for case in cases}) - {case.encode() for case in cases}


def _plain_forms(word: str) -> dict[str, str]:
    """Common notations of the word, each with the part it shares with others."""
    if word.startswith(NETWORKS):  # also within host names, forward and backward
        backwards = ".".join(reversed(word.split(".")))
        return {word: word[:6], word.replace(".", "-"): "198-1", backwards: backwards[-7:]}
    forms = {word}
    if groups := GROUPS.fullmatch(word):  # a card or phone number in groups
        country, number = groups.groups()
        forms |= {number.replace(" ", by) for by in ("", "-", " ", ".")} | {(country or "") + number.replace(" ", "")}
    if HEXADECIMAL.fullmatch(word):  # a UUID, with or without hyphens
        forms.add(str(UUID(word)))
    return {form: form[:6].lower() for form in forms}


ENCODED = _encodings(MARKER)
