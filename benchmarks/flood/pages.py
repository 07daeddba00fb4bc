"""Page time during a flood of wrong passwords, compared with the same page without: in the same gunicorn, in turns. The
flood comes from a separate process, so that only the server and the machine slow the page.

Twice: once as shipped, where the limits refuse most tries, and once with limits that let every try through to the hash.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from accounts.models import User
from benchmarks.http_load import HEADERS, server
from benchmarks.timing import Ratio

from .wrong_passwords import answer

CONNECTIONS, ROUNDS, PAGES = 24, 5, 60
PAGE = "/services/"


def measure() -> Iterator[Ratio]:
    User.objects.create_user("owner@example.org", "the owner's own password")
    limits = ("ACCOUNT_AND_NETWORK", "NETWORK", "ACCOUNT", "BROWSER")
    nothing_kept = {f"SIGN_IN_LIMIT_PER_{limit}": "1000" for limit in limits}  # more than the flood can use up
    for what, environment in (("as shipped", {}), ("with every try hashed", nothing_kept)):
        with server("aitpro.wsgi:application", **environment) as port:
            rounds = [_round(port) for _ in range(ROUNDS + 1)][1:]
        ratios = [flooded / quiet for quiet, flooded in rounds]
        quiet, flooded = (statistics.median(times) * 1000 for times in zip(*rounds, strict=True))
        yield Ratio(
            f"a page while {CONNECTIONS} connections post wrong passwords, {what}",
            statistics.median(ratios),
            3,
            at_least=False,
            detail=f"{flooded:.1f} against {quiet:.1f} ms; rounds from {min(ratios):.2f} to {max(ratios):.2f}",
        )


def _round(port: int) -> tuple[float, float]:
    """Median seconds of the page, without and with the flood."""
    quiet = _page_seconds(port)
    with _flood(port):
        return quiet, _page_seconds(port)


def _page_seconds(port: int) -> float:
    headers = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, "Connection": "close"}.items())
    request = f"GET {PAGE} HTTP/1.1\r\n{headers}\r\n".encode()
    times = []
    for _ in range(PAGES):
        start = time.perf_counter()
        if not answer(port, request).startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{PAGE} was not served")
        times.append(time.perf_counter() - start)
    return statistics.median(times)


@contextmanager
def _flood(port: int) -> Iterator[None]:
    flood = subprocess.Popen([sys.executable, "-m", "benchmarks.flood.wrong_passwords", str(port), str(CONNECTIONS)])
    try:
        time.sleep(2)  # until the flood has started
        yield
        if flood.poll() is not None:
            raise RuntimeError("the flood ended by itself")
    finally:
        flood.kill()
        flood.wait()
