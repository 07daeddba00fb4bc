"""A server that sends one byte every tenth of a second and never ends: from the first one on, or later."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

EVERY = 0.1  # seconds
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
TOKEN = b'{"access_token": "t", "token_type": "Bearer", "expires_in": 32400}'
SENT_AT_ONCE = {"status line": b"", "headers": b"HTTP/1.1 200 OK\r\n", "body": HEADERS}
DRIPS = {"status line": b"HTTP/1.1 200 " + b"O" * 60000, "headers": b"X: " + b"y" * 60000, "body": b" " * 60000}


@contextmanager
def dripping(part: str, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port. A token is answered at once; `part` is what drips of other answers, or "handshake" or "token"."""
    stopping, threads = threading.Event(), []
    server = socket.create_server(("127.0.0.1", 0))

    def drip(line: socket.socket, text: bytes) -> None:
        for byte in text:
            if stopping.wait(EVERY):
                return
            line.sendall(bytes([byte]))

    def answer(line: socket.socket) -> None:
        with suppress(OSError), line:
            if part == "handshake":
                drip(line, b"\x16\x03\x03\x40\x00" + b"\x02" * 16000)
            elif tls:
                with tls.wrap_socket(line, server_side=True) as secure:
                    serve(secure)
            else:
                serve(line)

    def serve(line: socket.socket) -> None:
        while request := line.recv(65536):
            if b"/v1/oauth2/token" in request and part != "token":
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(TOKEN), TOKEN))
            else:
                line.sendall(SENT_AT_ONCE.get(part, HEADERS))
                drip(line, DRIPS.get(part, DRIPS["body"]))

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=answer, args=(server.accept()[0],)))
                threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    try:
        yield server.getsockname()[1]
    finally:
        stopping.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for thread in threads:
            thread.join()
