"""Live evidence: figures measured now, for the promises that have any, and whether they show the promise kept.

The app that keeps a promise contributes the evidence in its own `promises.py`, which start-up finds the way Django
finds `admin.py`.
No figure holds personal data, or a count so small that it points at somebody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from .promises import PROMISES, Promise

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evidence:
    """`figures` maps what was measured, in plain words, to what was found."""

    kept: bool
    figures: dict[str, str | int | float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A promise with its evidence; `evidence` is None while nothing measures it."""

    promise: Promise
    evidence: Evidence | None

    @property
    def is_broken(self) -> bool:
        return self.evidence is not None and not self.evidence.kept


Measure = Callable[[datetime], Evidence]
_measures: dict[str, Measure] = {}


def evidence_for(promise_id: str) -> Callable[[Measure], Measure]:
    """Registers a function of the present moment as the evidence of a promise. Raises `ValueError` for another id."""
    if promise_id not in {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {promise_id}")

    def register(measure: Measure) -> Measure:
        _measures[promise_id] = measure
        return measure

    return register


def findings(*, now: datetime) -> Iterator[Finding]:
    """Every promise, in the order of the policy."""
    return (Finding(promise, _measure(promise, now)) for promise in PROMISES)


def _measure(promise: Promise, now: datetime) -> Evidence | None:
    """What can't be measured is not kept: a failure turns its own promise red, and no other."""
    measure = _measures.get(promise.id)
    if measure is None:
        return None
    try:
        return measure(now)
    except Exception:
        logger.exception("the evidence for %s could not be measured", promise.id)
        return Evidence(kept=False, figures={"measured": "failed"})
