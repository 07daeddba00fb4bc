"""The servers of `speed` in bad times: slow visitors, a flood of wrong passwords, and a stop under load."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from threading import Thread

from affiliates.models import Click
from benchmarks.http_load import CONNECTIONS, answer_exactly
from benchmarks.timing import Ratio, sized

from .speed import CLICK, add_affiliate, installed, serving

SLOW = 100  # visitors whose requests arrive byte by byte
SLOW_FORM = (  # with the cookie without which Django answers before it reads the form
    b"POST /contact/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: csrftoken=" + b"a" * 32 + b"\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nname="
)
FLOOD = 24  # connections that post wrong passwords
DEADLINE = sized(75, 5)  # seconds; the site's own worker gives a request 60
LONGEST = 10  # seconds for a page


def measure() -> Iterator[Ratio]:
    add_affiliate()
    with ExitStack() as stack:
        ports = {name: stack.enter_context(serving(command))[0] for name, command in installed().items()}
        quiet = {name: _median_page(port) for name, port in ports.items()}
        yield from _slow_visitors(ports, quiet)
        for name, port in ports.items():
            yield _flood(name, port, quiet[name])
    for name, command in installed().items():
        yield _stop(name, command)


def _slow_visitors(ports: dict[str, int], quiet: dict[str, float | None]) -> Iterator[Ratio]:
    """Each sends a byte of a form's body a second."""
    with ExitStack() as stack:
        lines = {
            name: [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(SLOW)]
            for name, port in ports.items()
        }
        everybody = [line for each in lines.values() for line in each]
        for line in everybody:
            line.sendall(SLOW_FORM)
        until = time.monotonic() + DEADLINE
        Thread(target=_drip, args=(everybody,), daemon=True).start()
        time.sleep(1)
        for name, port in ports.items():
            yield _slowed(f"{name}: the front page while {SLOW} visitors send slowly", _median_page(port), quiet[name])
        time.sleep(max(0.0, until - time.monotonic()))
        for name, each in lines.items():
            what = f"{name}: slow requests that were ended within {DEADLINE} s"
            yield Ratio(what, sum(map(_has_ended, each)) / SLOW * 100, None, at_least=True, unit="%")


def _flood(name: str, port: int, quiet: float | None) -> Ratio:
    flood = subprocess.Popen([sys.executable, "-m", "benchmarks.flood.wrong_passwords", str(port), str(FLOOD)])
    try:
        time.sleep(3)  # until the flood has started
        what = f"{name}: the front page while {FLOOD} connections post wrong passwords"
        return _slowed(what, _median_page(port), quiet)
    finally:
        flood.kill()
        flood.wait()


def _slowed(what: str, meanwhile: float | None, quiet: float | None) -> Ratio:
    if meanwhile is None or quiet is None:
        return Ratio(what, LONGEST, None, at_least=False, detail="not answered in that time", unit=" s")
    detail = f"{meanwhile:.1f} against {quiet:.1f} ms"
    return Ratio(what, meanwhile / quiet, None, at_least=False, detail=detail)


def _median_page(port: int) -> float | None:
    """Milliseconds, on a new connection each time; None where one is not answered in `LONGEST`."""
    times = []
    for _ in range(20):
        start = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), LONGEST) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                while line.recv(65536):
                    pass
        except OSError:
            return None
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _drip(lines: Sequence[socket.socket]) -> None:
    for _ in range(DEADLINE):
        time.sleep(1)
        for line in lines:
            with suppress(OSError):
                line.sendall(b"a")


def _has_ended(line: socket.socket) -> bool:
    line.settimeout(0.01)
    try:
        while line.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def _stop(name: str, command: Sequence[str]) -> Ratio:
    """A stop under load: clicks that were stored without an answer, or answered without being stored."""
    before, answered = Click.objects.count(), 0
    with serving(command) as (port, process):
        stopper = Thread(target=lambda: (time.sleep(1), process.terminate()))
        stopper.start()
        while process.poll() is None:
            answered += answer_exactly(port, CLICK, 10 * CONNECTIONS)
        stopper.join()
    stored = Click.objects.count() - before
    detail = f"{answered:,} answered, {stored:,} stored"
    return Ratio(
        f"{name}: clicks lost or unanswered at a stop",
        abs(stored - answered),
        None,
        at_least=False,
        detail=detail,
        unit="",
    )
