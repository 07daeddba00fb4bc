"""Runs every benchmark on the configured databases, and prints a line per ratio.

    python -m benchmarks [--quick] [--json FILE] [NAME …]

Each benchmark is a process of its own (`one.py`) on a fresh copy of the databases, so that none finds another's rows,
and one that breaks off leaves the others alone. With `--json`, the results join those that the file has of the same
machine and versions; `performance_doc.py` makes docs/performance.md of it. Ends with 1 if a target was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
django.setup()

from django.db import DatabaseError, connection, connections  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from .environment import database, machine  # noqa: E402
from .registry import BENCHMARKS, QUICK  # noqa: E402
from .timing import Ratio  # noqa: E402

MINUTES = 30  # for one benchmark


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds, and the most important benchmarks")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if asked.quick:
        os.environ["BENCH_QUICK"] = "1"
    setup_test_environment()
    created = setup_databases(verbosity=0, interactive=False)
    told = database()
    print(f"{connection.vendor} {told['version']}, Python {sys.version.split()[0]}", flush=True)
    try:
        results = {name: _result(name) for name in asked.names or (QUICK if asked.quick else BENCHMARKS)}
    finally:
        teardown_databases(created, verbosity=0)
    if asked.json:
        _join(asked.json, told, results)
    return int(any(result["problem"] or result["missed"] for result in results.values()))


def _result(name: str) -> dict[str, Any]:
    """Runs one benchmark, and prints its lines as they come."""
    start, load, lines, missed = time.monotonic(), os.getloadavg()[0], [], 0
    print(f"{name}:", flush=True)
    with _copied_databases(name) as names:
        process = subprocess.Popen(
            ["timeout", f"{MINUTES}m", sys.executable, "-m", "benchmarks.one", BENCHMARKS[name]],
            env={**os.environ, "BENCH_DATABASES": names},
            stdout=subprocess.PIPE,
            text=True,
        )
        problem = ""
        for line in process.stdout or ():
            kind, _, text = line.partition(" ")
            if kind == "ratio":
                ratio = Ratio(**json.loads(text))
                print(f"  {ratio}", flush=True)
                lines.append(json.loads(text))
                missed += not ratio.is_met
            elif kind == "unmeasured":
                problem = text.strip()
            else:
                print(line, end="", flush=True)
        if process.wait():
            problem = problem or f"broke off ({process.returncode})"
    if problem:
        print(f"  NOT MEASURED: {problem}", flush=True)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - start),
        "load_before": round(load, 2),
        "problem": problem,
        "missed": missed,
        "lines": lines,
    }


@contextmanager
def _copied_databases(suffix: str) -> Iterator[str]:
    """A copy of each database, as Django's test runner makes them for its processes. Yields their names as JSON."""
    copied = {alias: connections[alias].creation for alias in connections}
    connections.close_all()  # PostgreSQL copies no database that is in use
    for creation in copied.values():
        creation.clone_test_db(suffix=suffix, verbosity=0, autoclobber=True)
    names = {alias: str(creation.get_test_db_clone_settings(suffix)["NAME"]) for alias, creation in copied.items()}
    try:
        yield json.dumps(names)
    finally:
        for alias, creation in copied.items():
            with suppress(DatabaseError):  # a process of the benchmark that broke off may still be connected
                creation.destroy_test_db(suffix=suffix, verbosity=0)
            for beside in Path("/").glob(f"{names[alias].lstrip('/')}-*"):  # SQLite's log, where one was killed
                beside.unlink()


def _join(path: Path, told: dict[str, Any], results: dict[str, Any]) -> None:
    whole = json.loads(path.read_text()) if path.exists() else {}
    if whole.get("machine") != machine():
        whole = {"machine": machine(), "databases": {}}
    known = whole["databases"].get(connection.vendor)
    if known is None or known["server"] != told:
        known = whole["databases"][connection.vendor] = {"server": told, "benchmarks": {}}
    known["benchmarks"] |= results
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
