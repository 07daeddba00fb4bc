"""Crash points: before and after each call of the gateway, each commit and each statement that commits by itself.

Nothing in the product knows of them. They are found by wrapping what every step has to go through, so that a new step
is a new crash point. Each point that a web request reaches is written to `steps`; the one that stands in `armed` ends
the process as kill -9 does.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponseBase

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
READS = ("SELECT", "PRAGMA", "EXPLAIN", "SET", "SHOW")
PATIENCE = (5, 8)  # seconds to connect, seconds without a byte: the real 30 would take the suite minutes
WHOLE = 10  # seconds, of an answer that drips

_here = threading.local()


class CrashPointsConfig(AppConfig):
    name = "tests.shop.processes.crash_points"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        from shop.paypal import client

        client.TIMEOUT, client.WITHIN = PATIENCE, WHOLE
        _leave_out_the_clock()
        watch_every_step()


def watch_every_step() -> None:
    """For the rest of this process."""
    from shop.paypal.gateway import Gateway

    for name, method in list(vars(Gateway).items()):
        if callable(method) and not name.startswith("_"):
            setattr(Gateway, name, _between(f"PayPal {name}", method))
    BaseDatabaseWrapper.commit = _between("commit", BaseDatabaseWrapper.commit)  # type: ignore[method-assign]
    connection_created.connect(_watch, weak=False)


@contextmanager
def steps_of(what: str) -> Iterator[None]:
    """Work of this thread whose steps are numbered under this name."""
    _here.request, _here.steps = what, 0
    try:
        yield
    finally:
        _here.request = None


@contextmanager
def unwatched() -> Iterator[None]:
    """What only the test does is no step."""
    request, _here.request = getattr(_here, "request", None), None
    try:
        yield
    finally:
        _here.request = request


def _leave_out_the_clock() -> None:
    """Housekeeping runs when a test says so."""
    from aitpro.management.commands import run_demo

    processes = run_demo._processes
    run_demo._processes = lambda: {name: command for name, command in processes().items() if name != "clock"}


def _between(what: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def watched(*args: Any, **kwargs: Any) -> Any:
        reach(f"before {what}")
        result = work(*args, **kwargs)
        reach(f"after {what}")
        return result

    return watched


def _watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if _statement not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _statement)


def _statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A statement outside a transaction commits by itself."""
    if context["connection"].in_atomic_block or sql.lstrip().upper().startswith(READS):
        return execute(sql, params, many, context)
    return _between(" ".join(sql.replace('"', "").split()[:3]), execute)(sql, params, many, context)


def reach(what: str) -> None:
    """Numbers the step within its request, writes it down, and dies here if asked to."""
    request = getattr(_here, "request", None)
    if request is None:
        return
    _here.steps += 1
    label = f"{request}, step {_here.steps}: {what}"
    folder = Path(os.environ["CRASH_DIR"])
    with (folder / "steps").open("a") as steps:
        steps.write(f"{label}\n")
    armed = folder / "armed"
    if armed.exists() and armed.read_text() == label:
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def name_the_request(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Outermost, so that a step's name says which request it belongs to; ids are left out of it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        _here.request, _here.steps = f"{request.method} {UUID.sub('…', request.path)}", 0
        try:
            return get_response(request)
        finally:
            _here.request = None

    return middleware
