"""A random place in a table, found by its key: an offset would be counted row by row."""

from __future__ import annotations

import re
import secrets
from typing import Any
from uuid import UUID

RANDOM = secrets.SystemRandom()
HEXADECIMAL = re.compile("[0-9a-f]{16,}")  # a UUID or a digest, where the database has no type for it


def key_between(first: Any, last: Any) -> Any:
    """A random key. Ids are made in the order of time, so that each time has its chance. None for a key of a name."""
    if isinstance(first, UUID):
        return UUID(int=RANDOM.randint(first.int, last.int))
    if isinstance(first, int):
        return RANDOM.randint(first, last)
    if isinstance(first, str) and HEXADECIMAL.fullmatch(first) and HEXADECIMAL.fullmatch(last):
        return f"{RANDOM.randint(int(first, 16), int(last, 16)):0{len(first)}x}"
    return None
