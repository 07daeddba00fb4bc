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
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain
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


class Limit(NamedTuple):
    """`slots` for `who` in each `window` (in seconds), as `has_room` explains them."""

    name: str
    who: str
    slots: int
    window: int = WINDOW


class Wanted(NamedTuple):
    """Slots of one limit to look up, by their numbers."""

    counted: str
    numbers: range
    window: int


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


def first_full(*limits: Limit, now: datetime) -> Limit | None:
    """Takes a slot of each, one after the other, until one has none left. Returns that one; None if all had room.

    Almost always all have, so the database is asked about all of them together.
    """
    shared = next(_caches(False))
    if isinstance(shared, LimitTable) and _take_each(shared, limits, now):
        return None
    for each in limits:
        if not has_room(each.name, each.who, slots=each.slots, now=now, window=each.window):
            return each
    return None


def take_slot(
    limit: str,
    who: str,
    *,
    slots: int,
    now: datetime,
    window: int = WINDOW,
    in_database: bool = False,
    holder: UUID | None = None,
    is_last_try: bool = True,
) -> Slot | None:
    """Like `has_room`, but returns the slot, for `give_back`; None if none is left.

    With `in_database` it is counted there even if Redis works, so that a restart of Redis forgets nothing. `holder` is
    the row for which the slot is taken, for `taken_slots`; it is sealed. Without `is_last_try`, the caller gives slots
    back if none is left, and tries again: until then, the limit isn't reached.
    """
    content = _TAKEN if holder is None else bytes(seal(holder.bytes, place=_PLACE, row=_HOLDER))
    *tried_first, last = _caches(in_database)
    for cache in tried_first:
        try:
            slot = _take(cache, limit, who, slots, now, window, content)
            break
        except FAILURES as error:
            if isinstance(error, DatabaseError) and transaction.get_connection().in_atomic_block:
                raise  # what the transaction was to store is lost, too
            logger.warning("a limit is counted elsewhere: %s", type(error).__name__)
    else:
        slot = _take(last, limit, who, slots, now, window, content)
    if slot is None and is_last_try:
        logger.warning("limit reached: %s", limit)
        limit_reached.send(sender=None, limit=limit)
    return slot


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
    [names], found = _look(cache, [Wanted(f"{limit} {who}", range(slots), window)], now)
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
        [names], taken = _look(cache, [Wanted(f"{limit} {who}", numbers, window)], now)
        for name in names:
            # `add` is False if another process was first.
            if name not in taken and cache.add(name, content, seconds_left(now, window)):
                return Slot(cache, name)
    return None


def _take_each(table: LimitTable, limits: Sequence[Limit], now: datetime) -> bool:
    """Takes one of the first few slots of each limit; False, and none is taken, if that isn't as simple as usual."""
    wanted = [Wanted(f"{each.name} {each.who}", next(_batches(each.slots), range(0)), each.window) for each in limits]
    try:
        names, taken = _look(table, wanted, now)
        free = [next((name for name in of_limit if name not in taken), "") for of_limit in names]
        lives = [seconds_left(now, each.window) for each in limits]
        return all(free) and table.add_all({name: (_TAKEN, life) for name, life in zip(free, lives, strict=True)})
    except FAILURES as error:
        if isinstance(error, DatabaseError) and transaction.get_connection().in_atomic_block:
            raise
        return False  # counted elsewhere, if need be


def _batches(slots: int) -> Iterator[range]:
    """All numbers, the first few by themselves: most people ask for the first time, and a limit may have thousands."""
    start, size = 0, FIRST_BATCH
    while start < slots:
        yield range(start, min(start + size, slots))
        start, size = start + size, size * 8


def _look(cache: BaseCache, wanted: Sequence[Wanted], now: datetime) -> tuple[list[list[str]], dict[str, bytes]]:
    """The names of these slots, limit by limit, and those that are taken. They are looked up together with the windows'
    keys: a key is another one if the cache was emptied since this process last read it."""

    def all_names() -> list[list[str]]:
        return [_names(each, key) if (key := keys[each.window]) else [] for each in wanted]

    # Letters at the figures, so that nobody takes them for somebody's phone number.
    key_names = {window: f"limit-key-{window}s-n{int(now.timestamp()) // window}" for _, _, window in wanted}
    keys = {window: _known_key(cache, window, name) for window, name in key_names.items()}
    names = all_names()
    found = cache.get_many([*key_names.values(), *chain.from_iterable(names)])
    outdated = [window for window, key in keys.items() if not key or found.get(key.name) != key.sealed]
    if outdated:
        for window in outdated:
            number = int(now.timestamp()) // window
            key = _window_key(cache, key_names[window], number, seconds_left(now, window), found)
            keys[window] = _known_keys[type(cache), window] = key
        names = all_names()
        found = cache.get_many(chain.from_iterable(names))
    return names, found


def _known_key(cache: BaseCache, window: int, name: str) -> WindowKey | None:
    known = _known_keys.get((type(cache), window))
    return known if known and known.name == name else None


def _names(wanted: Wanted, key: WindowKey) -> list[str]:
    digest = hmac.digest(key.key, wanted.counted.encode(), "sha256").hex()
    return [f"limit-{digest}-{number}" for number in wanted.numbers]


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
