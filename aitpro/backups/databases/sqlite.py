"""SQLite: copied by its online backup API, restored by replacing the file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connections

from privacy.encryption.models import uuid7
from privacy.erasure.restored import RESTORED

from ..problems import BackupProblem
from .main_database import DatabaseContent, MainDatabase

IN_USE = "The database is in use. Stop the web, worker and clock processes first."
BESIDE = ("-wal", "-shm", "-journal")


class SqliteDatabase(MainDatabase):
    kind = "sqlite"
    file_name = "database.sqlite3"

    def __init__(self) -> None:
        self.path = Path(connections["default"].settings_dict["NAME"]).resolve()
        self.work_folder = self.path.parent

    def dump(self, target: Path) -> DatabaseContent:
        """In one step: a reader of a database in WAL mode neither waits for writers nor holds them up."""
        if not self.path.exists():
            raise BackupProblem("There is no database yet: run `manage.py migrate`.")
        with _plainly(), closing(_connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous=OFF")
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # so that it is one file
            return DatabaseContent(_row_counts(copy), sqlite3.sqlite_version_info[0] * 1_000_000 + _minor())

    def check(self, dump: Path, tables: dict[str, int]) -> None:
        with _plainly(), closing(_connect(dump)) as copy:
            problems = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(1)")]
            if problems != ["ok"]:
                raise BackupProblem("The copy of the database is damaged (integrity_check).")
            if copy.execute("PRAGMA foreign_key_check").fetchone():
                raise BackupProblem("The copy of the database has rows whose counterparts are missing.")
            if _row_counts(copy) != tables:
                raise BackupProblem("The copy of the database has other rows than its manifest says.")

    def require_to_fit(self, version: int) -> None:
        """The file format is the same for all versions of SQLite 3."""

    def require_unused(self) -> None:
        if self.path.exists():
            with self._to_itself():
                pass

    def has_rows(self, tables: set[str]) -> bool:
        if not self.path.exists():
            return False
        try:
            with closing(_connect(self.path)) as connection:
                there = tables & set(_tables(connection))
                return any(connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() for table in there)  # noqa: S608
        except sqlite3.DatabaseError:
            return True  # damaged: nobody knows what it holds

    def replace(self, dump: Path, *, restored_at: datetime) -> None:
        """The write-ahead log of the old file must be gone before the new one is there: it would be applied to it."""
        with _plainly(), closing(sqlite3.connect(dump)) as copy:
            row = (uuid7().hex, RESTORED, restored_at.strftime("%Y-%m-%d %H:%M:%S.%f"))
            copy.execute("DELETE FROM privacy_heartbeat WHERE name = ?", [RESTORED])
            copy.execute("INSERT INTO privacy_heartbeat (id, name, at) VALUES (?, ?, ?)", row)
            copy.commit()
        _sync(dump)
        connections["default"].close()
        with self._to_itself():
            for suffix in BESIDE:
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            dump.replace(self.path)
            _sync(self.path.parent)

    @contextmanager
    def _to_itself(self) -> Iterator[None]:
        """Locks others out, and empties the write-ahead log. A damaged file can't be locked."""
        with closing(sqlite3.connect(self.path, timeout=2, isolation_level=None)) as connection:
            try:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
                connection.execute("PRAGMA journal_mode=DELETE")
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("COMMIT")  # the lock stays until the connection closes
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                    raise BackupProblem(IN_USE) from None
            yield


def _minor() -> int:
    return sqlite3.sqlite_version_info[1] * 1000 + sqlite3.sqlite_version_info[2]


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=20)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted(name for (name,) in found)


def _row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {
        table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
        for table in _tables(connection)
    }


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _plainly() -> Iterator[None]:
    """SQLite's messages name no values; a full disk is one of them."""
    try:
        yield
    except sqlite3.Error as error:
        raise BackupProblem(f"SQLite: {error}.") from None
