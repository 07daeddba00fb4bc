"""Rate limits per network, address or account, and hour or day.

A limit of N is N slots in the shared cache (`CACHES["limits"]`). Taking a slot uses `add`, which is atomic on every
backend; counters aren't on the database backend. The cache contains keyed hashes instead of addresses and networks.
Their key is random, sealed, and replaced each hour (or day), after which nobody can tell whose slots they were.

A limit always counts. If Redis is away, the database counts; if that can't be written, the process does. So a failing
cache neither refuses anybody nor lets anybody guess (ADR 73).
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.cache import BaseCache, caches
from django.db import DatabaseError, transaction

from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import Place, seal, unseal
from privacy.models.limit_slot import LimitSlot
from privacy.signals import limit_reached

from .caches.away import CacheAway
from .caches.limit_table import LimitTable

logger = logging.getLogger(__name__)

WINDOW, DAY = 60 * 60, 24 * 60 * 60  # seconds
FIRST_BATCH = 8  # slots that are looked up at first; then eight times as many
FAILURES = (CacheAway, DatabaseError, UnknownKey, ValueError)  # the latter two of values that others stored

_PLACE = Place(LimitSlot._meta.db_table, "value")
_TAKEN, _HOLDER = b"1", b"holder"


class Slot(NamedTuple):
    cache: BaseCache
    name: str


class WindowKey(NamedTuple):
    name: str
    sealed: bytes
    key: bytes


_known_keys: dict[tuple[type[BaseCache], int], WindowKey] = {}  # of this process: the last of each cache and window


def has_room(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> bool:
    """Takes one of the `slots` that `limit` has for `who` in this hour (or `window` in seconds); False if none is left.

    `limit` is a constant such as `sign-in network`. `who` is hashed: a network (`network_of`), a normalized address or
    an account's ID.
    """
    return take_slot(limit, who, slots=slots, now=now, window=window) is not None


def take_slot(
    limit: str,
    who: str,
    *,
    slots: int,
    now: datetime,
    window: int = WINDOW,
    in_database: bool = False,
    holder: UUID | None = None,
) -> Slot | None:
    """Like `has_room`, but returns the slot, for `give_back`; None if none is left.

    With `in_database` it is counted there even if Redis works, so that a restart of Redis forgets nothing. `holder` is
    the row for which the slot is taken, for `taken_slots`; it is sealed.
    """
    content = _TAKEN if holder is None else bytes(seal(holder.bytes, place=_PLACE, row=_HOLDER))
    *tried_first, last = _caches(in_database)
    for cache in tried_first:
        try:
            return _take(cache, limit, who, slots, now, window, content)
        except FAILURES as error:
            if isinstance(error, DatabaseError) and transaction.get_connection().in_atomic_block:
                raise  # what the transaction was to store is lost, too
            logger.warning("a limit is counted elsewhere: %s", type(error).__name__)
    return _take(last, limit, who, slots, now, window, content)


def is_full(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> bool:
    """Whether no slot is left. Takes none: of requests at the same moment, each may find the last one free."""
    return len(taken_slots(limit, who, slots=slots, now=now, window=window)) >= slots


def taken_slots(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> dict[Slot, UUID | None]:
    """The slots that are taken, each with its holder, if it has one."""
    *tried_first, last = _caches(False)
    for cache in tried_first:
        try:
            return _holders(cache, limit, who, slots, now, window)
        except FAILURES as error:
            if isinstance(error, DatabaseError) and transaction.get_connection().in_atomic_block:
                raise
    return _holders(last, limit, who, slots, now, window)


def _holders(cache: BaseCache, limit: str, who: str, slots: int, now: datetime, window: int) -> dict[Slot, UUID | None]:
    names, found = _look(cache, f"{limit} {who}", range(slots), now, window)
    taken = {Slot(cache, name): found[name] for name in names if name in found}
    return {
        slot: None if content == _TAKEN else UUID(bytes=unseal(content, place=_PLACE, row=_HOLDER))
        for slot, content in taken.items()
    }


def _caches(in_database: bool) -> Iterator[BaseCache]:
    """In the order in which they are tried."""
    shared = caches["limits"]
    if not in_database or isinstance(shared, LimitTable):
        yield shared
    if not isinstance(shared, LimitTable):
        yield LimitTable("", {})
    yield caches["default"]


def _take(
    cache: BaseCache, limit: str, who: str, slots: int, now: datetime, window: int, content: bytes
) -> Slot | None:
    for numbers in _batches(slots):
        names, taken = _look(cache, f"{limit} {who}", numbers, now, window)
        for name in names:
            # `add` is False if another process was first.
            if name not in taken and cache.add(name, content, seconds_left(now, window)):
                return Slot(cache, name)
    logger.warning("limit reached: %s", limit)
    limit_reached.send(sender=None, limit=limit)
    return None


def _batches(slots: int) -> Iterator[range]:
    """All numbers, the first few by themselves: most people ask for the first time, and a limit may have thousands."""
    start, size = 0, FIRST_BATCH
    while start < slots:
        yield range(start, min(start + size, slots))
        start, size = start + size, size * 8


def _look(
    cache: BaseCache, counted: str, numbers: range, now: datetime, window: int
) -> tuple[list[str], dict[str, bytes]]:
    """The names of these slots, and those of them that are taken. They are looked up together with the window's key: it
    is another one if the cache was emptied since this process last read it."""

    def names_with(key: bytes) -> list[str]:
        digest = hmac.digest(key, counted.encode(), "sha256").hex()
        return [f"limit-{digest}-{number}" for number in numbers]

    number = int(now.timestamp()) // window
    # Letters at the figures, so that nobody takes them for somebody's phone number.
    key_name, place = f"limit-key-{window}s-n{number}", (type(cache), window)
    known = _known_keys.get(place)
    names = names_with(known.key) if known and known.name == key_name else []
    found = cache.get_many([key_name, *names])
    if not names or not known or found.get(key_name) != known.sealed:
        known = _known_keys[place] = _window_key(cache, key_name, number, seconds_left(now, window), found)
        names = names_with(known.key)
        found = cache.get_many(names)
    return names, found


def give_back(slot: Slot) -> None:
    """Releases a slot that wasn't used. If its cache fails, the slot stays taken for the rest of its window."""
    with suppress(*FAILURES):
        slot.cache.delete(slot.name)


def seconds_left(now: datetime, window: int = WINDOW) -> int:
    """Seconds until the next window, for the Retry-After header."""
    return window - int(now.timestamp()) % window


def network_of(address: str | None) -> str:
    """The /24 or /64 network of an address, roughly one household or data center. Clients without an address (a Unix
    socket without a trusted proxy) are one network, `unknown`."""
    if address is None:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    bits = 24 if (mapped or parsed).version == 4 else 64
    return str(ipaddress.ip_network(f"{mapped or parsed}/{bits}", strict=False))


def _window_key(cache: BaseCache, name: str, number: int, seconds: int, found: dict[str, bytes]) -> WindowKey:
    """The window's hash key, shared by all processes that use this cache; created on first use."""
    row = number.to_bytes(16)
    if (sealed := found.get(name)) is None:
        fresh = bytes(seal(secrets.token_bytes(32), place=_PLACE, row=row))
        # Another process may have been first.
        sealed = fresh if cache.add(name, fresh, seconds) else cache.get(name, fresh)
    return WindowKey(name, sealed, unseal(sealed, place=_PLACE, row=row))


def delete_expired_slots(*, now: datetime) -> int:
    """Deletes expired rows of the table; Redis deletes its own. Returns how many."""
    return LimitSlot.objects.filter(expires__lt=now).delete()[0]
