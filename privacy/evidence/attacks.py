"""Attack results for the evidence page, its JSON and `check_promises`: a summary of the last attacks, and for each
promise the probes and the closed breaches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from privacy.models.attack import AttackKind, Attempt, Breach

from .attack_history import LATE_AFTER, last_attempt, last_completed

CLOSED = 100  # most recent closed breaches shown

NAMES = {AttackKind.REHEARSAL: "Rehearsal in a scratch copy", AttackKind.SWEEP: "Search of the live data"}


@dataclass(frozen=True)
class LatestAttack:
    """Attacks of one kind. `last` may be running or have failed; `good` is the latest completed one.

    `found` counts places where promises are broken (the oldest since `found_since`), `untried` those that couldn't be
    tested. `trouble` describes a problem with the attacks themselves; empty if there is none.
    """

    kind: AttackKind
    last: Attempt | None
    good: Attempt | None
    found: int
    found_since: datetime | None
    untried: int
    trouble: str

    @property
    def name(self) -> str:
        return NAMES[self.kind]

    @property
    def attempts(self) -> int:
        return sum(self.good.attempts.values()) if self.good else 0

    @property
    def searches(self) -> int:
        return sum(self.good.searches.values()) if self.good else 0

    @property
    def is_running(self) -> bool:
        return not self.trouble and self.last is not None and self.last.state == Attempt.State.RUNNING


@dataclass(frozen=True)
class Tried:
    """One probe and the number of its attempts and searches against one promise."""

    kind: AttackKind
    probe: str
    count: int

    @property
    def words(self) -> str:
        return self.probe.rpartition(".")[2].replace("_", " ").capitalize()

    @property
    def module(self) -> str:
        return self.probe.rpartition(".")[0]


def latest_attacks(*, now: datetime) -> tuple[LatestAttack, ...]:
    """A summary for each kind of attack. Three queries per kind."""
    return tuple(_of_kind(kind, now) for kind in AttackKind)


def _of_kind(kind: AttackKind, now: datetime) -> LatestAttack:
    last, good = last_attempt(kind, now=now), last_completed(kind, now=now)
    found, untried = Q(tried=True), Q(tried=False)
    places = (
        Breach.objects.open()
        .filter(kind=kind)
        .aggregate(
            found=Count("place", filter=found, distinct=True),
            since=Min("found_at", filter=found),
            untried=Count("place", filter=untried, distinct=True),
        )
    )
    trouble = _trouble(last, good, now)
    return LatestAttack(kind, last, good, places["found"], places["since"], places["untried"], trouble)


def _trouble(last: Attempt | None, good: Attempt | None, now: datetime) -> str:
    if last is not None and last.is_overdue(now):
        return "the last one never ended"
    if last is not None and last.state == Attempt.State.FAILED:
        return f"the last one failed: {last.reason}"
    if good is not None and now - good.began_at > LATE_AFTER:
        return f"the last completed one began more than {LATE_AFTER // timedelta(hours=1)} hours ago"
    return ""


def probes_by_promise(attempts: Iterable[LatestAttack]) -> dict[str, tuple[Tried, ...]]:
    """Probes of the latest completed attacks by promise, in order of execution."""
    tried = defaultdict[str, list[Tried]](list)
    for each in attempts:
        for promise, probes in each.good.probes.items() if each.good else ():
            tried[promise] += (Tried(each.kind, probe, count) for probe, count in probes.items())
    return {promise: tuple(found) for promise, found in tried.items()}


def closed_breaches() -> dict[str, tuple[Breach, ...]]:
    """Closed breaches by promise. One query."""
    closed = defaultdict[str, list[Breach]](list)
    for breach in Breach.objects.exclude(ended_at=None).order_by("-ended_at")[:CLOSED]:
        closed[breach.promise].append(breach)
    return {promise: tuple(found) for promise, found in closed.items()}
