"""Where messages come from: standard input, a Maildir, an mbox file. Each is read one message at a time, and of a
message never more than the limit is in memory."""

from __future__ import annotations

import fcntl
import mailbox
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 20  # bytes


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class ArrivedMessage:
    """`raw` is at most the limit and one byte long; `size` is that of the whole message, in bytes. `done` tells the
    mailbox that the message is safe."""

    raw: bytes
    size: int
    received_at: datetime
    done: Callable[[], object] = lambda: None


class Unopened(Exception):
    """One message of a mailbox that could not be read. It stays where it is."""


def read_bounded(stream: Readable, *, limit: int) -> tuple[bytes, int]:
    """The first `limit` + 1 bytes, and the number of all."""
    raw = bytearray()
    while len(raw) <= limit and (chunk := stream.read(min(CHUNK, limit + 1 - len(raw)))):
        raw += chunk
    size = len(raw)
    while chunk := stream.read(CHUNK):
        size += len(chunk)
    return bytes(raw), size


def from_stream(stream: BinaryIO, *, limit: int, now: datetime) -> ArrivedMessage:
    """One message, as a mail server pipes it. Some put an mbox separator in front."""
    raw, size = read_bounded(stream, limit=limit)
    if raw.startswith(b"From "):
        separator, _, rest = raw.partition(b"\n")
        raw, size = rest, size - len(separator) - 1
    return ArrivedMessage(raw, size, now)


def in_maildir(path: Path, *, limit: int, now: datetime) -> Iterator[ArrivedMessage | Unopened]:
    """The new messages, the oldest first. One that is `done` is moved to `cur` and marked as seen. The time of its
    delivery is that of its file."""
    new = ((_delivered_at(file), file) for file in (path / "new").iterdir())
    for delivered_at, file in sorted(new):
        if file.name.startswith("."):
            continue
        if file.is_symlink() or not file.is_file():  # opening a pipe would wait for ever
            yield Unopened("it is not a file")
            continue
        try:
            with file.open("rb") as stream:
                raw, size = read_bounded(stream, limit=limit)
        except OSError as error:
            yield Unopened(type(error).__name__)
            continue
        at = min(now, datetime.fromtimestamp(delivered_at, UTC))
        yield ArrivedMessage(raw, size, at, done=partial(_move_to_seen, file))


def _delivered_at(file: Path) -> float:
    try:
        return file.lstat().st_mtime
    except OSError:  # another program moved it meanwhile
        return 0


def _move_to_seen(file: Path) -> None:
    """A rename, so that it is in one of the two folders at any time."""
    file.rename(file.parent.parent / "cur" / f"{file.name.partition(':')[0]}:2,S")


def in_mbox(path: Path, *, limit: int, now: datetime) -> Iterator[ArrivedMessage]:
    """All messages of the file, which is left as it is, and locked against delivery while it is read."""
    with path.open("rb") as locked, closing(mailbox.mbox(path, create=False)) as box:
        fcntl.lockf(locked, fcntl.LOCK_SH)
        for key in box.iterkeys():
            with closing(box.get_file(key, from_=True)) as stream:
                separator = stream.readline()
                raw, size = read_bounded(stream, limit=limit)
            yield ArrivedMessage(raw, size, _time_of(separator, now=now))


def _time_of(separator: bytes, *, now: datetime) -> datetime:
    """`From sender Mon Mar  2 12:00:00 2026`, in UTC by custom; now if it says something else."""
    words = separator.decode("ascii", "replace").split()
    try:
        at = parsedate_to_datetime(" ".join([*words[-5:-4], *words[-3:-2], words[-4], words[-1], words[-2]]))
    except (ValueError, IndexError, TypeError):
        return now
    return min(now, at.replace(tzinfo=at.tzinfo or UTC))
