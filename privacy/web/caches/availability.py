"""Whether the shared cache of the rate limits works. The site does without it, so nothing here stops a start."""

from __future__ import annotations

import functools
import logging
import secrets
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from .away import CacheAway

logger = logging.getLogger(__name__)


def cache_works() -> bool:
    """Whether it stores, returns and deletes a value. Takes about a second at most; a cache that failed a moment ago is
    not tried again."""
    cache, key, value = caches["limits"], f"limit-{secrets.token_hex(32)}-0", secrets.token_bytes(8)
    try:
        cache.set(key, value, 60)
        stored = cache.get(key)
        cache.delete(key)
    except (CacheAway, DatabaseError):
        return False
    return bool(stored == value)


@functools.cache
def log_cache_at_start() -> None:
    """Says loudly, once in each process, that limits are counted elsewhere. It starts all the same: people can be
    served."""
    if is_redis("limits") and not cache_works():
        logger.critical("CACHE_URL: the cache does not answer; limits are counted in the database until it does")


@register(deploy=True)
def cache_answers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Connects to Redis. The table needs no check: it is there or not with the database."""
    if not is_redis("limits") or cache_works():
        return []
    said = "CACHE_URL: the cache does not answer, or doesn't store values. Limits are counted in the database instead."
    hint = "Check that Redis runs, and its address, password and database number in CACHE_URL."
    return [Error(said, hint=hint, id="privacy.E070")]


def is_redis(alias: str) -> bool:
    """By its settings, so that a site without Redis doesn't load it."""
    return bool(settings.CACHES[alias]["BACKEND"].endswith(".RedisCache"))
