"""Counts page views in memory and writes the counts every few seconds. Addresses exist only in a bounded queue."""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections import Counter
from datetime import date
from functools import cache

from django.db import DatabaseError, IntegrityError, close_old_connections, transaction
from django.db.models import F

from .domains import UNKNOWN
from .models import DomainDay, PageDay
from .reverse_dns import DomainLookup

logger = logging.getLogger(__name__)

WAITING = 1000  # maximum number of addresses; beyond it, a view counts as "unknown"
WRITE_EVERY = 5.0  # seconds


class TrafficCounter:
    """One per process. `see` returns at once; a background thread resolves names and writes the counts."""

    def __init__(self) -> None:
        self._lookup = DomainLookup()
        self._queue: queue.Queue[tuple[date, str | None]] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._domains: Counter[tuple[date, str]] = Counter()
        self._pages: Counter[tuple[date, str]] = Counter()
        self._thread: threading.Thread | None = None

    def see_page(self, *, day: date, page: str) -> None:
        with self._lock:
            self._pages[day, page] += 1

    def see_visitor(self, *, day: date, address: str | None) -> None:
        try:
            self._queue.put_nowait((day, address))
        except queue.Full:
            self._count_domain(day, UNKNOWN)

    def run_in_background(self) -> None:
        """Starts the thread once per process, also after a fork."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
                self._thread.start()
                atexit.register(self.write)

    def _run(self) -> None:
        while True:
            self.look_up(seconds=WRITE_EVERY)
            close_old_connections()
            self.write()
            close_old_connections()

    def look_up(self, *, seconds: float = 0) -> None:
        """Resolves queued addresses for at most `seconds`; without a limit, until the queue is empty."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if seconds and left <= 0:
                return
            try:
                day, address = self._queue.get(block=bool(seconds), timeout=left if seconds else None)
            except queue.Empty:
                return
            self._count_domain(day, self._lookup.domain_of(address))

    def _count_domain(self, day: date, domain: str) -> None:
        with self._lock:
            self._domains[day, domain] += 1

    def write(self) -> None:
        """Adds the counts to the tables. If the database fails, they are kept for the next attempt."""
        with self._lock:
            domains, self._domains = self._domains, Counter()
            pages, self._pages = self._pages, Counter()
        try:
            with transaction.atomic():
                for (day, domain), views in sorted(domains.items()):
                    _add(DomainDay, {"day": day, "domain": domain}, views)
                for (day, page), views in sorted(pages.items()):
                    _add(PageDay, {"day": day, "page": page}, views)
        except DatabaseError:
            logger.exception("traffic could not be written; it is kept and tried again")
            with self._lock:
                self._domains += domains
                self._pages += pages


def _add(model: type[DomainDay | PageDay], where: dict[str, object], views: int) -> None:
    if model._default_manager.filter(**where).update(views=F("views") + views):
        return
    try:
        with transaction.atomic():
            model._default_manager.create(**where, views=views)
    except IntegrityError:  # another process created the row
        model._default_manager.filter(**where).update(views=F("views") + views)


@cache
def traffic_counter() -> TrafficCounter:
    return TrafficCounter()
