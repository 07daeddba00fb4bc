"""The site behind gunicorn as shipped, gunicorn's own threads, Granian and uvicorn: speed and memory. Each has two
processes; all but uvicorn have four threads in each. What they do in bad times is in `faults`.

`make bench` installs Granian and uvicorn beside the site's own packages; without them their lines are missing.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from accounts.models import User
from affiliates.models import Affiliate
from benchmarks.http_load import CONNECTIONS, Load, answer_exactly, load, started
from benchmarks.timing import Ratio, sized

PACKAGES = Path(__file__).resolve().parents[2] / ".venv-servers"
HOME, CLICK = "/", "/go/SERVERS/"
ROUNDS = sized(5, 1)

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
        "benchmarks.web_servers.asgi:application",
    ],
}


def measure() -> Iterator[Ratio]:
    add_affiliate()
    with ExitStack() as stack:
        running = {name: stack.enter_context(serving(command)) for name, command in installed().items()}
        ports = {name: port for name, (port, _) in running.items()}
        for page, what in ((HOME, "the front page"), (CLICK, "a click")):
            yield from _speeds(page, what, ports)
        for name, (_, process) in running.items():
            yield _memory(name, process)


def add_affiliate() -> None:
    owner = User.objects.create_user("servers@example.org", "the owner's own password")
    Affiliate.objects.create(user=owner, code="SERVERS", terms_version="1")


def installed() -> dict[str, list[str]]:
    """The commands by name. Each is the interpreter, `-m` and a module."""
    return {name: command for name, command in COMMANDS.items() if _is_installed(command[2])}


def _is_installed(module: str) -> bool:
    return module == "gunicorn" or importlib.util.find_spec(module) is not None or (PACKAGES / module).is_dir()


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    places = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(PACKAGES))))
    settings = "benchmarks.settings_served"
    with started(command, DJANGO_SETTINGS_MODULE=settings, PYTHONPATH=places) as (port, process):
        if answer_exactly(port, HOME, 2 * CONNECTIONS) != 2 * CONNECTIONS:
            raise RuntimeError(f"{command} does not answer")
        yield port, process


def _speeds(page: str, what: str, ports: dict[str, int]) -> Iterator[Ratio]:
    """Against the shipped server, which takes turns with the others."""
    loads: dict[str, list[Load]] = {name: [] for name in ports}
    names = list(ports)
    for number in range(ROUNDS + 1):
        start = number % len(names)
        for name in (*names[start:], *names[:start]):
            loads[name].append(load(ports[name], page, seconds=2))
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
