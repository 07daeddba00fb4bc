"""Clicks per second, compared with a bare Django page with one raw INSERT, in the same gunicorn, database and run.

What stands against what is told in `clicking_site`. All take turns in every round, so that a busy machine slows all.
"""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import IO

from accounts.models import User
from affiliates.models import Affiliate

from .http_load import server
from .timing import Ratio

VISITORS = 8  # concurrent, as many as gunicorn has threads
ROUNDS, SECONDS = 9, 1.0
CLICK, ROW, SMALLEST, HASTY, GUARDED = (
    "/go/CLICKING/?sub=spring",
    "/bare/row/?sub=spring",
    "/bare/smallest/",
    "/bare/hasty/?sub=spring",
    "/bare/guarded/?sub=spring",
)
HOME, QUIET_HOME = "/", "/bare/home/"
PAGES = (CLICK, ROW, SMALLEST, HASTY, GUARDED, HOME, QUIET_HOME)
BROWSER = (
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml\r\n"
    "Accept-Language: en-US,en;q=0.9\r\nReferer: https://blog.example.net/review\r\n"
)


def measure() -> Iterator[Ratio]:
    owner = User.objects.create_user("clicking@example.org")
    Affiliate.objects.create(user=owner, code="CLICKING", terms_version="1")
    with server("benchmarks.clicks_site:application") as port:
        rounds = [{page: _rate(port, page) for page in _turned(number)} for number in range(ROUNDS + 1)][1:]
    yield _ratio("a click, against a bare page with one raw INSERT of such a row", rounds, CLICK, ROW, 0.9)
    yield _ratio("the same, against one of the smallest row there can be", rounds, CLICK, SMALLEST, None)
    yield _ratio("the same, against one that does not wait for the disk either", rounds, CLICK, HASTY, None)
    yield _ratio("the same, against one behind the site's middleware", rounds, CLICK, GUARDED, None)
    yield _ratio("the front page, against itself without links and visits", rounds, HOME, QUIET_HOME, None)


def _turned(number: int) -> tuple[str, ...]:
    """Rotates the pages, so that none always follows the same one."""
    start = number % len(PAGES)
    return PAGES[start:] + PAGES[:start]


def _ratio(what: str, rounds: list[dict[str, float]], one: str, other: str, target: float | None) -> Ratio:
    """The median of the rounds' ratios."""
    ratios = [rates[one] / rates[other] for rates in rounds]
    ours, theirs = (statistics.median(rates[page] for rates in rounds) for page in (one, other))
    detail = f"{ours:.0f} against {theirs:.0f} requests/s; rounds from {min(ratios):.2f} to {max(ratios):.2f}"
    return Ratio(what, statistics.median(ratios), target, at_least=True, detail=detail)


def _rate(port: int, path: str) -> float:
    """Requests per second from new visitors, who send no cookie."""
    until = time.perf_counter() + SECONDS
    start = time.perf_counter()
    with ThreadPoolExecutor(VISITORS) as visitors:
        counts = list(visitors.map(lambda _: _visit(port, path, until), range(VISITORS)))
    return sum(counts) / (time.perf_counter() - start)


def _visit(port: int, path: str, until: float) -> int:
    """The number of responses. Uses bare sockets, so that the clients use little processor time."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{BROWSER}\r\n".encode()
    count = 0
    while time.perf_counter() < until:
        with closing(socket.create_connection(("127.0.0.1", port))) as line, line.makefile("rb") as answers:
            while time.perf_counter() < until:
                line.sendall(request)
                if not (status := answers.readline()):  # gunicorn closed the connection: reconnect
                    break
                _read(answers)
                if status.split()[1] not in {b"200", b"302"}:
                    raise RuntimeError(f"{path} answered {status.decode().strip()}")
                count += 1
    return count


def _read(answers: IO[bytes]) -> None:
    length = 0
    while (header := answers.readline()) not in {b"\r\n", b""}:
        if header.lower().startswith(b"content-length:"):
            length = int(header.partition(b":")[2])
    answers.read(length)
