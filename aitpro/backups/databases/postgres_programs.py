"""PostgreSQL's own programs: which ones fit the server, and how they learn of the database.

They get its address, user and password by the environment, which other users can't see: nothing is on the command line.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from psycopg.pq import Conninfo

from ..problems import BackupProblem

DEBIAN = Path("/usr/lib/postgresql")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT")


class PostgresPrograms:
    """`pg_dump`, `pg_restore` and `psql` of one folder."""

    def __init__(self, folder: Path, major: int) -> None:
        self.folder, self.major = folder, major
        self._environment = _environment()

    def run(self, name: str, *arguments: str) -> None:
        """Discards the output. Raises `BackupProblem` with the first error."""
        with self.start(name, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            _, errors = process.communicate()
        if process.returncode:
            raise BackupProblem(failure(name, errors))

    def start(self, name: str, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([self.folder / name, *arguments], env=self._environment, **streams)  # noqa: S603


def failure(name: str, errors: bytes) -> str:
    """The first line without what may quote a row: PostgreSQL puts that into DETAIL and CONTEXT."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if "error:" in line or "ERROR:" in line]
    return f"{name} failed: {lines[0] if lines else 'it gave no reason'}"


def fitting_programs(least: int) -> PostgresPrograms:
    """The oldest that are at least of this major version: a server's own are the best. Raises `BackupProblem`."""
    found = sorted((major, folder) for folder, major in _installed())
    for major, folder in found:
        if major >= least:
            return PostgresPrograms(folder, major)
    seen = f"found {found[-1][0]}" if found else "found none"
    raise BackupProblem(
        f"pg_dump {least} or newer is needed for this database ({seen}). Debian: apt-get install"
        f" postgresql-client-{least}; elsewhere, name the folder of the programs in PG_BIN_DIR."
    )


def _installed() -> Iterator[tuple[Path, int]]:
    folders = [Path(settings.PG_BIN_DIR)] if settings.PG_BIN_DIR else [*DEBIAN.glob("*/bin"), _on_path()]
    for folder in folders:
        if folder and (folder / "pg_dump").is_file() and (folder / "psql").is_file():
            said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False)  # noqa: S603
            if version := re.search(r"\) (\d+)", said.stdout):
                yield folder, int(version[1])


def _on_path() -> Path | None:
    found = shutil.which("pg_dump")
    return Path(found).parent if found else None


def _environment() -> dict[str, str]:
    """libpq has a variable for each option of a connection."""
    options = connections["default"].get_connection_params()
    variables = {option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    inherited = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = {variables[name]: str(value) for name, value in options.items() if name in variables and value}
    return {**inherited, **own, "PGAPPNAME": "aitpro backup"}
