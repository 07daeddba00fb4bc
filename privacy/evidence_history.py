"""The history of the promises: when each was first broken, and when it was mended. Staff are told of each change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from .evidence import Finding
from .evidence_models import PromiseState
from .expiring import LARGEST_STEP
from .mail import MailRefused, queue_mail
from .mails import PROMISE_CHANGED

logger = logging.getLogger(__name__)


def note_changes(findings: Iterable[Finding]) -> int:
    """Begins a new state for each promise that changed. Returns how many; of two processes at once, one notes it."""
    current = {state.promise: state for state in PromiseState.objects.current()}
    return sum(_note(finding, current.get(finding.promise.id)) for finding in findings)


def _note(finding: Finding, state: PromiseState | None) -> bool:
    if state is not None and (state.kept == finding.evidence.kept or _is_older(finding, state)):
        return False
    try:
        with transaction.atomic():
            return _change(finding, state)
    except IntegrityError:  # another process noted the first state of this promise
        return False


def _is_older(finding: Finding, state: PromiseState) -> bool:
    """A state that is days ahead was dated by a wrong clock."""
    return finding.measured_at < state.began_at <= finding.measured_at + LARGEST_STEP


def _change(finding: Finding, before: PromiseState | None) -> bool:
    if before is not None and not _end(before, at=max(finding.measured_at, before.began_at)):
        return False
    state = PromiseState.objects.create(
        promise=finding.promise.id, kept=finding.evidence.kept, began_at=finding.measured_at
    )
    if before is not None or finding.is_broken:
        _tell_staff(finding, state)
    return True


def _end(state: PromiseState, *, at: datetime) -> int:
    return PromiseState.objects.current().filter(pk=state.pk).update(ended_at=at)


def _tell_staff(finding: Finding, state: PromiseState) -> None:
    """A mail that can't be written must not keep the change out of the history."""
    try:
        queue_mail(PROMISE_CHANGED, to=settings.BUSINESS["email"], about=state, context={"finding": finding})
    except MailRefused as refused:
        logger.warning("staff are not told that %s changed: %s", finding.promise.id, refused)
