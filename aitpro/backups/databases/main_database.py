"""What a backup copies, and a restore replaces: the main database, on SQLite or PostgreSQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from privacy.registry.declarations import personal_models

KEY_STORE_TABLES = "keystore_"  # prefix


@dataclass(frozen=True)
class DatabaseContent:
    """What a copy holds."""

    tables: dict[str, int]  # with the number of their rows
    version: int  # of the server; of SQLite, as 3045001


class MainDatabase(ABC):
    """Raises `BackupProblem` for whatever the operator can do something about, and `OSError`."""

    kind: str
    file_name: str  # of the copy in an archive
    work_folder: Path  # for copies: as private as the database, and for SQLite on its file system

    @abstractmethod
    def dump(self, target: Path) -> DatabaseContent:
        """Writes a consistent copy, while others read and write."""

    @abstractmethod
    def check(self, dump: Path, tables: dict[str, int]) -> None:
        """Reads all of a copy."""

    @abstractmethod
    def require_to_fit(self, version: int) -> None:
        """Whether a copy of a server of this version can be restored here."""

    @abstractmethod
    def require_unused(self) -> None:
        """Whether no other process has it open, as far as that can be known."""

    @abstractmethod
    def has_rows(self, tables: set[str]) -> bool:
        """Whether one of these tables has a row; one that doesn't exist has none."""

    @abstractmethod
    def replace(self, dump: Path, *, restored_at: datetime) -> None:
        """Puts the copy in the place of all that is there, with the mark that `restore_check` is due: all or nothing,
        whenever it is interrupted."""


def holds_people(database: MainDatabase) -> bool:
    """Whether anything is stored about anybody: it isn't as `migrate` leaves it."""
    return database.has_rows({declaration.model._meta.db_table for declaration in personal_models()})


def main_database() -> MainDatabase:
    from .postgres import PostgresDatabase
    from .sqlite import SqliteDatabase

    if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
        return SqliteDatabase()
    return PostgresDatabase()
