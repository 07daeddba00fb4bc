"""Taking stock: one measurement of all promises at a time, kept for a minute, with what the history says of each."""

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

from .attacks import LastAttempt, Tried, closed_breaches, last_attempts, tried_by_promise
from .history import note_changes
from .measurement import Finding, findings

FRESH = timedelta(minutes=1)  # a busy page costs one measurement a minute
STALE = 60 * 60  # seconds for which the last one is shown while the next one is made
MEASURING = 120  # seconds after which a measurement that never ended stands in nobody's way
HOURLY = timedelta(hours=1)  # what housekeeping measures anew
LATE = timedelta(hours=2)  # what the page measures itself, because housekeeping did not
BREAKS = 100  # shown, the latest ones

_STOCK, _LOCK = "privacy.evidence.2", "privacy.evidence.measuring"


@dataclass(frozen=True)
class PromiseRow:
    """A promise as the page shows it: `since` when it is as it is now, and when it was broken before.

    `tried` is what the last attacks tried, `closed` what earlier ones found and the last ones did not.
    """

    finding: Finding
    since: datetime
    breaks: tuple[PromiseState, ...]
    tried: tuple[Tried, ...]
    closed: tuple[Breach, ...]

    @property
    def found(self) -> int:
        """Places where outsiders found the promise broken."""
        return sum(breach.tried for breach in self._open)

    @property
    def untried(self) -> int:
        """Places that outsiders could not try."""
        return len(self._open) - self.found

    @property
    def _open(self) -> tuple[Breach, ...]:
        return self.finding.attacked.breaches if self.finding.attacked else ()


@dataclass(frozen=True)
class Stock:
    """Nothing personal is in it, so that it may lie in a cache."""

    at: datetime
    rows: tuple[PromiseRow, ...]
    attacks: tuple[LastAttempt, ...]
    head: dict[str, Any]
    keys: tuple[SigningKey, ...]

    @property
    def broken(self) -> int:
        return sum(row.finding.is_broken for row in self.rows)

    @property
    def kept(self) -> int:
        return len(self.rows) - self.broken

    @property
    def red_first(self) -> list[PromiseRow]:
        return sorted(self.rows, key=lambda row: row.finding.evidence.kept)


def stock() -> Stock | None:
    """The last one, while it is fresh or somebody else measures; None while the very first is being made."""
    known: Stock | None = cache.get(_STOCK)
    now = timezone.now()
    if known is not None and abs(now - known.at) < FRESH:
        return known
    return _measure_alone(now, max_age=LATE) or known


def keep_evidence(*, now: datetime) -> int:
    """For housekeeping. Returns how many promises are broken; none while somebody else measures."""
    taken = _measure_alone(now, max_age=HOURLY)
    return taken.broken if taken else 0


def _measure_alone(now: datetime, *, max_age: timedelta) -> Stock | None:
    """None while another measurement is under way."""
    if not cache.add(_LOCK, "measuring", MEASURING):
        return None
    try:
        taken = take_stock(now=now, max_age=max_age)
        cache.set(_STOCK, taken, STALE)
    finally:
        cache.delete(_LOCK)
    return taken


def take_stock(*, now: datetime, max_age: timedelta = timedelta(0)) -> Stock:
    """Measures every promise and notes what changed."""
    found = findings(now=now, max_age=max_age)
    jump = clock_jump(now=now)
    # A clock that is not believed dates nothing: what is found then is so since the last heartbeat.
    note_changes(found if jump is None else [replace(finding, measured_at=jump.last) for finding in found])
    since = dict(PromiseState.objects.current().values_list("promise", "began_at"))
    breaks = defaultdict(list)
    for state in PromiseState.objects.breaks()[:BREAKS]:
        breaks[state.promise].append(state)
    attacks = last_attempts(now=now)
    tried, closed = tried_by_promise(attacks), closed_breaches()
    rows = []
    for one in found:
        promise = one.promise.id
        history = since.get(promise, now), tuple(breaks[promise])
        rows.append(PromiseRow(one, *history, tried.get(promise, ()), closed.get(promise, ())))
    return Stock(now, tuple(rows), attacks, signed_head(), tuple(published_keys(now=now)))
