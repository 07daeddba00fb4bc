"""The HTTP session of all calls to PayPal: no cookies, no passwords from files, and an end to each answer.

`privacy.web.bounded_sockets` ends each wait: `requests` gets its sockets from there. And a body has a size.
"""

from __future__ import annotations

import socket
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from privacy.web.bounded_sockets import BoundedSocket, bounded_tls, connect

POOL_SIZE = 10


class BodyTooLarge(Exception):
    """The rest of the answer is not read."""


def paypal_session(*, use_proxies: bool) -> requests.Session:
    session = requests.Session()
    adapter = BoundedAdapter(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = use_proxies
    session.auth = _as_it_is
    return session


def read_body(response: requests.Response, *, at_most: int) -> bytes:
    """The decoded body of a streamed response. Raises BodyTooLarge above `at_most` bytes."""
    content = bytearray()
    for chunk in response.iter_content(16 * 1024):
        content += chunk
        if len(content) > at_most:
            raise BodyTooLarge
    return bytes(content)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without an `auth`, requests would replace the token by a password from ~/.netrc."""
    return request


class _WithDeadline(HTTPConnection):
    def _new_conn(self) -> BoundedSocket:
        wait = self.timeout if isinstance(self.timeout, int | float) else None
        try:
            line = connect(self._dns_host, self.port, timeout=wait)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line


class _SecureWithDeadline(_WithDeadline, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _WithDeadline


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureWithDeadline


class BoundedAdapter(HTTPAdapter):
    """Makes bounded connections, also through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=bounded_tls(create_urllib3_context()))
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options, ssl_context=bounded_tls(create_urllib3_context()))
        manager.pool_classes_by_scheme = POOLS
        return manager


POOLS = {"http": _Pool, "https": _SecurePool}
