"""While PayPal is silent, one caller at a time finds out whether it still is; the others are told at once.

Otherwise a few buyers would hold every thread of the web process for as long as a call may take, and pages that need
nothing of PayPal would wait behind them.
"""

from __future__ import annotations

import threading
import time

from .errors import Transient

IN_A_ROW = 3  # time-outs, after which PayPal counts as silent
PAUSE = 30  # seconds between two attempts then


class Silence:
    """Of one process. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._next_attempt = 0.0

    def met(self) -> None:
        with self._lock:
            self._in_a_row += 1
            self._next_attempt = time.monotonic() + PAUSE

    def ended(self) -> None:
        self._in_a_row = 0

    def require_over(self) -> None:
        """Raises Transient while PayPal is silent, unless this caller is to find out. Nothing was sent then."""
        with self._lock:
            if self._in_a_row < IN_A_ROW:
                return
            if time.monotonic() < self._next_attempt:
                raise Transient("PayPal has been silent and was not asked")
            self._next_attempt = time.monotonic() + PAUSE
