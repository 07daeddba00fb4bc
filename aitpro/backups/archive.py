"""A backup is one file: a tar archive, encrypted in the format of age (https://age-encryption.org/v1).

`age --decrypt --identity KEY FILE | tar --extract` opens it without this site. Both directions stream: memory doesn't
depend on the size.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

import pyrage

from .problems import BackupProblem

CHUNK = 1 << 20  # bytes
LONGEST_NAME = 1 << 16  # bytes


class HashedFile:
    """Hashes what is written to a file, and remembers an error that age would hide."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        self._file.flush()


def sha256_of(path: Path) -> str:
    """As it is on the disk, which need not be what the system still has in memory."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- Keys -------------------------------------------------------------------------------------------------------------


def parse_recipients(words: list[str]) -> list[pyrage.x25519.Recipient]:
    """Public keys. Raises `BackupProblem`."""
    if not words:
        raise BackupProblem(
            "No public key to encrypt the backup to. Make a pair with `manage.py backup --make-key FILE`, and put the"
            " public key into BACKUP_RECIPIENTS."
        )
    try:
        return [pyrage.x25519.Recipient.from_str(word) for word in words]
    except pyrage.RecipientError:
        raise BackupProblem("BACKUP_RECIPIENTS must hold public keys that begin with age1.") from None


def read_identities(path: Path) -> list[pyrage.x25519.Identity]:
    """The private keys in a file as `age-keygen` or `make_key` writes it. Raises `BackupProblem`."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError):
        raise BackupProblem("The file of the private key can't be read.") from None
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise BackupProblem("The file of the private key has no line that begins with AGE-SECRET-KEY-.")
    return found


def make_key(path: Path) -> str:
    """Writes a new private key to a new file, for this user only. Returns the public key."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    text = f"# created: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n# public key: {public}\n{identity}\n"
    try:
        with path.open("x") as file:  # umask 077
            file.write(text)
    except FileExistsError:
        raise BackupProblem("That file exists already. A private key is never overwritten: name a new file.") from None
    except OSError as error:
        raise BackupProblem(f"The key can't be written: {error.strerror}.") from None
    return public


# --- Writing and reading ----------------------------------------------------------------------------------------------


@contextmanager
def sealed_archive(target: HashedFile, recipients: list[pyrage.x25519.Recipient]) -> Iterator[tarfile.TarFile]:
    """An archive to add to. What is added is encrypted and written to `target`. Raises its `OSError`."""
    reading, writing = os.pipe()

    def encrypt() -> None:
        with os.fdopen(reading, "rb") as plain:
            pyrage.encrypt_io(plain, target, recipients)

    with _in_thread(encrypt) as failures:
        try:
            with os.fdopen(writing, "wb") as plain, tarfile.open(fileobj=plain, mode="w|") as tar:
                yield tar
        except BrokenPipeError:  # the other side failed, and says why
            pass
    if target.failure:
        raise target.failure
    if failures:
        raise failures[0]


class _Entry(tarfile.TarInfo):
    """`tarfile` reads a long name into memory before anything is known of who wrote it."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        entry = super().frombuf(buf, encoding, errors)
        if entry.type not in tarfile.REGULAR_TYPES and entry.size > LONGEST_NAME:
            raise tarfile.ReadError("a name is too long")
        return entry


@contextmanager
def opened_archive(path: Path, identities: list[pyrage.x25519.Identity]) -> Iterator[tarfile.TarFile]:
    """An archive to read from, in order. Trust what was read only when the block has ended: its end may be missing, or
    was changed. Raises `BackupProblem`."""
    reading, writing = os.pipe()

    def decrypt() -> None:
        with os.fdopen(writing, "wb") as plain, path.open("rb") as sealed:
            pyrage.decrypt_io(sealed, plain, identities)

    with os.fdopen(reading, "rb") as plain, _in_thread(decrypt, before_joining=plain.close) as failures:
        try:
            with tarfile.open(fileobj=plain, mode="r|", tarinfo=_Entry) as tar:
                yield tar
            while plain.read(CHUNK):
                pass
        except (tarfile.TarError, EOFError) as error:
            while plain.read(CHUNK):  # until the other side comes to its end, too
                pass
            failures.append(error)
    if failures:
        raise _unreadable(path, failures)


def _unreadable(path: Path, failures: list[Exception]) -> BackupProblem:
    if any("No matching keys" in str(failure) for failure in failures):
        return BackupProblem("This private key doesn't open the backup: it was encrypted to another one, or changed.")
    return BackupProblem(f"{path.name} can't be opened: it is damaged, cut off, or was changed. Take another backup.")


@contextmanager
def _in_thread(
    work: Callable[[], None], before_joining: Callable[[], None] = lambda: None
) -> Iterator[list[Exception]]:
    """Does the work beside the block, which gets its errors."""
    failures: list[Exception] = []

    def caught() -> None:
        try:
            work()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=caught, daemon=True)
    thread.start()
    try:
        yield failures
    finally:
        before_joining()
        thread.join()
