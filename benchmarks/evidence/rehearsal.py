"""The nightly rehearsal: duration, including database creation, and the effect on page times."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import sleep

from django.test import Client

from benchmarks.timing import Ratio, seconds
from privacy.evidence.rehearsal.scratch_copy import scratch_copy

PAUSE = 0.1  # seconds between two page views
ALONE = 100  # pages


def _rehearse() -> None:
    with scratch_copy() as copy:
        copy.rehearse()


def measure() -> Iterator[Ratio]:
    page = partial(Client().get, "/privacy/")
    page()
    before = statistics.median(_pages(page, ALONE))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(seconds, _rehearse)
        meanwhile = statistics.median(_pages(page, until=running))
    detail = f"{before * 1000:.1f} ms alone, {meanwhile * 1000:.1f} ms meanwhile"
    yield Ratio("a whole rehearsal of the promises", running.result(), 90, at_least=False, unit="s")
    yield Ratio(
        "a page while the promises are rehearsed, against one alone",
        meanwhile / before,
        1.2,
        at_least=False,
        detail=detail,
    )


def _pages(page: partial[object], number: int = 0, until: Future[float] | None = None) -> Iterator[float]:
    """The seconds of each page."""
    while number > 0 or (until is not None and not until.done()):
        number -= 1
        sleep(PAUSE)
        yield seconds(page)
