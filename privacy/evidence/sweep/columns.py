"""Sweeps every clear-text column of the live schema, including third-party tables, and checks that sealed ones are."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from privacy.databases.aliases import own_aliases
from privacy.encryption.keys import key_ring
from privacy.encryption.sealing import VERSION
from privacy.registry.clear_text import ClearText, Sign, clear_text_of, text_columns

from . import rows
from .detectors import signs_in
from .run import Sweep, part

KNOWN = 2000  # distinct values per column that are checked only once
SHORT = 40  # bytes; shorter cached values may be numbers, longer ones must be sealed


@part("encrypted", "paypal-only", "direct-visits-domain-only", share=20)
def clear_columns_tell_of_nobody(sweep: Sweep) -> None:
    look, running = _Look(sweep), deque[tuple[rows.Table, Iterator[rows.RowBatch]]]()
    for alias in own_aliases():
        columns = text_columns(alias)
        for column in columns:
            sweep.searched(clear_text_of(str(column)).promise)  # also counts empty columns
            if not column.is_explained:
                sweep.breach("encrypted", f"{column} is in clear text without a declared reason")
        running.extend((table, table.parts()) for table in rows.tables(alias, columns))
    while running:
        table, parts = running.popleft()
        some = next(parts, None)
        if some is None:
            continue
        look.at(some)
        if sweep.has_time:
            running.append((table, parts))
        else:
            sweep.left(f"the rest of the table {table.name}")


class _Look:
    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.known: dict[str, set[Any]] = defaultdict(set)

    def at(self, some: rows.RowBatch) -> None:
        for name in some.misshapen:
            self.sweep.breach("encrypted", f"{some.table}.{name} contains unsealed values")
        for name, values in some.values.items():
            column = f"{some.table}.{name}"
            clear, known = clear_text_of(column), self.known[column]
            self.sweep.searched(clear.promise)
            self.sweep.searched("paypal-only")
            if fresh := values - known:
                if len(known) < KNOWN:
                    known |= fresh
                self._look_at(column, clear, [_text(value) for value in fresh])

    def _look_at(self, column: str, clear: ClearText, texts: list[str]) -> None:
        if clear.kind.shape and not all(map(clear.kind.shape.fullmatch, texts)):
            self.sweep.breach(clear.promise, f"{column} contains something other than {clear.kind.reason}")
        if clear.kind.in_base64:
            texts = [self._opened(column, text) for text in texts]
        text = "\n".join(texts)
        for sign in {*signs_in(text)} - clear.kind.may_hold:
            promise = "paypal-only" if sign is Sign.CARD else clear.promise
            self.sweep.breach(promise, f"{column} contains what looks like {sign}")
        self._find_words(column, clear, text)

    def _find_words(self, column: str, clear: ClearText, text: str) -> None:
        for word, spelling in self.sweep.words.find(text.encode(errors="surrogateescape")):
            is_public = Sign.EMAIL in clear.kind.may_hold
            if clear.kind.quoted and (is_public or not word.names_somebody):
                self.sweep.words.forget(word)
            else:
                self.sweep.breach(clear.promise, f"{word.place} can be read in {column} ({spelling})")

    def _opened(self, column: str, text: str) -> str:
        """Decodes a value of the limits' table: a digit, or something sealed with one of this site's keys."""
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            data = text.encode()
        if len(data) >= SHORT and not any(VERSION + key.id in data for key in key_ring().keys):
            self.sweep.breach("encrypted", f"{column} contains unsealed values")
        return data.decode("latin-1") if data.isascii() or len(data) < SHORT else _readable(data)


def _readable(data: bytes) -> str:
    """Keeps printable characters only, because sealed bytes may look like anything."""
    return "".join(chr(byte) if 32 <= byte < 127 else "\n" for byte in data)


def _text(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    return str(value)
