"""Rate limits per network, address or account, and hour or day.

A limit of N is N slots in the shared cache (`CACHES["limits"]`). Taking a slot uses `add`, which is atomic on every
backend; counters aren't on the database backend. The cache contains keyed hashes instead of addresses and networks.
Their key is random, sealed, and replaced each hour (or day), after which nobody can tell whose slots they were.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import secrets
from datetime import datetime

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router

from privacy.encryption.sealing import Place, seal, unseal
from privacy.registry.declarations import declare_table
from privacy.registry.growth import Pruned
from privacy.signals import limit_reached

logger = logging.getLogger(__name__)

WINDOW, DAY = 60 * 60, 24 * 60 * 60  # seconds
TABLE = "privacy_limits"

declare_table(
    TABLE,
    "hashes with a key that expires after an hour or day; that key, sealed",
    "cache_key value expires",
    growth=Pruned(since="expires", job="past rate limits deleted"),
)
_PLACE = Place(TABLE, "value")


def has_room(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> bool:
    """Takes one of the `slots` that `limit` has for `who` in this hour (or `window` in seconds); False if none is left.

    `limit` is a constant such as `sign-in network`. `who` is hashed: a network (`network_of`), a normalized address or
    an account's ID.
    """
    return take_slot(limit, who, slots=slots, now=now, window=window) is not None


def take_slot(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> str | None:
    """Like `has_room`, but returns the slot, for `give_back`; None if none is left."""
    cache = caches["limits"]
    digest = hmac.digest(_key(now, window), f"{limit} {who}".encode(), "sha256").hex()
    names = [f"limit-{digest}-{number}" for number in range(slots)]
    taken = cache.get_many(names)
    # `add` is False if another process was first.
    slot = next((n for n in names if n not in taken and cache.add(n, 1, seconds_left(now, window))), None)
    if slot is None:
        logger.warning("limit reached: %s", limit)
        limit_reached.send(sender=None, limit=limit)
    return slot


def give_back(slot: str) -> None:
    """Releases a slot that wasn't used."""
    caches["limits"].delete(slot)


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


def _key(now: datetime, window: int) -> bytes:
    """The window's hash key, shared by all processes; created on first use."""
    cache, number = caches["limits"], int(now.timestamp()) // window
    name, row = f"limit-key-{window}-{number}", number.to_bytes(16)
    if (sealed := cache.get(name)) is None:
        fresh = bytes(seal(secrets.token_bytes(32), place=_PLACE, row=row))
        # Another process may have been first; a dummy cache (dummycache://) limits nothing.
        sealed = fresh if cache.add(name, fresh, seconds_left(now, window)) else cache.get(name, fresh)
    return unseal(sealed, place=_PLACE, row=row)


def delete_expired_slots(*, now: datetime) -> int:
    """Deletes expired rows from the database cache, which Django only ignores. Returns how many."""
    cache = caches["limits"]
    if not isinstance(cache, DatabaseCache):
        return 0
    connection = connections[router.db_for_write(cache.cache_model_class)]
    over = connection.ops.adapt_datetimefield_value(now.replace(microsecond=0))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE expires < %s", [over])  # noqa: S608
        return int(cursor.rowcount)
