"""Random rows by primary key, because OFFSET would scan the table."""

from __future__ import annotations

import re
import secrets
from typing import Any
from uuid import UUID

RANDOM = secrets.SystemRandom()
HEXADECIMAL = re.compile("[0-9a-f]{16,}")  # a UUID or hash in a text column


def key_between(first: Any, last: Any) -> Any:
    """A random key between two keys; uniform over time, because IDs are in time order. None for text keys."""
    if isinstance(first, UUID):
        return UUID(int=RANDOM.randint(first.int, last.int))
    if isinstance(first, int):
        return RANDOM.randint(first, last)
    if isinstance(first, str) and HEXADECIMAL.fullmatch(first) and HEXADECIMAL.fullmatch(last):
        return f"{RANDOM.randint(int(first, 16), int(last, 16)):0{len(first)}x}"
    return None
