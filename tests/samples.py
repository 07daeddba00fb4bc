"""Which of many steps a test tries: another few in each run of the suite, all of them with `CHAOS=1` (`make chaos`)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
WHOLE = "CHAOS" in os.environ


def some_of(steps: Iterable[T], most: int) -> list[T]:
    """The first, the last, and others at random, in their order. pytest-randomly's seed repeats the choice."""
    found = list(steps)
    if WHOLE or len(found) <= most:
        return found
    between = sorted(random.sample(range(1, len(found) - 1), most - 2))
    return [found[0], *(found[number] for number in between), found[-1]]
