"""A server that sends one byte every tenth of a second and never ends: from the first one on, or later."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import AbstractContextManager

from tests.trickle import EVERY, answering

HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
TOKEN = b'{"access_token": "t", "token_type": "Bearer", "expires_in": 32400}'
SENT_AT_ONCE = {"status line": b"", "headers": b"HTTP/1.1 200 OK\r\n", "body": HEADERS}
DRIPS = {"status line": b"HTTP/1.1 200 " + b"O" * 60000, "headers": b"X: " + b"y" * 60000, "body": b" " * 60000}


def dripping(part: str, *, tls: ssl.SSLContext | None = None) -> AbstractContextManager[int]:
    """The port. A token is answered at once; `part` is what drips of other answers, or "handshake" or "token"."""

    def answer(line: socket.socket, stopping: threading.Event) -> None:
        if part == "handshake":
            drip(line, b"\x16\x03\x03\x40\x00" + b"\x02" * 16000, stopping)
        elif tls:
            with tls.wrap_socket(line, server_side=True) as secure:
                serve(secure, stopping)
        else:
            serve(line, stopping)

    def serve(line: socket.socket, stopping: threading.Event) -> None:
        while request := line.recv(65536):
            if b"/v1/oauth2/token" in request and part != "token":
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(TOKEN), TOKEN))
            else:
                line.sendall(SENT_AT_ONCE.get(part, HEADERS))
                drip(line, DRIPS.get(part, DRIPS["body"]), stopping)

    def drip(line: socket.socket, text: bytes, stopping: threading.Event) -> None:
        for byte in text:
            if stopping.wait(EVERY):
                return
            line.sendall(bytes([byte]))

    return answering(answer)
