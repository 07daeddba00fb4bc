"""Clicks while the purge deletes half of ten million clicks, compared with the same clicks without a purge."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from affiliates.models import REFERRAL_LIFE, Affiliate, Click
from benchmarks.http_load import Load, load, server
from benchmarks.timing import Ratio, sized

CLICKS = sized(10_000_000, 200_000)  # half of them have expired
ROUNDS, SECONDS = sized(7, 2), sized(4.0, 2.0)
CLICK = "/go/PURGING/"
# Rows that differ in their keys alone, which are the numbers from the first to the last.
NUMBERED = {
    "postgresql": ("lpad(to_hex(i), 32, '0')::uuid", "generate_series(%s, %s) AS numbers(i)"),
    "sqlite": (
        "printf('%%032x', i)",
        "(WITH RECURSIVE n(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM n WHERE i < %s) SELECT i FROM n)",
    ),
}
OBSTACLE = "SQLite has one writer: a click waits for the batch that is being deleted"
PURGE = """
import django; django.setup()
from django.utils import timezone
from privacy.erasure.retention import purge_expired
print("begins", flush=True)
purge_expired(now=timezone.now())
"""


def measure() -> Iterator[Ratio]:
    owner = User.objects.create_user("purging@example.org")
    affiliate = Affiliate.objects.create(user=owner, code="PURGING", terms_version="1")
    now = timezone.now()
    _insert_clicks(affiliate, range(1, CLICKS // 2 + 1), now - REFERRAL_LIFE - timedelta(hours=1))
    _insert_clicks(affiliate, range(CLICKS // 2 + 1, CLICKS + 1), now - timedelta(days=1))
    without: list[Load] = []
    during: list[Load] = []
    with server("benchmarks.clicking.site:application", DJANGO_SETTINGS_MODULE="benchmarks.clicking.settings") as port:
        load(port, CLICK)
        for _ in range(ROUNDS):
            without.append(load(port, CLICK, seconds=SECONDS))
            with _purge():
                during.append(load(port, CLICK, seconds=SECONDS))
    purged = CLICKS // 2 - Click._base_manager.filter(expires_at__lte=now).count()
    what = f"during the purge of half of {CLICKS:,}"
    detail = f"{purged:,} were purged meanwhile"
    yield _ratio(f"clicks' p99 {what}", during, without, "p99", "ms", 2.0, detail)
    yield _ratio(f"clicks per second {what}", during, without, "per_second", "requests/s", None, detail)


def _ratio(
    what: str, ours: list[Load], floor: list[Load], figure: str, unit: str, target: float | None, detail: str
) -> Ratio:
    one, other = ([float(getattr(each, figure)) for each in loads] for loads in (ours, floor))
    rounds = tuple(a / b for a, b in zip(one, other, strict=True))
    detail = f"{statistics.median(one):,.1f} against {statistics.median(other):,.1f} {unit}; {detail}"
    median, obstacle = statistics.median(rounds), OBSTACLE if connection.vendor == "sqlite" else ""
    return Ratio(what, median, target, at_least=False, detail=detail, rounds=rounds, obstacle=obstacle)


@contextmanager
def _purge() -> Iterator[None]:
    """The purge of housekeeping, in a process of its own, which has to be busy until the block ends."""
    process = subprocess.Popen([sys.executable, "-c", PURGE], stdout=subprocess.PIPE)
    try:
        if process.stdout is None or process.stdout.readline() != b"begins\n":
            raise RuntimeError("the purge did not begin")
        yield
        if process.poll() is not None:
            raise RuntimeError("the purge ended before the measurement")
    finally:
        process.kill()
        process.wait()


def _insert_clicks(affiliate: Affiliate, numbers: range, clicked_at: datetime) -> None:
    key, source = NUMBERED[connection.vendor]
    click = Click(
        affiliate=affiliate,
        cookie_digest="d" * 64,
        landing_path="/",
        clicked_at=clicked_at,
        expires_at=clicked_at + REFERRAL_LIFE,
        counted=True,
    )
    sealed = Click(clicked_at=timezone.now()).sealed("address", "203.0.113.77")  # an expired day has no key any more
    address: Any = connection.Database.Binary(sealed)
    names = ("affiliate", "cookie_digest", "landing_path", "clicked_at", "expires_at", "counted")
    fields = [Click._meta.get_field(name) for name in names]
    values = [field.get_db_prep_save(getattr(click, field.attname), connection) for field in fields]
    columns = ", ".join(["id", *(field.column for field in fields), "address"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Click._meta.db_table} ({columns}) SELECT {key}, {'%s, ' * len(values)}%s FROM {source}",  # noqa: S608
            [*values, address, numbers.start, numbers.stop - 1],
        )
