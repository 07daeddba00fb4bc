"""Parts of a file (RFC 9110, section 14), so that an interrupted download can be resumed."""

from __future__ import annotations

import re
from typing import IO

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,19})-([0-9]{0,19})\s*", re.IGNORECASE)


class UnsatisfiableRange(Exception):
    """The requested part lies behind the end of the file."""


def requested_range(header: str, size: int) -> range | None:
    """The positions that a `Range` header asks for in a file of `size` bytes. None means the whole file: there is no
    header, or one that servers may ignore (several ranges, another unit, nonsense). Raises `UnsatisfiableRange`."""
    found = _ONE_RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise UnsatisfiableRange
    return range(start, stop)


class FilePart:
    """A file-like object that ends where the part does."""

    def __init__(self, file: IO[bytes], part: range) -> None:
        self._file, self._left = file, len(part)
        file.seek(part.start)

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(content)
        return content

    def close(self) -> None:
        self._file.close()
