"""Runs a command once the site answers, so that the first page doesn't share the machine with all else that starts:
`python -m aitpro.processes.after_web PORT COMMAND…`. Loads no Django, and becomes the command.
"""

from __future__ import annotations

import os
import socket
import sys
import time

PATIENCE = 60  # seconds; then the command runs all the same


def main(port: int, command: list[str]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not _answers(port):
        time.sleep(0.1)
    os.execvp(command[0], command)  # noqa: S606 (the demo's own commands)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            return bool(line.recv(1))
    except OSError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
