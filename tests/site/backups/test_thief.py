"""Somebody has the backups, or can write where they are: what they get, and what a restore makes of their changes."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyrage
import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import DjangoDbBlocker, Settings

from aitpro.backups import reading
from aitpro.backups.archive import parse_recipients
from aitpro.backups.last_backup import BACKUP
from aitpro.backups.manifest import StoredFile, authenticate
from privacy.encryption.keys import RootKey
from privacy.models import Heartbeat

from .commands import run

pytestmark = pytest.mark.django_db
END = bytes(2 * tarfile.BLOCKSIZE)
CHUNK = (64 << 10) + 16  # of the format of age: 64 KiB and a tag


class Made(NamedTuple):
    backup: bytes
    private_key: Path
    public_key: str


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A good backup of the tests' database."""
    folder = tmp_path_factory.mktemp("backups")
    key = tmp_path_factory.mktemp("elsewhere") / "key.txt"
    public = run("backup", "--make-key", str(key)).split()[0].partition("=")[2]
    with django_db_blocker.unblock():
        run("backup", "--to", str(folder), "--recipient", public)
        Heartbeat.objects.filter(name=BACKUP).delete()
    (path,) = folder.iterdir()
    return Made(path.read_bytes(), key, public)


def check(content: bytes, key: Path, tmp_path: Path) -> str:
    path = tmp_path / "backup.tar.age"
    path.write_bytes(content)
    return run("restore", "--check", str(path), "--identity", str(key))


def payload_start(backup: bytes) -> int:
    """Behind the header's last line and the nonce."""
    return backup.index(b"\n", backup.index(b"\n--- ") + 1) + 1 + 16


def test_a_good_backup_opens(made: Made, tmp_path: Path) -> None:
    assert "is complete" in check(made.backup, made.private_key, tmp_path)


