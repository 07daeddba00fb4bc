"""A second PostgreSQL server that follows the first one: streaming replication, as docs/scaling.md sets it up."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from pathlib import Path

import psycopg

from tests.programs import program

from .parts import Guard, Part
from .postgresql import PostgreSQL


class Replica(Part):
    """Copies the primary when it is started for the first time. Its `stop` is fast."""

    def __init__(self, folder: Path, primary: PostgreSQL, guard: Guard) -> None:
        self.primary, self.data = primary, folder / "replica"
        self.programs = Path(primary.server.bin_path)
        self.as_user = _as_user(primary.server.system_user)
        where = ["-h", "", "-k", str(self.data)]  # a socket only, as the primary
        super().__init__(
            "replica",
            [*self.as_user, str(self.programs / "postgres"), "-D", str(self.data), *where],
            guard=guard,
            folder=folder,
            environment={"PATH": os.environ["PATH"]},
            is_ready=self._answers,
            stops_with=signal.SIGINT,
        )

    def url(self, database: str) -> str:
        address, _, _ = self.primary.url(database).partition("?host=")
        return f"{address}?host={self.data}"

    def _run(self) -> None:
        if not self.data.exists():
            self._copy()
        super()._run()

    def _copy(self) -> None:
        """`--write-recovery-conf` makes it follow. The folder is the server's own."""
        self.data.mkdir(mode=0o700)
        if user := self.primary.server.system_user:
            account = pwd.getpwnam(user)
            os.chown(self.data, account.pw_uid, account.pw_gid)
        (self.primary.data / ".handle_pids.json").chmod(0o644)  # the package's own; it is copied, too
        options = ["--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream"]
        source = self.primary.server.get_uri()
        copy = [*self.as_user, str(self.programs / "pg_basebackup"), "-D", str(self.data), "-d", source, *options]
        done = subprocess.run(copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (self.data / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # the primary keeps its socket in its data folder

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("aitpro")) as connection:
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        except psycopg.Error:
            return False


def _as_user(user: str | None) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if user is None:
        return []
    return [program("setpriv"), f"--reuid={user}", f"--regid={user}", "--clear-groups"]
