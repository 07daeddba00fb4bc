"""The attacks on the promises, as the real site remembers them: what was tried last, what was found, and since when.

A promise is red from outside as long as a breach is open, when the last attempt did not try it, and when the last good
attempt is older than 36 hours. A site that was never attacked has as long from its installation.
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
    from .rehearsal.report import RehearsalReport  # pages import this module, and nothing of the rehearsal

LATE_AFTER = timedelta(hours=36)  # a night may be missed, a second one not
GRACE = timedelta(minutes=10)  # beyond the time limit of an attempt, after which it was killed
WHOLE = "the whole attempt failed"

# What an attempt of each kind has to try; red when it did not.
_covered: dict[AttackKind, set[str]] = {
    AttackKind.REHEARSAL: {promise.id for promise in PROMISES},
    AttackKind.SWEEP: set(),
}


class AlreadyUnderWay(Exception):
    """An attempt of this kind runs, here or on another machine."""


@dataclass(frozen=True)
class Attacked:
    """What outsiders found of one promise. `last_at` is None before the first good attempt.

    `complaints` says, in words, why the promise is red; empty where it is kept.
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
    """Declares what attempts of this kind have to try. Raises `ValueError` for an id that is none."""
    if unknown := {*promises} - {promise.id for promise in PROMISES}:
        raise ValueError(f"there is no promise {', '.join(sorted(unknown))}")
    _covered[kind] |= {*promises}


# --- writing down ---


def note_installation(*, now: datetime) -> None:
    """From here on a first attempt is waited for; noted once."""
    Heartbeat.objects.get_or_create(name=ATTACKS, defaults={"at": now})


def begin(kind: AttackKind, *, now: datetime) -> Attempt:
    """Raises `AlreadyUnderWay`. One that was killed is written down as failed first."""
    for attempt in Attempt.objects.filter(kind=kind, state=Attempt.State.RUNNING):
        if attempt.is_overdue(now):
            fail(attempt, "it never ended: the machine or somebody stopped it", now=now)
    try:
        with transaction.atomic():
            due_at = now + timedelta(seconds=settings.REHEARSAL_SECONDS) + GRACE
            return Attempt.objects.create(kind=kind, began_at=now, due_at=due_at)
    except IntegrityError:
        raise AlreadyUnderWay(f"A {kind} is under way.") from None


def record(attempt: Attempt, report: RehearsalReport, *, now: datetime) -> None:
    """The attempt ended with this report: what it found is open, and what it did not find any more is not."""
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
    """The attempt ended without a report: nothing of what it should have tried was. `reason` holds no value."""
    with transaction.atomic():
        if _end(attempt, Attempt.State.FAILED, now, reason=reason[:200]):
            _found(attempt, {(promise, WHOLE): False for promise in _covered[AttackKind(attempt.kind)]}, now)


def abandon(attempt: Attempt) -> None:
    """Somebody stopped the site, and the attempt with it: that says nothing of any promise, and it is made anew as soon
    as the site runs. What was found before stays open, and the last good attempt grows older."""
    Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.RUNNING).delete()


def _end(attempt: Attempt, state: Attempt.State, now: datetime, **values: object) -> int:
    """Of two that end it, one does. An attempt that was given up too early may still bring its report."""
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


# --- looking back ---


def untried(kind: AttackKind, report: RehearsalReport) -> set[str]:
    """The promises that an attempt of this kind has to try, and that this one did not."""
    return {promise for promise in _covered[kind] if not report.attempts[promise] + report.searches[promise]}


def last_attempt(kind: AttackKind, *, now: datetime) -> Attempt | None:
    """The latest, whatever came of it; one under way too."""
    return Attempt.objects.made(now).filter(kind=kind).first()


def last_good(kind: AttackKind, *, now: datetime) -> Attempt | None:
    """The latest that ended with a report."""
    return Attempt.objects.made(now).filter(kind=kind, state=Attempt.State.DONE).first()


def open_breaches() -> dict[str, tuple[Breach, ...]]:
    """By promise. One query."""
    found = defaultdict(list)
    for breach in Breach.objects.open():
        found[breach.promise].append(breach)
    return {promise: tuple(breaches) for promise, breaches in found.items()}


def attacked(*, now: datetime) -> dict[str, Attacked]:
    """By promise, all of them. Six queries."""
    good = {kind: last_good(kind, now=now) for kind in AttackKind}
    waits = {kind: attempt is None and _is_new(now) for kind, attempt in good.items()}
    killed = [each.kind for each in Attempt.objects.filter(state=Attempt.State.RUNNING) if each.is_overdue(now)]
    breaches = open_breaches()

    def one(promise: str) -> Attacked:
        made = [attempt for kind, attempt in good.items() if attempt and promise in _covered[kind]]
        complaints = [
            complaint
            for kind, attempt in good.items()
            if promise in _covered[kind] and not waits[kind]
            for complaint in _complaints(kind, attempt, promise, now)
        ]
        complaints += [f"the last {kind} never ended" for kind in killed if promise in _covered[AttackKind(kind)]]
        return Attacked(
            last_at=min((attempt.began_at for attempt in made), default=None),
            attempts=sum(attempt.attempts.get(promise, 0) for attempt in made),
            searches=sum(attempt.searches.get(promise, 0) for attempt in made),
            breaches=breaches.get(promise, ()),
            complaints=tuple(complaints),
        )

    return {promise.id: one(promise.id) for promise in PROMISES}


def _complaints(kind: AttackKind, attempt: Attempt | None, promise: str, now: datetime) -> list[str]:
    if attempt is None:
        return [f"there was no {kind} yet"]
    if now - attempt.began_at > LATE_AFTER:
        return [f"the last completed {kind} was more than 36 hours ago"]
    if not attempt.attempts.get(promise) and not attempt.searches.get(promise):
        return [f"the last {kind} did not try it"]
    return []


def _is_new(now: datetime) -> bool:
    """Whether there was not yet time for an attempt."""
    installed = Heartbeat.objects.filter(name=ATTACKS).values_list("at", flat=True).first()
    return installed is None or now - installed < LATE_AFTER
