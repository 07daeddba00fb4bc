"""Short work on the database that has to wait for its return, in a thread of its own, so that no visitor waits.

It is lost if the process ends first. A form's claim is abandoned then, and can be taken over after a few minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread

from django.db import connections

from privacy.databases.outages import through_outages

logger = logging.getLogger(__name__)

_waiting: SimpleQueue[Callable[[], object]] = SimpleQueue()
_lock = Lock()
_thread: Thread | None = None


def do_after_outage(work: Callable[[], object]) -> None:
    """`work` is repeated until it succeeds."""
    global _thread
    with _lock:
        _waiting.put(work)
        if _thread is None:
            _thread = Thread(target=_work, name="after outages", daemon=True)
            _thread.start()


def _work() -> None:
    global _thread
    while True:
        with _lock:
            if _waiting.empty():
                _thread = None
                break
            work = _waiting.get()
        try:
            through_outages(work)
        except Exception:
            logger.exception("what waited for the database failed")
    connections.close_all()
