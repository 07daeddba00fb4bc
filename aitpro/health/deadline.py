"""Work that may hang, such as asking a database that is silent, within a deadline."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from django.db import connections

logger = logging.getLogger(__name__)

Work = Callable[[], None]


class Deadline:
    """Runs each piece of work in a thread of its own, all at once. A piece that hangs is left behind, and not started
    again until it has ended: there is never more than one thread for each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._threads: dict[str, threading.Thread] = {}

    def run(self, pieces: Mapping[str, Work]) -> set[str]:
        """Returns the names of the pieces that didn't end in time."""
        until = time.monotonic() + self.seconds
        hanging = {name for name, thread in self._threads.items() if thread.is_alive()} & pieces.keys()
        for name in pieces.keys() - hanging:
            self._threads[name] = threading.Thread(target=_run, args=(pieces[name],), name=name, daemon=True)
            self._threads[name].start()
        for name in pieces.keys() - hanging:
            self._threads[name].join(max(0, until - time.monotonic()))
        return {name for name in pieces if self._threads[name].is_alive()}


def _run(piece: Work) -> None:
    """In its thread, which has database connections of its own."""
    try:
        piece()
    except Exception as error:
        logger.warning("health: a piece of work failed: %s", type(error).__name__)
    finally:
        connections.close_all()
