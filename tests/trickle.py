"""Servers on loopback that answer as a test says, each connection in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

EVERY = 0.1  # seconds


def trickle(said: bytes) -> AbstractContextManager[int]:
    """Says a line or two at once, and then a byte every tenth of a second, for ever. Whatever it is told, it does not
    listen."""

    def answer(line: socket.socket, stopping: threading.Event) -> None:
        line.sendall(said)
        while not stopping.wait(EVERY):
            line.sendall(b"x")

    return answering(answer)


@contextmanager
def answering(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """The port of a server. `answer` gets each connection, and an event that is set when it has to end."""
    stopping, threads = threading.Event(), []
    server = socket.create_server(("127.0.0.1", 0))

    def serve(line: socket.socket) -> None:
        with suppress(OSError), line:
            answer(line, stopping)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=serve, args=(server.accept()[0],)))
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
