"""The evidence snapshot: one measurement of all promises at a time, cached for a minute, with each promise's
history."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from privacy.audit.heads import signed_head
from privacy.audit.models import SigningKey
from privacy.audit.signing import published_keys
from privacy.keystore.clock import clock_jump
from privacy.models.attack import Breach
from privacy.models.evidence import PromiseState

from .attacks import LatestAttack, Tried, closed_breaches, latest_attacks, probes_by_promise
from .history import record_changes
from .measurement import Finding, findings

FRESH = timedelta(minutes=1)  # a busy page causes one measurement per minute
STALE = 60 * 60  # seconds; the previous snapshot is shown while a new one is measured
MEASURING = 120  # seconds; then the lock of a killed measurement expires
HOURLY = timedelta(hours=1)  # maximum age of hourly evidence in housekeeping
LATE = timedelta(hours=2)  # maximum age of hourly evidence on the page, in case housekeeping doesn't run
BREAKS = 100  # most recent periods shown

_STOCK, _LOCK = "privacy.evidence.2", "privacy.evidence.measuring"


@dataclass(frozen=True)
class PromiseRow:
    """A promise as the page shows it: `since` when its state holds, and when it was broken before.

    `tried` are the probes of the last attacks; `closed` are breaches that the last attacks no longer found.
    """

    finding: Finding
    since: datetime
    breaks: tuple[PromiseState, ...]
    tried: tuple[Tried, ...]
    closed: tuple[Breach, ...]

    @property
    def found(self) -> int:
        """Number of places where attacks found the promise broken."""
        return sum(breach.tried for breach in self._open)

    @property
    def untried(self) -> int:
        """Number of places that attacks couldn't test."""
        return len(self._open) - self.found

    @property
    def _open(self) -> tuple[Breach, ...]:
        return self.finding.attacked.breaches if self.finding.attacked else ()


@dataclass(frozen=True)
class EvidenceSnapshot:
    """All evidence at one point in time. Contains no personal data, so it can be cached."""

    at: datetime
    rows: tuple[PromiseRow, ...]
    attacks: tuple[LatestAttack, ...]
    head: dict[str, Any]
    keys: tuple[SigningKey, ...]

    @property
    def broken(self) -> int:
        return sum(row.finding.is_broken for row in self.rows)

    @property
    def kept(self) -> int:
        return len(self.rows) - self.broken

    @property
    def broken_first(self) -> list[PromiseRow]:
        return sorted(self.rows, key=lambda row: row.finding.evidence.kept)


def stock() -> EvidenceSnapshot | None:
    """The cached snapshot if it is fresh or another process is measuring; None during the very first measurement."""
    known: EvidenceSnapshot | None = cache.get(_STOCK)
    now = timezone.now()
    if known is not None and abs(now - known.at) < FRESH:
        return known
    return _measure_alone(now, max_age=LATE) or known


def refresh_evidence(*, now: datetime) -> int:
    """Measures, for housekeeping. Returns the number of broken promises; 0 if another process is measuring."""
    taken = _measure_alone(now, max_age=HOURLY)
    return taken.broken if taken else 0


def _measure_alone(now: datetime, *, max_age: timedelta) -> EvidenceSnapshot | None:
    """Measures under a lock; None if another process is measuring."""
    if not cache.add(_LOCK, "measuring", MEASURING):
        return None
    try:
        taken = take_snapshot(now=now, max_age=max_age)
        cache.set(_STOCK, taken, STALE)
    finally:
        cache.delete(_LOCK)
    return taken


def take_snapshot(*, now: datetime, max_age: timedelta = timedelta(0)) -> EvidenceSnapshot:
    """Measures every promise and stores changes in the history."""
    found = findings(now=now, max_age=max_age)
    jump = clock_jump(now=now)
    # While the clock is not trusted, changes are dated at the last heartbeat.
    record_changes(found if jump is None else [replace(finding, measured_at=jump.last) for finding in found])
    since = dict(PromiseState.objects.current().values_list("promise", "began_at"))
    breaks = defaultdict(list)
    for state in PromiseState.objects.breaks()[:BREAKS]:
        breaks[state.promise].append(state)
    attacks = latest_attacks(now=now)
    tried, closed = probes_by_promise(attacks), closed_breaches()
    rows = []
    for one in found:
        promise = one.promise.id
        history = since.get(promise, now), tuple(breaks[promise])
        rows.append(PromiseRow(one, *history, tried.get(promise, ()), closed.get(promise, ())))
    return EvidenceSnapshot(now, tuple(rows), attacks, signed_head(), tuple(published_keys(now=now)))
