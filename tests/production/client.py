"""Requests as a stranger may write them: any name, any header, any address of this machine."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from http.client import HTTPResponse
from pathlib import Path
from typing import NamedTuple

TIMEOUT = 30  # seconds


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in small letters
    body: bytes


class Client:
    """`source` is the client's own address: 127.0.0.1, 127.0.5.1 … or ::1."""

    def __init__(self, ca: Path, https: int, http: int = 0, source: str = "127.0.0.1") -> None:
        self.ca, self.https, self.http, self.source = ca, https, http, source

    def connect(self, name: str = "localhost", protocols: Iterable[str] = ("http/1.1",)) -> ssl.SSLSocket:
        """A TLS connection for this server name, with the certificate verified."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.set_alpn_protocols(list(protocols))
        return context.wrap_socket(self._plain(self.https), server_hostname=name)

    def _plain(self, port: int) -> socket.socket:
        target = "::1" if ":" in self.source else "127.0.0.1"
        return socket.create_connection((target, port), TIMEOUT, source_address=(self.source, 0))

    def get(self, path: str, **options: object) -> Answer:
        return self.send("GET", path, **options)  # type: ignore[arg-type]

    def post(self, path: str, body: bytes = b"a=b", **options: object) -> Answer:
        return self.send("POST", path, body=body, **options)  # type: ignore[arg-type]

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Iterable[str] = (),
        host: str = "",
        name: str = "localhost",
        encrypted: bool = True,
    ) -> Answer:
        """One request on a connection of its own. `headers` are whole lines. Raises OSError if nobody answers."""
        connection = self.connect(name) if encrypted else self._plain(self.http)
        with connection:
            connection.sendall(written(method, path, host or f"{name}:{self.https}", headers, body))
            return read_answer(connection, method)


def written(method: str, path: str, host: str, headers: Iterable[str] = (), body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    if method == "POST":
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/x-www-form-urlencoded"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    response = HTTPResponse(connection, method=method)
    response.begin()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
