"""What a click asks first, remembered for a second: whose code it is, and whether the purge runs.

A link that a newsletter sends a thousand people to asks the database once a second in each process, not a thousand
times. Whoever is suspended within that second earns nothing by it: attribution asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from privacy.heartbeat import purge_has_stopped

from .models import CODE, Affiliate

REMEMBERED = timedelta(seconds=1)
MOST = 1000  # codes; anybody can make up more

_memory: dict[str, tuple[datetime, Any]] = {}


def affiliate_with(code: str) -> UUID | None:
    """The active affiliate behind a code, however it is typed; None for anything else."""
    text = code.strip().upper()
    if not CODE.fullmatch(text):
        return None
    found: UUID | None = _remembered(text, lambda: _look_up(text))
    return found


def purge_stopped() -> bool:
    stopped: bool = _remembered("", lambda: purge_has_stopped(now=timezone.now()))
    return stopped


def forget_codes(**kwargs: Any) -> None:
    _memory.clear()


def _look_up(code: str) -> UUID | None:
    return Affiliate.objects.active().spelled(code).values_list("pk", flat=True).first()


def _remembered(name: str, ask: Callable[[], Any]) -> Any:
    now = timezone.now()
    at, answer = _memory.get(name, (None, None))
    if at is None or not at <= now < at + REMEMBERED:
        answer = ask()
        if len(_memory) >= MOST:
            _memory.clear()
        _memory[name] = now, answer
    return answer
