"""A cache in Redis, which may die at any time: every call returns or raises `CacheAway` within about a second.

After a failure, calls raise at once for a few seconds, so that not every request waits for a server that is silent.
The connections are shared by all threads of a process, and never with another one.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError
from redis.retry import Retry

from .away import CacheAway

logger = logging.getLogger(__name__)

SECONDS = 0.5  # to connect, and again for each answer
PAUSE = 5  # seconds after a failure, until the next try
SCANNED_AT_ONCE = 500


class RedisCache(BaseCache):
    """Stores bytes, each for a number of seconds. Raises `CacheAway`."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._server = _server(location)

    def add(self, key: str, value: bytes, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, seconds = self._name(key, version), self._seconds(timeout)
        return bool(self._server.call("set", name, value, ex=seconds, nx=True))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        found = self._server.call("get", self._name(key, version))
        return default if found is None else found

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = {key: self._name(key, version) for key in keys}
        values = self._server.call("mget", list(names.values())) if names else []
        return {key: value for key, value in zip(names, values, strict=True) if value is not None}

    def set(self, key: str, value: bytes, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._server.call("set", self._name(key, version), value, ex=self._seconds(timeout))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._server.call("delete", self._name(key, version)))

    def clear(self) -> None:
        """Deletes this site's keys alone; the server may have others."""
        for name in self._names():
            self._server.call("delete", name)

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """All stored names and values of this site."""
        for name in self._names():
            if (value := self._server.call("get", name)) is not None:
                yield name, value

    def _names(self) -> Iterator[bytes]:
        cursor, pattern = 0, f"{self.key_prefix}:*"
        while True:
            cursor, names = self._server.call("scan", cursor, match=pattern, count=SCANNED_AT_ONCE)
            yield from names
            if not cursor:
                return

    def _name(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def _seconds(self, timeout: Any) -> int:
        return int(self.default_timeout or 0) if timeout is DEFAULT_TIMEOUT else int(timeout)


class _Server:
    """A Redis server, and whether it answered last time."""

    def __init__(self, url: str) -> None:
        # A pooled connection may have ended with a restart of the server, so that a call is tried on a new one. Not
        # after a time-out, which would double it.
        retry = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
        self._client = Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS, retry=retry)
        self._next_try = 0.0  # on the monotonic clock; 0 while it answers

    def call(self, command: str, *arguments: Any, **options: Any) -> Any:
        was_away, now = bool(self._next_try), time.monotonic()
        if was_away:
            if now < self._next_try:
                raise CacheAway("not tried again yet")
            self._next_try = now + PAUSE  # other threads don't wait for this try
        try:
            answer = getattr(self._client, command)(*arguments, **options)
        except (RedisError, OSError) as error:
            self._next_try = time.monotonic() + PAUSE
            if not was_away:
                logger.error("the cache does not answer: %s; limits are counted elsewhere", type(error).__name__)
            raise CacheAway(type(error).__name__) from None
        if was_away:
            self._next_try = 0.0
            logger.warning("the cache answers again")
        return answer


@functools.cache
def _server(url: str) -> _Server:
    return _Server(url)
