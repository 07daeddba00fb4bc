"""Counts requests and how long they take: by route, method and kind of status, for all processes of this machine.

Each process counts in files of its own, which `/metrics` adds up. A file belongs to a slot, not to a process: a process
takes the first slot that no living one holds, so that there are as many files as processes at once, however often
gunicorn replaces its workers. Whoever starts while none lives begins anew.

The labels are names of this program, never what somebody sent.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from prometheus_client import Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

from aitpro.http.middleware import METHODS
from privacy.signals import limit_reached

FOLDER = "metrics"  # in DATA_DIR
FILE_SIZE = 1_000_000  # bytes, for a few thousand figures; allocated, because a write to a full disk would be a SIGBUS
NO_ROUTE, STATIC, ADMIN = "none", "static", "admin"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

logger = logging.getLogger(__name__)


class Slots:
    """A number for the current process that no other living one has. A lock on a file ends with its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number, self._pid = 0, 0

    def number(self) -> int:
        if self._pid != os.getpid():  # also after a fork
            self._pid = os.getpid()
            self._begin_anew_if_alone()
            self._number = self._take()
        return self._number

    def _begin_anew_if_alone(self) -> None:
        file = _open(self.folder / "all.lock")
        if _is_locked(file):
            for path in self.folder.glob("*.db"):
                path.unlink(missing_ok=True)
        fcntl.flock(file, fcntl.LOCK_SH)

    def _take(self) -> int:
        number = 0
        while True:
            file = _open(self.folder / f"{number}.lock")
            if _is_locked(file):
                for kind in ("counter", "histogram"):
                    _allocate(self.folder / f"{kind}_{number}.db")
                return number
            os.close(file)
            number += 1


def _open(path: Path) -> int:
    """Stays open until the process ends."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _allocate(path: Path) -> None:
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, FILE_SIZE)


class RequestMetrics:
    """Raises `OSError` if its files can't be written."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        slots = Slots(folder)
        slots.number()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the package looks for it
        values.ValueClass = values.MultiProcessValue(slots.number)  # type: ignore[no-untyped-call]
        self.requests = Counter("aitpro_requests", "Requests answered.", ["route", "method", "status"], registry=None)
        self.seconds = Histogram(
            "aitpro_request_seconds", "Time until the answer.", ["area"], buckets=SECONDS, registry=None
        )
        self.limits = Counter("aitpro_limits_reached", "Refusals by a rate limit.", ["limit"], registry=None)
        limit_reached.connect(self._count_limit)

    def count(self, request: HttpRequest, status: int, seconds: float) -> None:
        route = _route(request)
        method = request.method if request.method in METHODS else "other"
        self.requests.labels(route, method, f"{status // 100}xx").inc()
        self.seconds.labels(route.partition(":")[0]).observe(seconds)

    def _count_limit(self, *, limit: str, **_signal: Any) -> None:
        self.limits.labels(limit).inc()


def _route(request: HttpRequest) -> str:
    """The name of its view; one for all pages of the admin, of which there are hundreds."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return STATIC if request.path_info.startswith(settings.STATIC_URL) else NO_ROUTE
    return ADMIN if match.namespaces[:1] == [ADMIN] else match.view_name


@cache
def _metrics() -> RequestMetrics | None:
    try:
        return RequestMetrics(Path(settings.DATA_DIR) / FOLDER)
    except OSError as error:
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None


def processes() -> MultiProcessCollector | None:
    """What all processes of this machine counted; None if this one couldn't begin."""
    folder = Path(settings.DATA_DIR) / FOLDER
    return MultiProcessCollector(None, path=str(folder)) if _metrics() else None  # type: ignore[no-untyped-call]


def count_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Counts a request that was answered without the middleware below."""
    if settings.METRICS_TOKEN and (metrics := _metrics()):
        metrics.count(request, status, seconds)


class RequestMetricsMiddleware:
    """The first of all, so that it also counts what the others refuse. Adds nothing to a response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        came_by_a_server = "wsgi.errors" in request.META  # not from the evidence, which reads the site's own pages
        if came_by_a_server and (metrics := _metrics()):
            metrics.count(request, response.status_code, time.perf_counter() - began)
        return response
