"""A server that says a line or two at once, and then a byte every tenth of a second, for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

EVERY = 0.1  # seconds


@contextmanager
def trickle(said: bytes) -> Iterator[int]:
    """The port of the server; whatever it is told, it does not listen."""
    stopping, threads = threading.Event(), []
    server = socket.create_server(("127.0.0.1", 0))

    def answer(line: socket.socket) -> None:
        with suppress(OSError), line:
            line.sendall(said)
            while not stopping.wait(EVERY):
                line.sendall(b"x")

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
