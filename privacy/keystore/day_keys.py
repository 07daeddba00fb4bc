"""Creating, finding and destroying day keys.

The key of day D is destroyed when day D+30 begins (UTC). From then on it is refused even if the job that deletes it has
not run. A day whose key was destroyed, and every earlier day, never gets a key again, even if the clock is set back.

Processes don't cache day keys: each use takes one query, so a destroyed key is gone everywhere. A comparison of many
rows is one use (`one_use`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta

from django.db import IntegrityError, connections, transaction

from privacy.databases.round_trips import execute_in_one_round_trip
from privacy.encryption.keys import KEY_BYTES, KEY_ID_BYTES, RootKey, key_ring
from privacy.encryption.sealing import Opener, Place, SealedBytes, seal, unseal

from .models import DayKey
from .router import ALIAS

READABLE_FOR = timedelta(days=30)
_PLACE = Place("keystore_daykey", "wrapped", use="wrap")


class KeysInUse:
    """What one use has read of the key store, and made of it: the day keys by ID, and what opens the values of a place,
    by place and header."""

    def __init__(self) -> None:
        self.stored: dict[bytes, DayKey | None] = {}
        self.openers: dict[tuple[Place, bytes], Opener] = {}


_in_use: ContextVar[KeysInUse | None] = ContextVar("day keys in use", default=None)


class KeyDestroyed(LookupError):
    """The day key was destroyed, and with it all data sealed with it. This is expected, not a failure."""


class DayKeyExpired(RuntimeError):
    """The day's key was destroyed, and it won't get another."""


def is_over(day: date, now: datetime) -> bool:
    return now.astimezone(UTC).date() >= day + READABLE_FOR


def key_of(day: date, *, now: datetime) -> RootKey:
    """The key that seals this day's data; created if there is none. Raises `DayKeyExpired`."""
    if is_over(day, now):
        raise DayKeyExpired(f"the key of {day} is destroyed")
    stored = _find(day) or _mint(day, now)
    if stored.wrapped is None:
        raise DayKeyExpired(f"the key of {day} is destroyed")
    return _unwrap(stored)


def _find(day: date) -> DayKey | None:
    """`DayKey.objects.filter(day=day).first()` at a tenth of its cost: each click needs it."""
    connection = connections[ALIAS]
    statement = "SELECT key_id, wrapped FROM keystore_daykey WHERE day = %s"
    rows = execute_in_one_round_trip(connection, statement, [connection.ops.adapt_datefield_value(day)])
    return DayKey(day=day, key_id=rows[0][0], wrapped=rows[0][1]) if rows else None


def key_with_id(key_id: bytes, *, now: datetime) -> RootKey:
    """The key with this ID. Raises `KeyDestroyed`, also for unknown IDs."""
    stored = _stored(key_id)
    if stored is None or is_over(stored.day, now):
        raise KeyDestroyed(f"the day key {key_id.hex()} is destroyed")
    return _unwrap(stored)


@contextmanager
def one_use() -> Iterator[None]:
    """Within it, each key is read and unwrapped once, however many rows it opens. For a loop that ends at once: a key
    that is destroyed meanwhile stays readable until then."""
    token = _in_use.set(KeysInUse())
    try:
        yield
    finally:
        _in_use.reset(token)


def keys_in_use() -> KeysInUse | None:
    """None outside `one_use`."""
    return _in_use.get()


def _stored(key_id: bytes) -> DayKey | None:
    known = keys_in_use()
    if known is not None and key_id in known.stored:
        return known.stored[key_id]
    stored = DayKey.objects.filter(key_id=key_id, wrapped__isnull=False).first()
    if known is not None:
        known.stored[key_id] = stored
    return stored


def destroy_due_keys(*, now: datetime) -> int:
    """Destroys every key older than 30 days, at a cost independent of the number of clicks. Returns how many."""
    last_day = now.astimezone(UTC).date() - READABLE_FOR
    with transaction.atomic(using=ALIAS):
        destroyed = DayKey.objects.filter(day__lte=last_day, destroyed_at__isnull=True).update(
            wrapped=None, destroyed_at=now
        )
    if destroyed:
        _leave_no_copy()
    return destroyed


def _leave_no_copy() -> None:
    """Truncates SQLite's write-ahead log, which keeps old pages even though deleted data is overwritten."""
    connection = connections[ALIAS]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def check_key_store() -> None:
    """Raises an error if the key store can't be used: not migrated, damaged, or wrapped with an unknown key."""
    for stored in DayKey.objects.filter(destroyed_at__isnull=True):
        _unwrap(stored)


def rewrap() -> int:
    """Re-wraps every day key with the primary root key, as part of key rotation. Returns how many changed."""
    return sum(_rewrap(stored) for stored in DayKey.objects.filter(destroyed_at__isnull=True) if _is_old(stored))


def left_under_older_keys() -> int:
    return sum(_is_old(stored) for stored in DayKey.objects.filter(destroyed_at__isnull=True))


def _is_old(stored: DayKey) -> bool:
    return SealedBytes(stored.wrapped or b"").key_id != key_ring().primary.id


def _rewrap(stored: DayKey) -> int:
    key_id = bytes(stored.key_id)
    wrapped = seal(_unwrap(stored).secret, place=_PLACE, row=_row(stored.day, key_id))
    return DayKey.objects.filter(day=stored.day, wrapped=stored.wrapped).update(wrapped=wrapped)


def _mint(day: date, now: datetime) -> DayKey:
    if DayKey.objects.filter(day__gte=day, destroyed_at__isnull=False).exists():
        raise DayKeyExpired(f"no key is created for {day}: a later day's key was already destroyed")
    key_id = secrets.token_bytes(KEY_ID_BYTES)
    wrapped = seal(secrets.token_bytes(KEY_BYTES), place=_PLACE, row=_row(day, key_id))
    try:
        with transaction.atomic(using=ALIAS):
            return DayKey.objects.create(day=day, key_id=key_id, wrapped=wrapped, minted_at=now)
    except IntegrityError:
        return DayKey.objects.get(day=day)  # another process created it first


def _unwrap(stored: DayKey) -> RootKey:
    key_id = bytes(stored.key_id)
    return RootKey(key_id, unseal(bytes(stored.wrapped or b""), place=_PLACE, row=_row(stored.day, key_id)))


def _row(day: date, key_id: bytes) -> bytes:
    return day.isoformat().encode() + key_id
