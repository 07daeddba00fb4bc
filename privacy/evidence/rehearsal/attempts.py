"""Running attacks and recording their results, including failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import close_old_connections, transaction
from django.utils import timezone

from privacy.evidence.attack_history import abandon, begin, fail, record
from privacy.models.attack import AttackKind, Attempt

from .live_health import not_tried_while_down
from .report import RehearsalReport
from .scratch_copy import RehearsalFailed, scratch_copy


def attack(
    kind: AttackKind, carry_out: Callable[[], RehearsalReport], *, begun: Attempt | None = None
) -> RehearsalReport:
    """Runs an attack, records it and returns its report. Raises `AlreadyRunning`, and `RehearsalFailed` if there is no
    report; other errors are recorded and re-raised. An attack stopped by the user is discarded."""
    attempt = begun or begin(kind, now=timezone.now())
    try:
        report = carry_out()
    except KeyboardInterrupt:
        _connect_anew()
        abandon(attempt)
        raise
    except BaseException as error:
        _connect_anew()
        reason = str(error) if isinstance(error, RehearsalFailed) else f"it failed with {type(error).__name__}"
        fail(attempt, reason, now=timezone.now())
        raise
    _connect_anew()
    record(attempt, report, now=timezone.now())
    return report


def _connect_anew() -> None:
    """Reconnects, because the server may have closed the connection meanwhile."""
    if not transaction.get_connection().in_atomic_block:
        close_old_connections()


def rehearse(*, log: Path | None = None) -> RehearsalReport:
    """Rehearses in a scratch copy, and reports what can't be tested because a live service is down. Raises
    `RehearsalFailed`. The copy's output is written to `log`.
    """
    with scratch_copy() as copy:
        try:
            report = copy.rehearse()
        finally:
            if log:
                log.write_bytes(copy.log.read_bytes())
    report.breaches |= not_tried_while_down(now=timezone.now())
    return report
