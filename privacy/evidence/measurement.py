"""Live evidence: figures measured for every promise, and whether they show that it is kept.

The app that keeps a promise contributes evidence in its `promises.py`, which is discovered like `admin.py`. Figures
contain no personal data and no counts small enough to identify someone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction

from privacy.databases.outages import is_outage
from privacy.models.evidence import Measurement
from privacy.registry.promises import PROMISES, Promise
from privacy.registry.purpose_binding import upkeep

from .attack_history import AttackResult, attacked

logger = logging.getLogger(__name__)

SHOWN = 10  # breaches shown per promise
FEW = 10  # smaller counts could identify someone

Figures = dict[str, str | int | float | None]


@dataclass(frozen=True)
class Evidence:
    """`figures` maps descriptions in plain words to values."""

    kept: bool
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A promise with its evidence and the time of measurement. `attacked` holds the attack results, None if they can't
    be read. `evidence.kept` takes them into account; `evidence.figures` are the measurements only."""

    promise: Promise
    evidence: Evidence
    measured_at: datetime
    attacked: AttackResult | None = None

    @property
    def figures(self) -> Figures:
        """Measurements and attack results."""
        return {**self.evidence.figures, **_attack_figures(self.attacked)}

    @property
    def is_broken(self) -> bool:
        return not self.evidence.kept


Measure = Callable[[datetime], Evidence]
_measures: dict[str, Measure] = {}
_hourly: set[str] = set()


def evidence_for(promise_id: str, *, hourly: bool = False) -> Callable[[Measure], Measure]:
    """Registers a function of the current time as evidence of a promise. Raises `ValueError` for an unknown ID.

    Use `hourly` for evidence that costs more than a few queries; it is measured once an hour and stored. Several
    apps may add evidence of one promise, which is kept only if all of them say so.
    """
    if promise_id not in {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {promise_id}")

    def register(measure: Measure) -> Measure:
        earlier = _measures.get(promise_id)
        _measures[promise_id] = _both(earlier, measure) if earlier else measure
        if hourly:
            _hourly.add(promise_id)
        return measure

    return register


def _both(first: Measure, second: Measure) -> Measure:
    def measure(now: datetime) -> Evidence:
        one, other = first(now), second(now)
        return Evidence(kept=one.kept and other.kept, figures={**one.figures, **other.figures})

    return measure


@upkeep
def findings(*, now: datetime, max_age: timedelta = timedelta(0)) -> list[Finding]:
    """Findings for every promise, in the order of the policy. Hourly evidence may be up to `max_age` old.

    A promise is kept if the measurement says so *and* the attacks couldn't break it.
    """
    known = Measurement.objects.newer_than(now - max_age, now=now) if max_age else {}
    found = [_known(promise, known.get(promise.id)) or _measured(promise, now) for promise in PROMISES]
    outsiders = _outsiders(now)
    return [_with_attacks(finding, outsiders.get(finding.promise.id)) for finding in found]


def at_least(count: int) -> str | int:
    """The count, or "fewer than 10" if it could identify someone."""
    return count if count >= FEW or count == 0 else f"fewer than {FEW}"


def _outsiders(now: datetime) -> dict[str, AttackResult]:
    """Attack results by promise; empty if they can't be read, which counts as not attacked."""
    try:
        with _apart():
            return attacked(now=now)
    except Exception:
        logger.exception("the attack results could not be read")
        return {}


def _with_attacks(finding: Finding, found: AttackResult | None) -> Finding:
    kept = finding.evidence.kept and found is not None and found.kept
    return replace(finding, evidence=replace(finding.evidence, kept=kept), attacked=found)


def _attack_figures(found: AttackResult | None) -> Figures:
    if found is None:
        return {"last attacked": "can't be read"}
    figures: Figures = {"last attacked": "not yet"}
    if found.last_at:
        figures = {"last attacked": f"{found.last_at:%B %-d, %Y, %H:%M} UTC", "attempts": found.attempts}
        figures["searches"] = found.searches
    if found.complaints:
        figures["problems with the attacks"] = "; ".join(found.complaints)
    for breach in found.breaches[:SHOWN]:
        what = "found" if breach.tried else "could not be tried"
        figures[f"{what}: {breach.place}"] = f"since {breach.found_at:%B %-d, %Y, %H:%M} UTC"
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
    """Measures one promise. If that fails, this promise counts as broken, and no other. An outage of the database says
    nothing about a promise, and is raised."""
    measure = _measures.get(promise.id)
    if measure is None:
        return Evidence(kept=False, figures={"measured": "there is no measurement"})
    try:
        with _apart():
            return measure(now)
    except Exception as error:
        if is_outage(error):
            raise
        logger.exception("the evidence for %s could not be measured", promise.id)
        return Evidence(kept=False, figures={"measured": "failed"})


def _apart() -> AbstractContextManager[None]:
    """A savepoint if needed, so that a failed query doesn't abort the surrounding transaction."""
    return transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext()
