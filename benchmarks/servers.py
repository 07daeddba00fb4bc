"""The site behind gunicorn as shipped, gunicorn's own threads, Granian and uvicorn: speed, memory, and what each does
with slow visitors, a flood of wrong passwords and a stop under load. Two processes of four threads each.

`make bench` installs Granian and uvicorn beside the site's own packages; without them their lines are missing.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

from accounts.models import User
from affiliates.models import Affiliate, Click

from .http_load import CONNECTIONS, Load, answer_exactly, load, started
from .timing import Ratio, sized

PACKAGES = Path(__file__).resolve().parent.parent / ".venv-servers"
HOME, CLICK = "/", "/go/SERVERS/"
ROUNDS = sized(7, 1)
SLOW = 100  # visitors whose requests arrive byte by byte
FLOOD = 24  # connections that post wrong passwords
DEADLINE = 75  # seconds; the site's own worker gives a request 60

GUNICORN = [sys.executable, "-m", "gunicorn", "--log-level", "critical", "--config"]
WSGI = ["--bind", "127.0.0.1:{port}", "aitpro.wsgi:application"]
SHIPPED = "gunicorn as shipped"
COMMANDS = {
    SHIPPED: [*GUNICORN, "gunicorn.conf.py", *WSGI],
    "gunicorn gthread": [*GUNICORN, "gunicorn.conf.py", "--worker-class", "gthread", *WSGI],
    "granian": [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}"),
        *("--workers", "2", "--blocking-threads", "4", "--log-level", "critical", "aitpro.wsgi:application"),
    ],
    "uvicorn": [
        *(sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", "2"),
        *("--loop", "uvloop", "--http", "httptools", "--log-level", "critical", "--no-access-log"),
        "benchmarks.asgi:application",
    ],
}


def measure() -> Iterator[Ratio]:
    owner = User.objects.create_user("servers@example.org", "the owner's own password")
    Affiliate.objects.create(user=owner, code="SERVERS", terms_version="1")
    found = {name: command for name, command in COMMANDS.items() if _installed(command[2])}
    with ExitStack() as stack:
        running = {name: stack.enter_context(_serving(command)) for name, command in found.items()}
        ports = {name: port for name, (port, _) in running.items()}
        for page, what in ((HOME, "the front page"), (CLICK, "a click")):
            yield from _speeds(page, what, ports)
        for name, (_, process) in running.items():
            yield _memory(name, process)
    for name, command in found.items():
        with _serving(command) as (port, _):
            yield from _robustness(name, port)
        yield _stop(name, command)


def _installed(module: str) -> bool:
    return module == "gunicorn" or importlib.util.find_spec(module) is not None or (PACKAGES / module).is_dir()


@contextmanager
def _serving(command: Sequence[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    places = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(PACKAGES))))
    settings = "benchmarks.settings_served"
    with started(command, DJANGO_SETTINGS_MODULE=settings, PYTHONPATH=places) as (port, process):
        answer_exactly(port, HOME, 2 * CONNECTIONS)
        yield port, process


def _speeds(page: str, what: str, ports: dict[str, int]) -> Iterator[Ratio]:
    """Against the shipped server, which takes turns with the others."""
    loads: dict[str, list[Load]] = {name: [] for name in ports}
    names = list(ports)
    for number in range(ROUNDS + 1):
        start = number % len(names)
        for name in (*names[start:], *names[:start]):
            loads[name].append(load(ports[name], page))
    for name, each in loads.items():
        shipped = loads[SHIPPED][1:]
        ratios = [one.per_second / other.per_second for one, other in zip(each[1:], shipped, strict=True)]
        p99s = [one.p99 / other.p99 for one, other in zip(each[1:], shipped, strict=True)]
        per_second, p99 = (statistics.median(getattr(one, part) for one in each[1:]) for part in ("per_second", "p99"))
        detail = f"{per_second:,.0f} requests/s; broken connections {sum(one.broken for one in each)}"
        yield Ratio(f"{name}: {what}", statistics.median(ratios), None, at_least=True, detail=detail, rounds=ratios)
        detail = f"{p99:.1f} ms"
        yield Ratio(f"{name}: {what}, p99", statistics.median(p99s), None, at_least=False, detail=detail, rounds=p99s)


def _memory(name: str, process: subprocess.Popen[bytes]) -> Ratio:
    """Of all its processes together, each with its share of what they have in common."""
    sizes = []
    for pid in _descendants(process.pid):
        with suppress(OSError):
            told = Path(f"/proc/{pid}/smaps_rollup").read_text()
            sizes.append(next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")) / 1024)
    return Ratio(f"{name}: memory of all processes", sum(sizes), None, at_least=False, unit=" MB")


def _descendants(top: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents.setdefault(int(status.read_text().rpartition(")")[2].split()[1]), []).append(
                int(status.parent.name)
            )
    found = [top]
    for pid in found:
        found += parents.get(pid, [])
    return found


def _robustness(name: str, port: int) -> Iterator[Ratio]:
    quiet = _median_page(port)
    with ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(SLOW)]
        for line in lines:
            line.sendall(b"POST /contact/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\nname=")
        began = time.monotonic()
        Thread(target=_drip, args=(lines,), daemon=True).start()
        time.sleep(1)
        yield _slowed(f"{name}: the front page while {SLOW} visitors send slowly", _median_page(port), quiet)
        if sized(True, False):
            time.sleep(max(0.0, DEADLINE - (time.monotonic() - began)))
            ended = sum(_has_ended(line) for line in lines)
            what = f"{name}: slow requests that were ended within {DEADLINE} s"
            yield Ratio(what, ended / SLOW * 100, None, at_least=True, unit="%")
    flood = subprocess.Popen([sys.executable, "-m", "benchmarks.wrong_passwords", str(port), str(FLOOD)])
    try:
        time.sleep(3)
        what = f"{name}: the front page while {FLOOD} connections post wrong passwords"
        yield _slowed(what, _median_page(port), quiet)
    finally:
        flood.kill()
        flood.wait()


def _slowed(what: str, meanwhile: float | None, quiet: float | None) -> Ratio:
    if meanwhile is None or quiet is None:
        return Ratio(
            what, float(sized(10_000, 10_000)), None, at_least=False, detail="not answered in 10 s", unit=" ms"
        )
    detail = f"{meanwhile:.1f} against {quiet:.1f} ms"
    return Ratio(what, meanwhile / quiet, None, at_least=False, detail=detail)


def _median_page(port: int) -> float | None:
    """Milliseconds, on a new connection each time; None where one is not answered in 10 seconds."""
    times = []
    for _ in range(20):
        start = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as line:
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
    with _serving(command) as (port, process):
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