def test_another_private_key_opens_nothing(made: Made, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    run("backup", "--make-key", str(other))
    with pytest.raises(CommandError, match="encrypted to another one"):
        check(made.backup, other, tmp_path)


@pytest.mark.parametrize("text", ["", "nonsense\n", "# only a comment\n", "AGE-SECRET-KEY-1QQQQ\n"])
def test_a_file_without_a_private_key_is_named(text: str, made: Made, tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text(text)
    with pytest.raises(CommandError, match="begins with AGE-SECRET-KEY-") as refusal:
        check(made.backup, path, tmp_path)
    assert "QQQQ" not in str(refusal.value)


def changed(backup: bytes, how: str) -> bytes:
    start, end = payload_start(backup), len(backup)
    first, second, rest = backup[start : start + CHUNK], backup[start + CHUNK :][:CHUNK], backup[start + 2 * CHUNK :]
    return {
        "nothing is left": b"",
        "the header is cut off": backup[:100],
        "cut off inside a chunk": backup[: end - 1000],
        "cut off between two chunks": backup[: start + 3 * CHUNK],
        "two chunks are swapped": backup[:start] + second + first + rest,
        "a chunk is missing": backup[:start] + first + rest,
        "a chunk is repeated": backup[:start] + first + first + second + rest,
        "something is appended": backup + b"x" * 100,
        "a bit of the header is flipped": _flipped(backup, start - 30),
        "a bit of the first chunk is flipped": _flipped(backup, start + 100),
        "a bit in the middle is flipped": _flipped(backup, (start + end) // 2),
        "the last bit is flipped": _flipped(backup, end - 1),
    }[how]


def _flipped(backup: bytes, at: int) -> bytes:
    return backup[:at] + bytes([backup[at] ^ 1]) + backup[at + 1 :]


@pytest.mark.parametrize(
    "how",
    [
        *("nothing is left", "the header is cut off", "cut off inside a chunk", "cut off between two chunks"),
        *("two chunks are swapped", "a chunk is missing", "a chunk is repeated", "something is appended"),
        *("a bit of the header is flipped", "a bit of the first chunk is flipped", "a bit in the middle is flipped"),
        "the last bit is flipped",
    ],
)
def test_a_changed_backup_is_refused(how: str, made: Made, tmp_path: Path) -> None:
    assert len(made.backup) > payload_start(made.backup) + 4 * CHUNK
    with pytest.raises(CommandError, match="damaged, cut off, or was changed"):
        check(changed(made.backup, how), made.private_key, tmp_path)


def forged(entries: dict[str, bytes], public_key: str) -> bytes:
    """Encrypted by somebody who has the public key, which is no secret."""
    return _sealed(_tar(entries) + END, public_key)


def _tar(entries: dict[str, bytes]) -> bytes:
    parts = []
    for name, content in entries.items():
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        parts += [entry.tobuf(), content, bytes(-len(content) % tarfile.BLOCKSIZE)]
    return b"".join(parts)


def _sparse(name: str, size: int) -> bytes:
    """A file of that size, of which nothing is stored."""
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    block[483:495] = f"{size:011o}".encode() + b"\0" if size < 8**11 else b"\x80" + size.to_bytes(11)
    block[148:156] = b"        "
    block[148:156] = f"{sum(block):06o}".encode() + b"\0 "
    return bytes(block)


def _sealed(plain: bytes, public_key: str) -> bytes:
    return bytes(pyrage.encrypt(plain, parse_recipients([public_key])))


def opened(made: Made) -> dict[str, bytes]:
    identity = pyrage.x25519.Identity.from_str(made.private_key.read_text().splitlines()[-1])
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(made.backup, [identity]))) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def test_a_backup_that_another_site_made_is_refused(made: Made, tmp_path: Path, settings: Settings) -> None:
    own, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, RootKey(b"test", b"x" * 32).written_out()
    entries = opened(made)
    entries["manifest.hmac"] = authenticate(entries["manifest.json"])
    settings.ENCRYPTION_KEYS = own
    with pytest.raises(CommandError, match="was not made by this site"):
        check(forged(entries, made.public_key), made.private_key, tmp_path)


def test_a_backup_of_a_lost_root_key_asks_for_it(made: Made, tmp_path: Path, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = RootKey.generate().written_out()
    with pytest.raises(CommandError, match="a key that ENCRYPTION_KEYS lacks"):
        check(made.backup, made.private_key, tmp_path)


@pytest.mark.parametrize("part", ["manifest.json", "database"])
def test_a_forged_part_is_refused(part: str, made: Made, tmp_path: Path) -> None:
    entries = opened(made)
    name = next(name for name in entries if name.startswith(part))
    entries[name] = entries[name][:-2] + b"zz"
    with pytest.raises(CommandError, match="was changed"):
        check(forged(entries, made.public_key), made.private_key, tmp_path)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside-of-a-backup", "products/../../outside"])
def test_no_part_is_written_outside(name: str, made: Made, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(CommandError, match="a name that no backup has"):
        check(forged({**opened(made), name: b"x"}, made.public_key), made.private_key, tmp_path)
    assert not list(Path(settings.DATA_DIR).glob("**/outside"))
    assert not Path("/tmp/outside-of-a-backup").exists()


@pytest.mark.parametrize("kind", ["further", "larger", "sparse"])
def test_a_bomb_behind_a_good_manifest_is_refused_before_it_fills_the_disk(
    kind: str, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever could open a backup has its manifest, with its authentication."""
    entries = opened(made)
    database = next(name for name in entries if name.startswith("database"))
    bomb = b"0" * 50_000_000
    if kind == "sparse":
        content = b"".join(_tar({name: entries[name]}) for name in ("manifest.json", "manifest.hmac"))
        content += _sparse(database, 1 << 40)
    else:
        entries["products/bomb" if kind == "further" else database] = bomb
        content = b"".join(_tar({name: part}) for name, part in entries.items())
    written: list[int] = []

    def stored(size: int, digest: str) -> StoredFile:
        written.append(size)
        return StoredFile(size, digest)

    monkeypatch.setattr(reading, "StoredFile", stored)
    with pytest.raises(CommandError, match="was changed"):
        check(_sealed(content + END, made.public_key), made.private_key, tmp_path)
    assert sum(written) < len(bomb)


def test_a_name_that_fills_the_memory_is_refused(made: Made, tmp_path: Path) -> None:
    """It comes before the manifest: whoever has the public key could send it."""
    entry = tarfile.TarInfo("name")
    entry.type, entry.size = tarfile.XHDTYPE, 1 << 40
    with pytest.raises(CommandError, match="damaged, cut off, or was changed"):
        check(_sealed(entry.tobuf() + b"x" * 512, made.public_key), made.private_key, tmp_path)


def test_something_else_is_no_backup(made: Made, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no manifest"):
        check(forged({"letter.txt": b"Hello"}, made.public_key), made.private_key, tmp_path)


def test_a_backup_that_is_older_than_deletions_are_known_is_refused(made: Made, tmp_path: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=91)
    with time_machine.travel(later), pytest.raises(CommandError, match="older than 90 days"):
        check(made.backup, made.private_key, tmp_path)


def test_the_private_key_is_named_by_a_file_only(made: Made, tmp_path: Path) -> None:
    """An argument is visible to everybody on the machine."""
    with pytest.raises(CommandError, match="identity"):
        call_command("restore", str(tmp_path / "x"))
