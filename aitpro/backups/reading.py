"""Opening a backup: into a private folder, and every part compared with the manifest."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

from .archive import CHUNK, opened_archive
from .manifest import Manifest, StoredFile, read_manifest
from .problems import BackupProblem

MANIFEST, AUTHENTICATION, PRODUCTS = "manifest.json", "manifest.hmac", "products/"
LONGEST = {MANIFEST: 64 << 20, AUTHENTICATION: 1000}  # bytes


def read_backup(path: Path, identities: list[Any], folder: Path) -> Manifest:
    """Unpacks into a new folder. Raises `BackupProblem`; then what was unpacked means nothing."""
    folder.mkdir(mode=0o700)
    try:
        with opened_archive(path, identities) as tar:
            manifest = _read_manifest(tar)
            found = {entry.name: _unpack(tar, entry, manifest, folder) for entry in iter(tar.next, None)}
    except OSError as error:
        raise BackupProblem(f"The backup can't be unpacked: {error.strerror}.") from None
    if found != manifest.files:
        raise _changed()
    return manifest


def _changed() -> BackupProblem:
    return BackupProblem("The backup's parts are not those of its manifest: it was changed. Take another backup.")


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    return read_manifest(_next(tar, MANIFEST), _next(tar, AUTHENTICATION))


def _next(tar: tarfile.TarFile, name: str) -> bytes:
    entry = tar.next()
    file = tar.extractfile(entry) if entry and entry.name == name and entry.size <= LONGEST[name] else None
    if file is None:
        raise BackupProblem("This is not a backup of this site: it has no manifest.")
    return file.read()


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, manifest: Manifest, folder: Path) -> StoredFile:
    """Only the end of the archive proves that it is whole, so a name is not trusted before. Whoever has read a backup
    can put its manifest before parts of their own, which must not fill the disk."""
    name = PurePosixPath(entry.name)
    if not entry.isreg() or name.is_absolute() or ".." in name.parts:
        raise BackupProblem("The backup has a part with a name that no backup has. Take another one.")
    if (stored := manifest.files.get(entry.name)) is None or stored.size != entry.size:
        raise _changed()
    target, digest, size = folder / name, hashlib.sha256(), 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source: Any = tar.extractfile(entry)
    with target.open("xb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(size, digest.hexdigest())
