"""Timing two functions in alternation, so that a slower machine slows both."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

QUICK = "BENCH_QUICK" in os.environ  # `make bench-quick`

T = TypeVar("T")


def sized(full: T, quick: T) -> T:
    """The number of rows or rounds, or seconds, of `make bench` or of `make bench-quick`."""
    return quick if QUICK else full


class Unmeasured(Exception):
    """Why something can't be measured here, for example because a program is missing."""


@dataclass(frozen=True)
class Ratio:
    """`value` is the median of the rounds' ratios; `target` is the promised bound, with its direction.

    One without a target is only worth knowing. `rounds` are the ratios of all rounds, where they were kept; `obstacle`
    says what stands in the way, and is shown where the target is missed.
    """

    what: str
    value: float
    target: float | None
    at_least: bool
    detail: str = ""
    unit: str = "×"  # "s": absolute seconds instead of a ratio
    rounds: Sequence[float] = ()
    obstacle: str = ""

    @property
    def is_met(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        bound = f"({self.bound})  {'ok' if self.is_met else 'MISSED'}" if self.bound else "(no target)"
        spread = f"; rounds from {self.spread}" if self.spread else ""
        return f"{self.what:<68} {self.value:6.2f}{self.unit}  {bound}  {self.detail}{spread}"

    @property
    def bound(self) -> str:
        """The target with its direction, or ""."""
        return "" if self.target is None else f"{'≥' if self.at_least else '≤'} {self.target:g}{self.unit}"

    @property
    def spread(self) -> str:
        """The lowest and the highest round, or ""."""
        return f"{min(self.rounds):.2f} to {max(self.rounds):.2f}" if self.rounds else ""


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def side_by_side(one: Callable[[], object], other: Callable[[], object], rounds: int = 7) -> tuple[float, float, float]:
    """Median seconds of each, and the median of `other / one` per round: how many times faster `one` is."""
    one(), other()
    pairs = [(seconds(one), seconds(other)) for _ in range(rounds)]
    median = statistics.median
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(b / a for a, b in pairs)


def median_seconds(run: Callable[[], object], rounds: int = 15) -> float:
    """The median of several runs, after a warm-up run."""
    run()
    return statistics.median(seconds(run) for _ in range(rounds))
