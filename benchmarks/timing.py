"""Timing two functions in alternation, so that a slower machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """`value` is the median of the rounds' ratios; `target` is the promised bound, with its direction.

    One without a target is only worth knowing.
    """

    what: str
    value: float
    target: float | None
    at_least: bool
    detail: str = ""
    unit: str = "×"  # "s": absolute seconds instead of a ratio

    @property
    def is_met(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        return f"{self.what:<68} {self.value:6.2f}{self.unit}  {self._verdict()}  {self.detail}"

    def _verdict(self) -> str:
        if self.target is None:
            return "(no target)"
        sign = "≥" if self.at_least else "≤"
        return f"({sign} {self.target:g}{self.unit})  {'ok' if self.is_met else 'MISSED'}"


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
