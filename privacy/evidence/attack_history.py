"""The history of attacks on the promises: what was tried last, what was found, and since when.

A promise counts as broken while a breach is open, if the last attack didn't test it, or if the last completed attack is
older than 36 hours. A new site has 36 hours from its installation.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction

from privacy.erasure.heartbeat import ATTACKS
from privacy.models import Heartbeat
from privacy.models.attack import LONGEST_PLACE, AttackKind, Attempt, Breach
from privacy.registry.promises import PROMISES

if TYPE_CHECKING:
    from .rehearsal.report import RehearsalReport  # pages import this module but nothing of the rehearsal

LATE_AFTER = timedelta(hours=36)  # a night may be missed, a second one not
GRACE = timedelta(minutes=10)  # beyond the time limit of an attempt, after which it was killed
WHOLE = "the whole attempt failed"

# The promises that an attack of each kind has to test.
_covered: dict[AttackKind, set[str]] = {
    AttackKind.REHEARSAL: {promise.id for promise in PROMISES},
    AttackKind.SWEEP: set(),
}


class AlreadyRunning(Exception):
    """An attack of this kind is already running, here or on another machine."""


@dataclass(frozen=True)
class AttackResult:
    """Results of the attacks on one promise. `last_at` is None before the first completed attack.

    `complaints` are reasons, besides breaches, why the promise counts as broken.
    """

    last_at: datetime | None
    attempts: int
    searches: int
    breaches: tuple[Breach, ...]
    complaints: tuple[str, ...]

    @property
    def kept(self) -> bool:
        return not self.breaches and not self.complaints


def covers(kind: AttackKind, *promises: str) -> None:
    """Declares promises that attacks of this kind have to test. Raises `ValueError` for an unknown ID."""
    if unknown := {*promises} - {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {', '.join(sorted(unknown))}")
    _covered[kind] |= {*promises}


# --- Recording ---


def record_installation(*, now: datetime) -> None:
    """Stores once when the site was installed, from which the first attack is due."""
    Heartbeat.objects.get_or_create(name=ATTACKS, defaults={"at": now})


def begin(kind: AttackKind, *, now: datetime) -> Attempt:
    """Starts an attack; marks killed ones as failed first. Raises `AlreadyRunning`."""
    for attempt in Attempt.objects.filter(kind=kind, state=Attempt.State.RUNNING):
        if attempt.is_overdue(now):
            fail(attempt, "it never ended: it was stopped, or the machine was", now=now)
    try:
        with transaction.atomic():
            due_at = now + timedelta(seconds=settings.REHEARSAL_SECONDS) + GRACE
            return Attempt.objects.create(kind=kind, began_at=now, due_at=due_at)
    except IntegrityError:
        raise AlreadyRunning(f"A {kind} is already running.") from None


def record(attempt: Attempt, report: RehearsalReport, *, now: datetime) -> None:
    """Completes an attack with its report: opens what it found, and closes breaches that it no longer found."""
    with transaction.atomic():
        counts = {"ways": report.ways, "attempts": {**report.attempts}, "searches": {**report.searches}}
        probes = {promise: {**names} for promise, names in report.probes.items()}
        if _end(attempt, Attempt.State.DONE, now, **counts, probes=probes, unreached=report.unreached):
            found = {(each.promise, each.place[:LONGEST_PLACE]): each.tried for each in sorted(report.breaches)}
            for breach in Breach.objects.open().filter(kind=attempt.kind):
                if (breach.promise, breach.place) not in found:
                    Breach.objects.filter(pk=breach.pk).update(ended_at=now)
            _found(attempt, found, now)


def fail(attempt: Attempt, reason: str, *, now: datetime) -> None:
    """Marks an attack as failed, so that none of its promises count as tested. `reason` contains no personal data."""
    with transaction.atomic():
        if _end(attempt, Attempt.State.FAILED, now, reason=reason[:200]):
            _found(attempt, {(promise, WHOLE): False for promise in _covered[AttackKind(attempt.kind)]}, now)


def abandon(attempt: Attempt) -> None:
    """Deletes an attack that was stopped together with the site. It is started again once the site runs; earlier
    breaches stay open, and the last completed attack keeps aging."""
    Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.RUNNING).delete()


def _end(attempt: Attempt, state: Attempt.State, now: datetime, **values: object) -> int:
    """Ends the attack unless another process did. An attack that was marked as failed too early may still complete."""
    unended = [Attempt.State.RUNNING, Attempt.State.FAILED] if state == Attempt.State.DONE else [Attempt.State.RUNNING]
    rows = Attempt.objects.filter(pk=attempt.pk, state__in=unended)
    return rows.update(state=state, ended_at=now, **values)


def _found(attempt: Attempt, places: dict[tuple[str, str], bool], now: datetime) -> None:
    for (promise, place), tried in places.items():
        Breach.objects.update_or_create(
            promise=promise,
            kind=attempt.kind,
            place=place,
            ended_at=None,
            defaults={"tried": tried, "last_found_at": now},
            create_defaults={"tried": tried, "found_at": now, "last_found_at": now},
        )


# --- Reading ---


def untried(kind: AttackKind, report: RehearsalReport) -> set[str]:
    """Promises that an attack of this kind has to test and this one didn't."""
    return {promise for promise in _covered[kind] if not report.attempts[promise] + report.searches[promise]}


