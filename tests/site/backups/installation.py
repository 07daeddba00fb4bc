"""An installation of its own: its environment, and its operator's commands as processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg

from privacy.encryption.keys import RootKey
from tests.running_site import ROOT


class Site:
    """`database` are its variables; SQLite in its folder without any."""

    def __init__(self, folder: Path, database: dict[str, str]) -> None:
        self.folder, self.data = folder, folder / "data"
        self.backups, self.private_key = folder / "backups", folder / "key.txt"
        for path in (self.data, self.backups):
            path.mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PG_BIN_DIR") if name in os.environ}
        self.environment = {
            **kept,
            **database,
            "DATA_DIR": str(self.data),
            "SECRET_KEY": "drill-" + "x" * 60,
            "ENCRYPTION_KEYS": RootKey.generate().written_out(),
            "DEMO_DAYS": "20",
            "REHEARSE_NIGHTLY": "false",
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, *arguments: str, code: int = 0, **options: object) -> str:
        with self.start(*arguments, **options) as process:
            said, _ = process.communicate()
        assert process.returncode == code, said
        return said

    def restore(self, *arguments: str, code: int = 0) -> str:
        return self.run(
            "restore", str(self.newest_backup()), "--identity", str(self.private_key), *arguments, code=code
        )

    def newest_backup(self) -> Path:
        return max(self.backups.iterdir())

    def count(self, query: str) -> int:
        """Asked without the site's code."""
        if url := self.environment.get("DATABASE_URL"):
            with psycopg.connect(url) as connection:
                return int(connection.execute(query).fetchone()[0])  # type: ignore[index]
        with sqlite3.connect(self.data / "aitpro.sqlite3") as connection:  # type: ignore[assignment]
            found = int(connection.execute(query).fetchone()[0])  # type: ignore[index]
        connection.close()
        return found

    def lose(self) -> None:
        """The disk with database and product files is gone; the key store is on another one."""
        for path in [*self.data.glob("aitpro.sqlite3*"), *self.data.glob("products/*/*")]:
            path.unlink()
        if url := self.environment.get("DATABASE_URL"):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
