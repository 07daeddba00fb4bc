"""Sweeps caches. The table of the limits is covered as a table; a process's memory can't be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from privacy.web.caches.availability import is_redis
from privacy.web.caches.away import CacheAway

from .detectors import has_email
from .run import Sweep, part

if TYPE_CHECKING:
    from privacy.web.caches.redis_cache import RedisCache


@part("encrypted")
def caches_hold_nothing_readable(sweep: Sweep) -> None:
    for alias in caches.settings:
        cache = caches[alias]
        if isinstance(cache, LocMemCache):
            sweep.left(f"the cache {alias}, which is in the memory of the site's processes")
        elif is_redis(alias):
            try:
                _search(sweep, alias, cast("RedisCache", cache))
            except CacheAway:
                sweep.not_tried(f"the cache {alias} does not respond, so it can't be searched")
        else:
            sweep.searched("encrypted")  # covered by its table


def _search(sweep: Sweep, alias: str, cache: RedisCache) -> None:
    for key, value in cache.entries():
        sweep.searched("encrypted")
        for what, data in (("key", key), ("value", value)):
            if has_email(data.decode("latin-1")):
                sweep.breach("encrypted", f"a {what} in the cache {alias} contains what looks like an email address")
            for word, spelling in sweep.words.find(data):
                sweep.breach("encrypted", f"{word.place} can be read in a {what} of the cache {alias} ({spelling})")
        if not sweep.has_time:
            sweep.left(f"the rest of the cache {alias}")
            return
