"""HTTP to another server on bounded sockets: within a `deadline`, the whole answer ends."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPSConnection

from .bounded_sockets import bounded_tls, connect


class BoundedHTTP(HTTPConnection):
    def connect(self) -> None:
        self.sock = connect(self.host, self.port, timeout=self.timeout)


class BoundedHTTPS(HTTPSConnection):
    def __init__(self, host: str, port: int | None, *, timeout: float, context: ssl.SSLContext | None = None) -> None:
        self._tls = bounded_tls(context or ssl.create_default_context())
        super().__init__(host, port, timeout=timeout, context=self._tls)

    def connect(self) -> None:
        line = connect(self.host, self.port, timeout=self.timeout)
        self.sock = self._tls.wrap_socket(line, server_hostname=self.host)
