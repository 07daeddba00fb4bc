"""Connections to other servers whose whole answer has a deadline.

A library's time-out begins anew with each byte: a server that sends one byte a second would hold a thread for ever.
Within `deadline(seconds)`, every wait of a bounded socket ends with the deadline, however many bytes have arrived:
connecting, the TLS handshake, sending, headers and body. Only the system's name resolution, before a socket exists, is
beyond its reach; it has the limits of `resolv.conf`.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# A row of `socket.getaddrinfo`: family, kind, protocol, canonical name, address.
Resolved = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Waits of bounded sockets in this block end after `seconds` with `TimeoutError`. Of nested ones the earliest
    counts."""
    before = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(before)


def remaining() -> float:
    """Seconds until the deadline; at most 0 if it has passed, infinite without one."""
    return _until.get() - time.monotonic()


class _Bounded:
    """Before each wait, the time-out that the library set is shortened to what remains until the deadline."""

    _wait: float | None = None

    def settimeout(self, value: float | None) -> None:
        self._wait = value
        super().settimeout(value)  # type: ignore[misc]

    def _limit(self) -> None:
        left = remaining()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        if left < math.inf:
            super().settimeout(left if self._wait is None else min(left, self._wait))  # type: ignore[misc]

    def connect(self, *args: Any) -> Any:
        self._limit()
        return super().connect(*args)  # type: ignore[misc]

    def recv(self, *args: Any) -> Any:
        self._limit()
        return super().recv(*args)  # type: ignore[misc]

    def recv_into(self, *args: Any) -> Any:
        self._limit()
        return super().recv_into(*args)  # type: ignore[misc]

    def send(self, *args: Any) -> Any:
        self._limit()
        return super().send(*args)  # type: ignore[misc]

    def sendall(self, *args: Any) -> Any:
        self._limit()
        return super().sendall(*args)  # type: ignore[misc]


class BoundedSocket(_Bounded, socket.socket):
    pass


class BoundedTLSSocket(_Bounded, ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        self._limit()
        super().do_handshake(block)


def bounded_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, whose sockets are bounded."""
    context.sslsocket_class = BoundedTLSSocket
    return context


def connect(host: str, port: int, *, timeout: float | None) -> BoundedSocket:
    """As `socket.create_connection`: the first of the host's addresses that answers, each within `timeout`."""
    return connect_to(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), timeout=timeout)


def connect_to(resolved: Iterable[Resolved], *, timeout: float | None) -> BoundedSocket:
    """The first of these addresses that answers, as `socket.getaddrinfo` returned them."""
    failure = OSError("the host has no address")
    for family, kind, protocol, _, address in resolved:
        line = BoundedSocket(family, kind, protocol)
        line.settimeout(timeout)
        try:
            line.connect(address)
        except OSError as error:
            line.close()
            failure = error
        else:
            return line
    raise failure
