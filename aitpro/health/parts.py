"""What has to work for the site to be ready."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.db.models import F

from aitpro.backups.last_backup import is_backup_late
from privacy.databases.migrations import pending_migrations
from privacy.erasure.heartbeat import PURGE, is_housekeeping_late
from privacy.erasure.readiness import require_ready
from privacy.keystore.clock import clock_jump
from privacy.keystore.models import HousekeepingTime
from privacy.models import Heartbeat
from privacy.registry.purpose_binding import upkeep
from privacy.web.caches.availability import cache_works
from privacy.web.caches.limit_table import LimitTable

from .lookout import Lookout, Part
from .queue import is_queue_late

DATABASE, KEY_STORE, CACHE = "database", "key store", "cache"


def _database_writes(*, now: datetime) -> bool:
    """A row is written as it was and committed: what is rolled back may never reach the disk."""
    Heartbeat.objects.filter(name=PURGE).update(at=F("at"))
    return True


def _key_store_writes(*, now: datetime) -> bool:
    HousekeepingTime.objects.update(at=F("at"))
    return True


def _is_database_migrated(*, now: datetime) -> bool:
    return not pending_migrations("default")


def _is_key_store_migrated(*, now: datetime) -> bool:
    return not pending_migrations("keystore")


def _cache_keeps(*, now: datetime) -> bool:
    """A table of the database is only read: whether it can be written is another part."""
    if isinstance(caches["limits"], LimitTable):
        caches["limits"].get("health")
        return True
    return cache_works()


def _is_housekeeping_on_time(*, now: datetime) -> bool:
    return not is_housekeeping_late(now=now) and clock_jump(now=now) is None


def _is_queue_on_time(*, now: datetime) -> bool:
    return not is_queue_late(now=now)


def _is_backed_up(*, now: datetime) -> bool:
    return not is_backup_late(now=now)


@upkeep
def _may_serve(*, now: datetime) -> bool:
    require_ready()
    return True


def _has_space(*, now: datetime) -> bool:
    return all(shutil.disk_usage(folder).free >= settings.DISK_FREE_MB * 1_000_000 for folder in folders().values())


def folders() -> dict[str, Path]:
    """What the site writes to, by a name for it."""
    return {"data": Path(settings.DATA_DIR), **dict(_sqlite_folders())}


def _sqlite_folders() -> Iterator[tuple[str, Path]]:
    for alias, name in (("default", DATABASE), ("keystore", KEY_STORE)):
        if connections[alias].vendor == "sqlite":
            yield name, Path(connections[alias].settings_dict["NAME"]).parent


SHARED_CACHE = Part(CACHE, CACHE, _cache_keeps, "keeps nothing")
PARTS = (
    Part(DATABASE, DATABASE, _database_writes, "can't be written"),
    Part("database migrations", DATABASE, _is_database_migrated, "some are not applied: run migrate"),
    Part("housekeeping", DATABASE, _is_housekeeping_on_time, "has not run for 15 minutes, or the clock jumped"),
    Part(
        "task queue", DATABASE, _is_queue_on_time, "a task has waited for 15 minutes: the worker has stopped or is slow"
    ),
    Part("backup", DATABASE, _is_backed_up, "the last good one is more than 36 hours old"),
    Part(KEY_STORE, KEY_STORE, _key_store_writes, "can't be written"),
    Part("key store migrations", KEY_STORE, _is_key_store_migrated, "some are not applied: run migrate"),
    Part("restore", "both databases", _may_serve, "not finished, or the site would not start: its log says why"),
    SHARED_CACHE,
    Part("disk", "disk", _has_space, "nearly full"),
)

readiness = Lookout(PARTS)
shared_cache = Lookout([SHARED_CACHE])
