"""The history of the promises: when each was broken and kept again. Staff get one mail per measurement with all
changes, because a failed attack breaks every promise at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from privacy.mail.sending import notify
from privacy.mails import PROMISE_CHANGED
from privacy.models.evidence import PromiseState
from privacy.registry.expiring import LARGEST_STEP

from .measurement import Finding

logger = logging.getLogger(__name__)


@transaction.atomic
def record_changes(findings: Iterable[Finding]) -> int:
    """Stores a new state for each promise that changed, once even if processes run concurrently. Returns how many.

    Changes and their mail are stored in one transaction.
    """
    current = {state.promise: state for state in PromiseState.objects.current()}
    changes = [
        Change(finding, state, is_first=finding.promise.id not in current)
        for finding in findings
        if (state := _note(finding, current.get(finding.promise.id)))
    ]
    if news := [change for change in changes if not change.is_first or change.finding.is_broken]:
        _tell_staff(news)
    return len(changes)


@dataclass(frozen=True)
class Change:
    """A new state of a promise. `is_first` if there was none before."""

    finding: Finding
    state: PromiseState
    is_first: bool


def _note(finding: Finding, state: PromiseState | None) -> PromiseState | None:
    if state is not None and (state.kept == finding.evidence.kept or _is_older(finding, state)):
        return None
    try:
        with transaction.atomic():
            return _change(finding, state)
    except IntegrityError:  # another process noted the first state of this promise
        return None


def _is_older(finding: Finding, state: PromiseState) -> bool:
    """Whether the finding is older than the state. States days in the future come from a wrong clock and don't
    count."""
    return finding.measured_at < state.began_at <= finding.measured_at + LARGEST_STEP


def _change(finding: Finding, before: PromiseState | None) -> PromiseState | None:
    if before is not None and not _end(before, at=max(finding.measured_at, before.began_at)):
        return None
    return PromiseState.objects.create(
        promise=finding.promise.id, kept=finding.evidence.kept, began_at=finding.measured_at
    )


def _end(state: PromiseState, *, at: datetime) -> int:
    return PromiseState.objects.current().filter(pk=state.pk).update(ended_at=at)


def _tell_staff(changes: list[Change]) -> None:
    """Mails staff, broken promises first. If the mail is refused, the changes are stored anyway."""
    changes = sorted(changes, key=lambda change: change.state.kept)
    broken = sum(not change.state.kept for change in changes)
    context = {"changes": changes, "broken": broken, "mended": len(changes) - broken}
    if not notify(PROMISE_CHANGED, to=settings.BUSINESS["email"], about=changes[0].state, context=context):
        logger.warning("staff are not told that %s changed", ", ".join(each.finding.promise.id for each in changes))
