"""What a backup holds: its first entry, `manifest.json`. Names, numbers and times; nothing personal.

The second entry authenticates it: anybody can encrypt to a public key, and a forged backup would be worse than none.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from privacy.encryption.keys import RootKey, UnknownKey, derive_key, key_ring
from privacy.keystore.models import DayKey
from privacy.models import KeyCheck

from .databases.main_database import DatabaseContent, MainDatabase
from .problems import BackupProblem

FORMAT = 1


@dataclass(frozen=True)
class StoredFile:
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Manifest:
    made_at: str  # ISO 8601, of the data
    site: str  # host name
    database: str  # sqlite or postgresql
    database_version: int
    migrations: list[str]  # applied ones, as app.name
    root_keys: list[str]  # ids that values are sealed under
    day_key: str  # id of the newest, by which the key store is recognized; empty before the first click
    tables: dict[str, int]  # with the number of their rows
    files: dict[str, StoredFile]
    format: int = FORMAT

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def manifest_of(
    database: MainDatabase, content: DatabaseContent, files: dict[str, StoredFile], *, made_at: datetime
) -> Manifest:
    applied = MigrationLoader(connections["default"]).applied_migrations
    newest = DayKey.objects.order_by("-day").values_list("key_id", flat=True).first()
    known = set(KeyCheck.objects.values_list("pk", flat=True)) | {key_ring().primary.id.hex()}
    return Manifest(
        made_at=made_at.isoformat(),
        site=site_name(),
        database=database.kind,
        database_version=content.version,
        migrations=[f"{app}.{name}" for app, name in sorted(applied)],
        root_keys=sorted(known),
        day_key=bytes(newest).hex() if newest else "",
        tables=content.tables,
        files=files,
    )


def authenticate(content: bytes) -> bytes:
    """`<id of the root key>:<HMAC-SHA256>`, in hexadecimal."""
    return _authenticated(content, key_ring().primary)


def _authenticated(content: bytes, root: RootKey) -> bytes:
    return f"{root.id.hex()}:{hmac.digest(derive_key(root, 'backup'), content, 'sha256').hex()}".encode()


def read_manifest(content: bytes, authentication: bytes) -> Manifest:
    """Raises `BackupProblem` also if this site didn't make it."""
    try:
        root = key_ring().get(bytes.fromhex(authentication[:8].decode()))
    except (UnknownKey, ValueError):
        raise BackupProblem(
            "The backup was made with a key that ENCRYPTION_KEYS lacks, or by somebody else. Put the keys of that time"
            " back into ENCRYPTION_KEYS, after the primary one."
        ) from None
    if not hmac.compare_digest(_authenticated(content, root), authentication):
        raise BackupProblem("The backup was not made by this site, or was changed. Don't restore it.")
    return _parse(content)


def _parse(content: bytes) -> Manifest:
    try:
        values: dict[str, Any] = json.loads(content)
        if values["format"] > FORMAT:
            raise BackupProblem("The backup was made by a newer version of this site. Restore it with that version.")
        files = {name: StoredFile(**stored) for name, stored in values.pop("files").items()}
        return Manifest(**values, files=files)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupProblem("The backup's manifest can't be read.") from None


def site_name() -> str:
    return urlsplit(settings.SITE_URL).hostname or "site"
