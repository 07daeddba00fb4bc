"""Runs every benchmark in a separate database on the configured server, and prints a line per ratio."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from . import (  # noqa: E402
    clicks,
    desk,
    erasure,
    exports,
    field_reads,
    incoming_mail,
    login_flood,
    lookups,
    payouts,
    portal,
    rehearsal,
    sweep,
)
from .timing import Ratio  # noqa: E402

BENCHMARKS: dict[str, Callable[[], Iterator[Ratio]]] = {
    "reading": field_reads.measure,
    "finding": lookups.measure,
    "exporting": exports.measure,
    "forgetting": erasure.measure,
    "clicking": clicks.measure,
    "portal": portal.measure,
    "desk": desk.measure,
    "paying": payouts.measure,
    "signing_in": login_flood.measure,
    "receiving": incoming_mail.measure,
    "rehearsing": rehearsal.measure,
    "sweeping": sweep.measure,
}


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all. Returns 1 if a target was missed."""
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    version = ".".join(map(str, connection.get_database_version()))
    print(f"{connection.vendor} {version}, Python {sys.version.split()[0]}", flush=True)
    try:
        return 1 if [ratio for name in names or BENCHMARKS for ratio in _run(name) if not ratio.is_met] else 0
    finally:
        teardown_databases(databases, verbosity=0)


def _run(name: str) -> Iterator[Ratio]:
    for ratio in BENCHMARKS[name]():
        print(ratio, flush=True)
        yield ratio


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
