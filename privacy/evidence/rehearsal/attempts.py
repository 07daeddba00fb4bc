"""Attacks from beginning to end: begun, carried out, and written down whatever comes of them."""

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
    """Returns what was found. Raises `AlreadyUnderWay`, and `RehearsalFailed` for an attempt that ended without a
    report; any other error is written down too, and passed on. One that somebody stopped is forgotten."""
    attempt = begun or begin(kind, now=timezone.now())
    try:
        report = carry_out()
    except KeyboardInterrupt:
        _connect_anew()
        abandon(attempt)
        raise
    except BaseException as error:
        _connect_anew()
        reason = str(error) if isinstance(error, RehearsalFailed) else f"it was ended by {type(error).__name__}"
        fail(attempt, reason, now=timezone.now())
        raise
    _connect_anew()
    record(attempt, report, now=timezone.now())
    return report


def _connect_anew() -> None:
    """Minutes have passed, in which a server may have closed the connection."""
    if not transaction.get_connection().in_atomic_block:
        close_old_connections()


def rehearse(*, log: Path | None = None) -> RehearsalReport:
    """In a scratch copy; and what can't be tried because a part of the site itself is down. Raises `RehearsalFailed`.

    `log` gets what the copy's processes wrote.
    """
    with scratch_copy() as copy:
        try:
            report = copy.rehearse()
        finally:
            if log:
                log.write_bytes(copy.log.read_bytes())
    report.breaches |= not_tried_while_down(now=timezone.now())
    return report
