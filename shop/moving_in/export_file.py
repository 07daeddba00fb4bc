"""Reads the CSV export of another program, line by line and in bounded memory, whatever somebody's spreadsheet made of
it.

What can't be read is a `Problem` with its line number and without any value, because problems are printed and the lines
are about people.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

LONGEST_RECORD = 128 * 1024  # bytes: what Python's CSV reader takes for one cell; a long order has a few thousand
_CHUNK = 64 * 1024
_DELIMITERS = ",;\t"


class UnreadableFile(ValueError):
    """The file as a whole can't be read; the text says why."""


@dataclass(frozen=True)
class Problem:
    """Why a line is not taken over."""

    line: int
    text: str


@dataclass(frozen=True)
class Record:
    """One record of the file: its first line, and its cells by heading (`normalized_heading`)."""

    line: int
    cells: dict[str, str]


def normalized_heading(heading: str) -> str:
    """`Amount ($)` and `amount` are the same heading, as are `Payment Email` and `payment_email`."""
    return re.sub(r"[^a-z0-9#]+", " ", heading.casefold()).strip()


class ExportFile:
    """An export with a line of headings. UTF-8 with or without a byte order mark, else Windows-1252 (Latin-1);
    separated by commas, semicolons or tabs.

    Raises `UnreadableFile`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.size = path.stat().st_size
            self.encoding = _encoding_of(path)
        except OSError as error:
            raise UnreadableFile(f"The file can't be opened: {error.strerror}.") from None
        self.path = path
        self.read_bytes = 0
        first = next(self._texts(), None)
        if first is None or isinstance(first, Problem):
            raise UnreadableFile("The file has no line of headings." if first is None else first.text)
        self.delimiter = max(_DELIMITERS, key=first[1].count)
        headings = next(csv.reader([first[1]], delimiter=self.delimiter), [])
        self.headings = [normalized_heading(heading) for heading in headings]
        if doubled := {name for name in self.headings if name and self.headings.count(name) > 1}:
            raise UnreadableFile(f"The file has two columns with the heading “{min(doubled)}”.")

    def records(self) -> Iterator[Record | Problem]:
        """Every record after the headings. Empty lines are passed over."""
        texts = self._texts()
        next(texts)
        for found in texts:
            if isinstance(found, Problem):
                yield found
            elif found[1].strip():
                yield self._record(*found)

    def _record(self, line: int, text: str) -> Record | Problem:
        if "\0" in text:
            return Problem(line, "contains a null character")
        try:
            [cells] = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter, strict=True)
        except (csv.Error, ValueError):
            return Problem(line, "is not valid CSV: check its quotation marks")
        if len(cells) != len(self.headings):
            return Problem(line, f"has {len(cells)} columns, but there are {len(self.headings)} headings")
        return Record(line, {heading: cell.strip() for heading, cell in zip(self.headings, cells, strict=True)})

    def _texts(self) -> Iterator[tuple[int, str] | Problem]:
        """Each record as text with its first line's number, the headings first."""
        with self.path.open("rb") as file:
            if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
                file.seek(0)
            for line, record in self._records(file):
                if record is None:
                    yield Problem(
                        line,
                        f"is longer than {LONGEST_RECORD // 1024} KB, or has a quotation mark that is never closed",
                    )
                    continue
                try:
                    yield line, record.decode(self.encoding)
                except UnicodeDecodeError:
                    yield Problem(line, "contains bytes that are no text")

    def _records(self, file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
        """The bytes of each record; None for one that is too long to be kept. A line break within quotation marks
        belongs to the record, so a record ends where their number is even."""
        line, first, quotes = 1, 1, 0
        parts: list[bytes] | None = []
        length = 0
        while chunk := file.readline(_CHUNK):
            self.read_bytes += len(chunk)
            quotes += chunk.count(b'"')
            length += len(chunk)
            if parts is not None:
                parts.append(chunk)
                if length > LONGEST_RECORD:
                    parts = None
            if not chunk.endswith(b"\n"):
                continue
            line += 1
            if quotes % 2 == 0:
                yield first, None if parts is None else b"".join(parts)
                first, quotes, parts, length = line, 0, [], 0
        if length:
            yield first, None if parts is None or quotes % 2 else b"".join(parts)


def _encoding_of(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            raise UnreadableFile("The file is in UTF-16. Save it as UTF-8.")
        file.seek(0)
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


class FirstLines:
    """Where each value of a file comes first, in bounded memory.

    It keeps digests with a key that only this object knows, in a temporary database without a name that SQLite deletes
    when it is closed: nothing readable is left on the disk.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def __enter__(self) -> FirstLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def earlier(self, what: str, value: str, *, line: int) -> int | None:
        """The earlier line with this value; None if this is the first."""
        digest = blake2b(f"{what}\0{value}".encode(), key=self._key, digest_size=16).digest()
        new = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, line))
        if new.rowcount:
            return None
        [[first]] = self._database.execute("SELECT line FROM seen WHERE digest = ?", (digest,))
        return int(first)
