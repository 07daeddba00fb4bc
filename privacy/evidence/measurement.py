"""Live evidence: figures measured now for every promise, and whether they show the promise kept.

The app that keeps a promise contributes the evidence in its own `promises.py`, which start-up finds the way Django
finds `admin.py`.
No figure holds personal data, or a count so small that it points at somebody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction

from privacy.models.evidence import Measurement
from privacy.registry.promises import PROMISES, Promise
from privacy.registry.purpose_binding import upkeep

from .attack_history import Attacked, attacked

logger = logging.getLogger(__name__)

SHOWN = 10  # places at which outsiders broke one promise
FEW = 10  # a smaller count could point at somebody

Figures = dict[str, str | int | float | None]


@dataclass(frozen=True)
class Evidence:
    """`figures` maps what was measured, in plain words, to what was found."""

    kept: bool
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A promise with its evidence, and when that was measured. `attacked` is what outsiders found, None where that
    can't be read; `evidence.kept` takes it into account, `evidence.figures` are what was measured alone."""

    promise: Promise
    evidence: Evidence
    measured_at: datetime
    attacked: Attacked | None = None

    @property
    def figures(self) -> Figures:
        """What was measured, and what outsiders tried and found."""
        return {**self.evidence.figures, **_attack_figures(self.attacked)}

    @property
    def is_broken(self) -> bool:
        return not self.evidence.kept


Measure = Callable[[datetime], Evidence]
_measures: dict[str, Measure] = {}
_hourly: set[str] = set()


def evidence_for(promise_id: str, *, hourly: bool = False) -> Callable[[Measure], Measure]:
    """Registers a function of the present moment as the evidence of a promise. Raises `ValueError` for another id.

    `hourly` is for what costs more than a few queries: it is measured once an hour and kept with its time.
    """
    if promise_id not in {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {promise_id}")

    def register(measure: Measure) -> Measure:
        _measures[promise_id] = measure
        if hourly:
            _hourly.add(promise_id)
        return measure

    return register


@upkeep
def findings(*, now: datetime, max_age: timedelta = timedelta(0)) -> list[Finding]:
    """Every promise, in the order of the policy. What is measured hourly may be up to `max_age` old.

    Kept is what the site measures as kept *and* outsiders could not break.
    """
    known = Measurement.objects.newer_than(now - max_age, now=now) if max_age else {}
    found = [_known(promise, known.get(promise.id)) or _measured(promise, now) for promise in PROMISES]
    outsiders = _outsiders(now)
    return [_with_attacks(finding, outsiders.get(finding.promise.id)) for finding in found]


def at_least(count: int) -> str | int:
    """A count that singles nobody out."""
    return count if count >= FEW or count == 0 else f"fewer than {FEW}"


def _outsiders(now: datetime) -> dict[str, Attacked]:
    """Empty where it can't be read, which is as good as no attack at all."""
    try:
        with _apart():
            return attacked(now=now)
    except Exception:
        logger.exception("what outsiders tried could not be read")
        return {}


def _with_attacks(finding: Finding, found: Attacked | None) -> Finding:
    kept = finding.evidence.kept and found is not None and found.kept
    return replace(finding, evidence=replace(finding.evidence, kept=kept), attacked=found)


def _attack_figures(found: Attacked | None) -> Figures:
    if found is None:
        return {"outsiders last tried": "can't be read"}
    figures: Figures = {"outsiders last tried": "not yet"}
    if found.last_at:
        figures = {"outsiders last tried": f"{found.last_at:%-d %B %Y, %H:%M} UTC", "attempts": found.attempts}
        figures["searches"] = found.searches
    if found.complaints:
        figures["wrong with the attacks"] = "; ".join(found.complaints)
    for breach in found.breaches[:SHOWN]:
        what = "found" if breach.tried else "could not be tried"
        figures[f"{what}: {breach.place}"] = f"since {breach.found_at:%-d %B %Y, %H:%M} UTC"
    if more := len(found.breaches[SHOWN:]):
        figures["more places"] = more
    return figures


def _known(promise: Promise, found: Measurement | None) -> Finding | None:
    if found is None or promise.id not in _hourly:
        return None
    return Finding(promise, Evidence(found.kept, found.figures), found.measured_at)


def _measured(promise: Promise, now: datetime) -> Finding:
    finding = Finding(promise, _evidence(promise, now), now)
    if promise.id in _hourly:
        Measurement.objects.keep(promise.id, kept=finding.evidence.kept, figures=finding.evidence.figures, at=now)
    return finding


def _evidence(promise: Promise, now: datetime) -> Evidence:
    """What can't be measured is not kept: a failure turns its own promise red, and no other."""
    measure = _measures.get(promise.id)
    if measure is None:
        return Evidence(kept=False, figures={"measured": "nothing measures it"})
    try:
        with _apart():
            return measure(now)
    except Exception:
        logger.exception("the evidence for %s could not be measured", promise.id)
        return Evidence(kept=False, figures={"measured": "failed"})


def _apart() -> AbstractContextManager[None]:
    """Within a transaction, a query that fails would fail all that come after it, too."""
    return transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext()
