"""Rate limits: how much of one thing may come from a network, or be about an address or account, in an hour or a day.

A limit of N is N slots in the cache that all processes share (`CACHES["limits"]`). Taking one is `add`, which no two
processes can do twice on any back-end; counters can lose a count on the database's. No address and no network stands
in the cache, only keyed hashes. Their key is random, made anew each hour (or day), kept sealed, and gone when the slots
of that time are: from then on nobody can tell whose they were.
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

logger = logging.getLogger(__name__)

WINDOW, DAY = 60 * 60, 24 * 60 * 60  # seconds
TABLE = "privacy_limits"

declare_table(TABLE, "hashes under a key that ends with its hour or day; that key, sealed", "cache_key value expires")
_PLACE = Place(TABLE, "value")


def has_room(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> bool:
    """Takes one of the `slots` that `limit` has for `who` in this hour (or this `window` of seconds); False when none
    is left.

    `limit` is a word of the code, such as `sign-in network`. `who` is hashed: a network (`network_of`), a normalized
    address, an account's id.
    """
    return take_slot(limit, who, slots=slots, now=now, window=window) is not None


def take_slot(limit: str, who: str, *, slots: int, now: datetime, window: int = WINDOW) -> str | None:
    """The same, and which one was taken, for `give_back`; None when none is left."""
    cache = caches["limits"]
    digest = hmac.digest(_key(now, window), f"{limit} {who}".encode(), "sha256").hex()
    names = [f"limit-{digest}-{number}" for number in range(slots)]
    taken = cache.get_many(names)
    # `add` is False where another process was quicker.
    slot = next((n for n in names if n not in taken and cache.add(n, 1, seconds_left(now, window))), None)
    if slot is None:
        logger.warning("limit reached: %s", limit)
    return slot


def give_back(slot: str) -> None:
    """What the slot was taken for did not happen."""
    caches["limits"].delete(slot)


def seconds_left(now: datetime, window: int = WINDOW) -> int:
    """Until the next hour's (or `window`'s) slots, for the header Retry-After."""
    return window - int(now.timestamp()) % window


def network_of(address: str | None) -> str:
    """The /24 or /64 that an address belongs to: what one household or machine room gets to itself. Clients whose
    address the server does not know (a Unix socket without a trusted proxy) are one network, `unknown`."""
    if address is None:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    mapped = getattr(parsed, "ipv4_mapped", None)
    bits = 24 if (mapped or parsed).version == 4 else 64
    return str(ipaddress.ip_network(f"{mapped or parsed}/{bits}", strict=False))


def _key(now: datetime, window: int) -> bytes:
    """This window's key, the same for all processes: whoever needs it first makes it."""
    cache, number = caches["limits"], int(now.timestamp()) // window
    name, row = f"limit-key-{window}-{number}", number.to_bytes(16)
    if (sealed := cache.get(name)) is None:
        fresh = bytes(seal(secrets.token_bytes(32), place=_PLACE, row=row))
        # Another process may have been quicker; a cache that keeps nothing (dummycache://) limits nothing.
        sealed = fresh if cache.add(name, fresh, seconds_left(now, window)) else cache.get(name, fresh)
    return unseal(sealed, place=_PLACE, row=row)


def forget_past_hours(*, now: datetime) -> int:
    """Deletes what is over from the database's cache, which by itself only leaves it unread. Returns how many rows."""
    cache = caches["limits"]
    if not isinstance(cache, DatabaseCache):
        return 0
    connection = connections[router.db_for_write(cache.cache_model_class)]
    over = connection.ops.adapt_datetimefield_value(now.replace(microsecond=0))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE expires < %s", [over])  # noqa: S608
        return int(cursor.rowcount)
