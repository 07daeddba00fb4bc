"""Minting, finding and destroying day keys.

The key of day D is destroyed when day D+30 begins (UTC). From that moment on it is refused even where the job that
deletes it has not run. A day whose key is gone, and every day before it, never gets a key again, also when the clock
is set back.

No process keeps a day's key: it is asked for each time (one query), and so is gone everywhere once it is destroyed.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta

from django.db import IntegrityError, connections, transaction

from privacy.encryption.keys import KEY_BYTES, KEY_ID_BYTES, RootKey, key_ring
from privacy.encryption.sealing import Place, SealedBytes, seal, unseal

from .models import DayKey
from .router import ALIAS

READABLE_FOR = timedelta(days=30)
_PLACE = Place("keystore_daykey", "wrapped", use="wrap")


class KeyDestroyed(LookupError):
    """The day's key is gone, and with it everything that was sealed with it. That is the promise, not an error."""


class DayFenced(RuntimeError):
    """The day is over: it has no key and gets none."""


def is_over(day: date, now: datetime) -> bool:
    return now.astimezone(UTC).date() >= day + READABLE_FOR


def key_of(day: date, *, now: datetime) -> RootKey:
    """The key that seals this day's data, minted if there is none. Raises `DayFenced`."""
    if is_over(day, now):
        raise DayFenced(f"the key of {day} is destroyed")
    stored = DayKey.objects.filter(day=day).first() or _mint(day, now)
    if stored.wrapped is None:
        raise DayFenced(f"the key of {day} is destroyed")
    return _unwrap(stored)


def key_with_id(key_id: bytes, *, now: datetime) -> RootKey:
    """The key that opens what was sealed with it. Raises `KeyDestroyed`, also for ids that were never there."""
    stored = DayKey.objects.filter(key_id=key_id, wrapped__isnull=False).first()
    if stored is None or is_over(stored.day, now):
        raise KeyDestroyed(f"the day key {key_id.hex()} is destroyed")
    return _unwrap(stored)


def destroy_due_keys(*, now: datetime) -> int:
    """Destroys every key whose day is over. Returns how many; it costs the same however many clicks there were."""
    last_day = now.astimezone(UTC).date() - READABLE_FOR
    with transaction.atomic(using=ALIAS):
        destroyed = DayKey.objects.filter(day__lte=last_day, destroyed_at__isnull=True).update(
            wrapped=None, destroyed_at=now
        )
    if destroyed:
        _leave_no_copy()
    return destroyed


def _leave_no_copy() -> None:
    """SQLite overwrites what is deleted (secure_delete), but its write-ahead log keeps the page as it was: empty it."""
    connection = connections[ALIAS]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def check_key_store() -> None:
    """Raises with the reason when the store can't be used: not migrated, damaged, or wrapped by an unknown key."""
    for stored in DayKey.objects.filter(destroyed_at__isnull=True):
        _unwrap(stored)


def rewrap() -> int:
    """Wraps every day key anew under the primary root key, as a part of a rotation. Returns how many changed."""
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
        raise DayFenced(f"no key is made for {day}: a later day's key is destroyed already")
    key_id = secrets.token_bytes(KEY_ID_BYTES)
    wrapped = seal(secrets.token_bytes(KEY_BYTES), place=_PLACE, row=_row(day, key_id))
    try:
        with transaction.atomic(using=ALIAS):
            return DayKey.objects.create(day=day, key_id=key_id, wrapped=wrapped, minted_at=now)
    except IntegrityError:
        return DayKey.objects.get(day=day)  # another process was quicker


def _unwrap(stored: DayKey) -> RootKey:
    key_id = bytes(stored.key_id)
    return RootKey(key_id, unseal(bytes(stored.wrapped or b""), place=_PLACE, row=_row(stored.day, key_id)))


def _row(day: date, key_id: bytes) -> bytes:
    return day.isoformat().encode() + key_id
