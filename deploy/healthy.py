"""For the image's health check: exit 0 if the web instance answers `/healthz`. `BIND` is gunicorn's address."""

import os
import socket
import sys


def main() -> bool:
    where = os.environ.get("BIND", "127.0.0.1:8000")
    if where.startswith("unix:"):
        connection, address = socket.socket(socket.AF_UNIX), where.removeprefix("unix:")
    else:
        connection, address = socket.socket(), ("127.0.0.1", int(where.rpartition(":")[2]))
    with connection:
        connection.settimeout(8)
        connection.connect(address)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(64).startswith(b"HTTP/1.1 200")


if __name__ == "__main__":
    sys.exit(not main())