def last_attempt(kind: AttackKind, *, now: datetime) -> Attempt | None:
    """The latest attack in any state, including running."""
    return Attempt.objects.made(now).filter(kind=kind).first()


def last_completed(kind: AttackKind, *, now: datetime) -> Attempt | None:
    """The latest completed attack."""
    return Attempt.objects.made(now).filter(kind=kind, state=Attempt.State.DONE).first()


def open_breaches() -> dict[str, tuple[Breach, ...]]:
    """Open breaches by promise. One query."""
    found = defaultdict(list)
    for breach in Breach.objects.open():
        found[breach.promise].append(breach)
    return {promise: tuple(breaches) for promise, breaches in found.items()}


def attacked(*, now: datetime) -> dict[str, AttackResult]:
    """Results for every promise, by ID. Six queries."""
    good = {kind: last_completed(kind, now=now) for kind in AttackKind}
    waits = {kind: attempt is None and _is_new(now) for kind, attempt in good.items()}
    killed = [each.kind for each in Attempt.objects.filter(state=Attempt.State.RUNNING) if each.is_overdue(now)]
    breaches = open_breaches()

    def one(promise: str) -> AttackResult:
        made = [attempt for kind, attempt in good.items() if attempt and promise in _covered[kind]]
        complaints = [
            complaint
            for kind, attempt in good.items()
            if promise in _covered[kind] and not waits[kind]
            for complaint in _complaints(kind, attempt, promise, now)
        ]
        complaints += [f"the last {kind} never ended" for kind in killed if promise in _covered[AttackKind(kind)]]
        return AttackResult(
            last_at=min((attempt.began_at for attempt in made), default=None),
            attempts=sum(attempt.attempts.get(promise, 0) for attempt in made),
            searches=sum(attempt.searches.get(promise, 0) for attempt in made),
            breaches=breaches.get(promise, ()),
            complaints=tuple(complaints),
        )

    return {promise.id: one(promise.id) for promise in PROMISES}


def _complaints(kind: AttackKind, attempt: Attempt | None, promise: str, now: datetime) -> list[str]:
    if attempt is None:
        return [f"there has been no {kind} yet"]
    if now - attempt.began_at > LATE_AFTER:
        return [f"the last completed {kind} was more than 36 hours ago"]
    if not attempt.attempts.get(promise) and not attempt.searches.get(promise):
        return [f"the last {kind} did not test it"]
    return []


def _is_new(now: datetime) -> bool:
    """Whether the first attack isn't due yet."""
    installed = Heartbeat.objects.filter(name=ATTACKS).values_list("at", flat=True).first()
    return installed is None or now - installed < LATE_AFTER
