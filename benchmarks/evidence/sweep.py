"""The sweep of a database with a million rows: duration, memory, and the effect on page times."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from time import sleep

from django.conf import settings
from django.db import connection, connections
from django.test import Client

from affiliates.models import Click
from benchmarks.timing import Ratio, seconds, sized
from tests import factories

ROWS = sized(1_000_000, 20_000)
PAUSE = 0.1  # seconds between two page views
ALONE = 100  # pages
SECONDS = 60
PROGRAM = [sys.executable, "-m", "benchmarks.evidence.sweep_process"]

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
_IDS = {"sqlite": "printf('%%032x', n)", "postgresql": "lpad(to_hex(n), 32, '0')::uuid"}
_DIGESTS = {"sqlite": "lower(hex(randomblob(32)))", "postgresql": "md5(n::text) || md5((n + 1)::text)"}


def measure() -> Iterator[Ratio]:
    few = _sweep()
    _fill()
    page = partial(Client().get, "/privacy/")
    page()
    before = statistics.median(_timed(page) for _ in range(ALONE))
    many, meanwhile = _sweep_and_visit(page)
    yield Ratio(f"a sweep of {ROWS:,} rows", many[0], SECONDS, at_least=False, unit="s")
    yield Ratio("tables that it did not read to their end", many[2], 0, at_least=False, unit="")
    yield Ratio(
        "its memory, beyond that of a sweep of hardly any", (many[1] - few[1]) / 1024, 100, at_least=False, unit=" MiB",
        detail=f"{many[1] / 1024:.0f} MiB; the database's own cache is 64",
    )  # fmt: skip
    detail = f"{before * 1000:.1f} ms alone, {meanwhile * 1000:.1f} ms meanwhile"
    yield Ratio("a page during a sweep, against one alone", meanwhile / before, 1.2, at_least=False, detail=detail)


def _fill() -> None:
    """Half of the rows are visits, with a sealed column and a digest; half are tasks, with mixed texts."""
    click = factories.click(factories.affiliate("bench@example.org", "SWEEP"))
    vendor, half = connection.vendor, ROWS // 2
    kept = [f.column for f in Click._meta.concrete_fields if f.column not in ("id", "cookie_digest")]
    columns = ", ".join(kept)
    copied = ", ".join(f"c.{column}" for column in kept)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_NUMBERS} INSERT INTO affiliates_click (id, cookie_digest, {columns})"  # noqa: S608
            f" SELECT {_IDS[vendor]}, {_DIGESTS[vendor]}, {copied} FROM numbers, affiliates_click c"
            " WHERE c.cookie_digest = %s",
            [half, click.cookie_digest],
        )
        empty = "'[]'" if vendor == "sqlite" else "'[]'::jsonb"
        arguments = '\'{"args": ["\' || ' + _IDS[vendor] + ' || \'"], "kwargs": {}}\''
        arguments = arguments if vendor == "sqlite" else f"({arguments})::jsonb"
        cursor.execute(
            f"{_NUMBERS} INSERT INTO django_tasks_database_dbtaskresult"  # noqa: S608
            " (id, status, enqueued_at, run_after, args_kwargs, priority, task_path, worker_ids, queue_name,"
            " backend_name, exception_class_path, traceback)"
            f" SELECT {_IDS[vendor]}, 'SUCCESSFUL', %s, %s, {arguments}, 0,"
            f" 'privacy.mail.sending.deliver_mail', {empty}, 'default', 'default', '',"
            " 'Traceback: line ' || n || ' of privacy/mail/sending.py, in deliver_mail'"
            " FROM numbers",
            [half, click.clicked_at, click.clicked_at],
        )


def _started() -> subprocess.Popen[str]:
    """Runs the sweep in a separate process, as at night, on the benchmark's databases."""
    names = {alias: str(connections[alias].settings_dict["NAME"]) for alias in connections}
    environment = {**os.environ, "DATA_DIR": str(settings.DATA_DIR), "SWEPT": ",".join(names.values())}
    return subprocess.Popen(PROGRAM, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603


def _result(process: subprocess.Popen[str]) -> tuple[float, int, int]:
    """Seconds, peak KiB, and the number of tables not fully read."""
    told, _ = process.communicate()
    time, memory, left = told.split()
    return float(time), int(memory), int(left)


def _sweep() -> tuple[float, int, int]:
    return _result(_started())


def _sweep_and_visit(page: partial[object]) -> tuple[tuple[float, int, int], float]:
    process, pages = _started(), []
    while process.poll() is None:
        pages.append(_timed(page))
    return _result(process), statistics.median(pages)


def _timed(page: partial[object]) -> float:
    sleep(PAUSE)
    return seconds(page)
