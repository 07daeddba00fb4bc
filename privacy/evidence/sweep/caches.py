"""Sweeps caches. Database caches are covered by their tables; in-memory caches can't be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

from .detectors import has_email
from .run import Sweep, part


@part("encrypted")
def caches_hold_nothing_readable(sweep: Sweep) -> None:
    for alias in caches.settings:
        cache = caches[alias]
        if isinstance(cache, LocMemCache):
            sweep.left(f"the cache {alias}, which is in the memory of the site's processes")
        elif isinstance(cache, BaseDatabaseCache):
            sweep.searched("encrypted")  # covered by its table
        elif not isinstance(cache, DummyCache):
            _search(sweep, alias)


def _search(sweep: Sweep, alias: str) -> None:
    for key, value in _entries(alias):
        sweep.searched("encrypted")
        for what, data in (("key", key), ("value", value)):
            if has_email(data.decode("latin-1")):
                sweep.breach("encrypted", f"a {what} in the cache {alias} contains what looks like an email address")
            for word, spelling in sweep.words.find(data):
                sweep.breach("encrypted", f"{word.place} can be read in a {what} of the cache {alias} ({spelling})")
        if not sweep.has_time:
            sweep.left(f"the rest of the cache {alias}")
            return


def _entries(alias: str) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values in Redis with this site's key prefix."""
    from redis import Redis  # installed if CACHE_URL is a Redis URL

    given: Any = settings.CACHES[alias]["LOCATION"]
    client = Redis.from_url(given if isinstance(given, str) else given[0])
    for key in client.scan_iter(match=f"{settings.CACHES[alias].get('KEY_PREFIX', '')}:*", count=500):
        yield key, client.get(key) or b""
