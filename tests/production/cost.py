"""What a page, a click and an order cost: processor time of each program, and bytes in the database.

    python -m tests.production.cost [SECONDS]

Starts the production set on PostgreSQL, lets `wrk` (Debian's package) ask through nginx and TLS, and buys. Prints
milliseconds of processor time for each request, for the tables in docs/scaling.md. PayPal's stand-in and the mail
server, which are other people's machines in production, are left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.programs import program
from tests.running_site import wait_for
from tests.site.outages.visitors import is_quiet

from .parts import Part
from .site import Production

ORDERS = 30
WARM_UP = 5  # seconds; the first requests of a process load what the others use
OURS = {"web": "web", "worker": "worker", "clock": "clock", "postgresql": "PostgreSQL"}
OURS |= {"redis": "Redis", "nginx": "nginx"}
LIMITS = ("ORDER_LIMIT_PER_NETWORK", "ORDER_LIMIT_PER_ADDRESS", "MAIL_LIMIT_PER_NETWORK", "MAIL_LIMIT_PER_FORM")


def main(seconds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="aitpro-cost-") as folder:
        limits = dict.fromkeys(LIMITS, "100000")
        production = Production(Path(folder), requests_per_second=100_000, **limits)  # type: ignore[arg-type]
        with production.running():
            _ask(production, "/", WARM_UP)
            for name, path in {"page": "/", "product page": "/products/bps-pro/"}.items():
                _show(name, _measured(production, lambda path=path: _ask(production, path, seconds)))  # type: ignore[misc]
            size, rows = _size(production, "affiliates_click"), _rows(production, "affiliates_click")
            _show("click", _measured(production, lambda: _ask(production, "/go/DEMO/", seconds)))
            rows = _rows(production, "affiliates_click") - rows
            print(
                f"  a click's row with its indexes: {(_size(production, 'affiliates_click') - size) / rows:.0f} bytes"
            )
            size = _size(production)
            _show("order", _measured(production, lambda: _buy(production)))
            print(f"  an order with all that belongs to it: {(_size(production) - size) / ORDERS:,.0f} bytes")


def _measured(production: Production, work: Callable[[], int]) -> dict[str, float]:
    """Milliseconds for each of what `work` did, by program; and how many it did in a second."""
    before, began = _processor_time(production), time.monotonic()
    done = work()
    elapsed = time.monotonic() - began
    spent = {name: 1000 * (seconds - before[name]) / done for name, seconds in _processor_time(production).items()}
    return {**spent, "all": sum(spent.values()), "a second": done / elapsed}


def _show(name: str, spent: dict[str, float]) -> None:
    columns = ", ".join(f"{part} {value:.2f}" for part, value in spent.items())
    print(f"{name}: {columns}", flush=True)


def _processor_time(production: Production) -> dict[str, float]:
    """Seconds so far, with those of children that have ended."""
    return {shown: sum(map(_of, production.of_kind(kind))) for kind, shown in OURS.items()}


def _of(part: Part) -> float:
    stats = {int(folder.name): _stat(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()}
    family = {part.pid}
    while more := {pid for pid, stat in stats.items() if stat and int(stat[1]) in family} - family:
        family |= more
    ticks = sum(int(field) for pid in family for field in stats[pid][11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(folder: Path) -> list[str]:
    """From the state on; empty if the process has ended."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ask(production: Production, path: str, seconds: int) -> int:
    """The number of answers. Each is as it should be, or wrk says how many are not."""
    wrk = [program("wrk"), "--threads=1", "--connections=16", f"--duration={seconds}s", f"{production.url}{path}"]
    said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"(\d+) requests in", said)
    assert found, said
    return int(found.group(1))


def _buy(production: Production) -> int:
    """Until all mail is sent, and everything is counted."""

    def buy(number: int) -> None:
        buyer = production.visitor()
        buyer.open("/go/DEMO/products/bps-pro/")
        buyer.follow("Buy")
        buyer.submit("Continue to PayPal", name="Carol Customer", email=f"buyer{number}@example.org", code="")
        buyer.submit("Pay")
        assert "your order is paid" in buyer.text, buyer.text

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(buy, range(ORDERS)))
    wait_for(lambda: is_quiet(production), "the end of all work")
    return ORDERS


def _size(production: Production, table: str = "") -> int:
    query = "SELECT pg_total_relation_size(%s)" if table else "SELECT pg_database_size(current_database())"
    return int(next(_query(production, query, [table] if table else [])))


def _rows(production: Production, table: str) -> int:
    return int(next(_query(production, f"SELECT count(*) FROM {table}", [])))  # noqa: S608


def _query(production: Production, query: str, values: list[str]) -> Iterator[int]:
    with psycopg.connect(production.environment["DATABASE_URL"]) as connection:
        yield from (number for (number,) in connection.execute(query.encode(), values))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10)
