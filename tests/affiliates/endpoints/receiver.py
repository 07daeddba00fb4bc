"""A real HTTPS server on loopback, with a certificate of its own authority, that answers as told; and the internet in
which its name leads to a public address."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from privacy.web.bounded_sockets import BoundedSocket

NAME, ADDRESS = "hooks.example.com", "93.184.215.14"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Received:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes
    server_name: str | None


@dataclass
class Receiver:
    """`answer` gets the connection after each request. `stopped` ends what waits."""

    certificate: Path
    answer: Callable[[ssl.SSLSocket], None] = lambda line: line.sendall(OK)
    requests: list[Received] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)
    port: int = 0

    def answers(self, status: int, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} x", *headers, "Content-Length: 0", "", ""]
        self.answer = lambda line: line.sendall("\r\n".join(lines).encode())

    def serve(self, listener: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate / "fullchain.pem", self.certificate / "privkey.pem")
        names: list[str | None] = []
        context.sni_callback = lambda _, name, __: names.append(name)
        while not self.stopped.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as line:
                    self.requests.append(read_request(line, names[-1]))
                    self.answer(line)


def read_request(line: ssl.SSLSocket, name: str | None) -> Received:
    head, _, body = read_until(line, b"\r\n\r\n").partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = {key.lower(): value for key, _, value in (each.partition(": ") for each in rest)}
    while len(body) < int(headers["content-length"]) and (some := line.recv(65536)):
        body += some
    return Received(first, headers, body, name)


def read_until(line: ssl.SSLSocket, end: bytes) -> bytes:
    found = b""
    while end not in found and (some := line.recv(65536)):
        found += some
    return found


def reset(line: ssl.SSLSocket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


@dataclass
class Internet:
    """What names lead to, and which addresses were asked for a connection. Each of them is the receiver."""

    receiver: Receiver
    names: dict[str, list[list[str]]] = field(default_factory=lambda: {NAME: [[ADDRESS]]})
    lookups: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, **options: Any) -> list[Any]:
        """The last answer of a name is repeated."""
        self.lookups.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        answers = self.names[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (each, port, 0, 0))
            if ":" in each
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in addresses
        ]


@contextmanager
def internet(certificate: Path, patch: pytest.MonkeyPatch) -> Iterator[Internet]:
    receiver = Receiver(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    receiver.port = listener.getsockname()[1]
    found = Internet(receiver)
    thread = Thread(target=receiver.serve, args=[listener])
    thread.start()
    connect = BoundedSocket.connect

    def to_the_receiver(line: BoundedSocket, address: tuple[str, int]) -> None:
        found.connections.append(f"{address[0]}:{address[1]}")
        connect(line, ("127.0.0.1", receiver.port))

    patch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    patch.setattr(BoundedSocket, "connect", to_the_receiver)
    patch.setenv("SSL_CERT_FILE", str(certificate / "ca.pem"))
    try:
        yield found
    finally:
        receiver.stopped.set()
        thread.join()
        listener.close()
