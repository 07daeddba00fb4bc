"""Load on the site over HTTP with keep-alive, by `wrk`, in rounds in which all pages take turns.

A benchmark starts gunicorn as it is shipped (`server`), lets its pages and their floor take turns (`alternate`), and
compares them in each round (`against_floor`), so that a busy machine slows both. Where answers leave rows, `alternate`
counts both, and `answer_exactly` sends a number that has to be the number of rows.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from django.db import connections

from .timing import Ratio, Unmeasured, sized

CONNECTIONS = 16
ROUNDS, SECONDS = sized(9, 2), sized(2.0, 1.0)  # each page is loaded for so long in each round
REPORT = Path(__file__).with_name("wrk_report.lua")
HEADERS = {
    "Host": "127.0.0.1",
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-US,en;q=0.9",
    "Referer": "https://blog.example.net/review",
}


class Load(NamedTuple):
    """What one page answered in one round. Times are in milliseconds."""

    per_second: float
    median: float
    p99: float
    answers: int
    broken: int  # connections that ended within an answer, or that could not be made


Loads = dict[str, list[Load]]


@contextmanager
def server(application: str, **environment: str) -> Iterator[int]:
    """gunicorn as shipped, on the benchmark's databases. `environment` overrides variables. Yields the port."""
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--log-level", "error"]
    with started([*command, "--bind", "127.0.0.1:{port}", application], **environment) as (port, _):
        yield port


@contextmanager
def started(command: Sequence[str], **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server on a free port, which replaces `{port}` in its command. Yields the port and the process."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="aitpro-load-") as folder, Path(folder, "log").open("w+") as log:
        Path(folder, "static").mkdir()  # what collectstatic would make
        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            env={
                **os.environ,
                "DATA_DIR": folder,
                "DATABASE_URL": _url("default", "DATABASE_URL"),
                "KEYSTORE_URL": _url("keystore", "KEYSTORE_URL"),
                **environment,
            },
            stdout=log,
            stderr=log,
        )
        try:
            if not _starts(port, process):
                raise RuntimeError(f"{command} did not start: {Path(folder, 'log').read_text()[-2000:]}")
            yield port, process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _url(alias: str, variable: str) -> str:
    """The URL of the benchmark's own database."""
    name = str(connections[alias].settings_dict["NAME"])
    if connections[alias].vendor == "sqlite":
        return f"sqlite:///{quote(name)}"
    return urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))


def _starts(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def load(port: int, path: str, *, headers: dict[str, str] = HEADERS, seconds: float = SECONDS) -> Load:
    """Loads one page through `CONNECTIONS` connections. Raises RuntimeError where an answer is an error."""
    if (wrk := shutil.which("wrk")) is None:
        raise Unmeasured("wrk is not installed (Debian: apt-get install wrk)")
    command = [wrk, "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{max(1, round(seconds))}s"]
    command += [part for header in headers.items() for part in ("--header", ": ".join(header))]
    command += ["--script", str(REPORT), f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(told.rpartition("wrk-report ")[2])
    if not found["answers"]:
        raise RuntimeError(f"{path}: no answer within {seconds} s")
    if found["refused"]:
        raise RuntimeError(f"{path}: {found['refused']} of {found['answers']} answers were errors")
    return Load(
        per_second=found["answers"] / found["microseconds"] * 1e6,
        median=found["median"] / 1000,
        p99=found["p99"] / 1000,
        answers=found["answers"],
        broken=found["broken"],
    )


def alternate(
    port: int,
    pages: Sequence[str],
    *,
    headers: dict[str, str] = HEADERS,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    rows: Mapping[str, Callable[[], int]] = MappingProxyType({}),
) -> Loads:
    """Loads of each page, one for each round. The order rotates, so that no page always follows the same one. A first
    round warms everything and is dropped. `rows`: the pages of which each answer leaves a row, and what counts them."""
    loads: Loads = {page: [] for page in pages}
    for number in range(rounds + 1):
        start = number % len(pages)
        for page in (*pages[start:], *pages[:start]):
            count = rows.get(page)
            before = count() if count else 0
            loads[page].append(load(port, page, headers=headers, seconds=seconds if number else 1))
            if count:
                _check_rows(page, loads[page][-1].answers, count, before)
    return {page: each[1:] for page, each in loads.items()}


def _check_rows(page: str, answers: int, count: Callable[[], int], before: int) -> None:
    """A request that is under way when wrk ends may leave a row without an answer."""
    stored, settled = count() - before, -1
    while stored != settled:
        time.sleep(0.1)
        stored, settled = count() - before, stored
    if not answers <= stored <= answers + CONNECTIONS:
        raise RuntimeError(f"{page}: {answers} answers left {stored} rows")


def against_floor(
    what: str,
    loads: Loads,
    ours: str,
    floor: str,
    *,
    target: float | None,
    p99_target: float | None,
    obstacle: str = "",
) -> Iterator[Ratio]:
    """Two lines: requests per second, and the 99th percentile of the time of an answer."""
    for label, figure, unit, bound in (
        (what, "per_second", "requests/s", target),
        (f"{what}: p99", "p99", "ms", p99_target),
    ):
        one, other = ([float(getattr(load, figure)) for load in loads[page]] for page in (ours, floor))
        ratios = [a / b for a, b in zip(one, other, strict=True)]
        digits = 0 if figure == "per_second" else 1
        yield Ratio(
            label,
            statistics.median(ratios),
            bound,
            at_least=figure == "per_second",
            detail=f"{statistics.median(one):,.{digits}f} against {statistics.median(other):,.{digits}f} {unit}",
            rounds=tuple(ratios),
            obstacle=obstacle,
        )


def answer_exactly(port: int, path: str, number: int, *, headers: dict[str, str] = HEADERS) -> int:
    """Sends `number` requests through `CONNECTIONS` connections with keep-alive, and reads all answers. Returns how
    many were answered with 200 or 302; a request whose connection ends before its answer is not sent again."""
    quotas = [number // CONNECTIONS + (index < number % CONNECTIONS) for index in range(CONNECTIONS)]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()
    with ThreadPoolExecutor(CONNECTIONS) as visitors:
        return sum(visitors.map(lambda quota: _answers(port, request, quota), quotas))


def _answers(port: int, request: bytes, quota: int) -> int:
    answered = sent = 0
    with suppress(OSError):  # the server has ended
        while sent < quota:
            with closing(socket.create_connection(("127.0.0.1", port), 30)) as line, line.makefile("rb") as answers:
                closes = False
                while sent < quota and not closes:
                    line.sendall(request)
                    sent += 1
                    status, closes = _read(answers)
                    answered += status in {200, 302}
    return answered


def _read(answers: IO[bytes]) -> tuple[int, bool]:
    """The status, 0 where none came; and whether the server closes the connection."""
    status = answers.readline().split()
    if len(status) < 2:
        return 0, True
    length, closes = 0, False
    while (header := answers.readline().lower()) not in {b"\r\n", b""}:
        if header.startswith(b"content-length:"):
            length = int(header.partition(b":")[2])
        closes = closes or header.startswith(b"connection: close")
    answers.read(length)
    return int(status[1]), closes
