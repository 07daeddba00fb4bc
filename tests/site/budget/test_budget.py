"""The performance budget: what five paths may cost, in counted work instead of time (`limits.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from affiliates.models import Commission

from .answering_paypal import answering_paypal
from .counting import Work, count_calls, count_work
from .paths import PATHS, World

FILE = Path(__file__).parent / "limits.toml"
LIMITS: dict[str, list[dict[str, Any]]] = tomllib.loads(FILE.read_text())
TOLERANCE = 1.05  # explained at the top of the file


@pytest.fixture
def world(db: None, clock: object, tmp_path: Path, settings: Any) -> Iterator[World]:
    """As shipped. The clock stands still, so that nothing that is remembered for seconds is read again on a busy
    machine."""
    settings.AFFILIATE_LEGAL_DETAILS = False
    with answering_paypal(tmp_path) as paypal:
        yield World(paypal)


@pytest.mark.parametrize("path", PATHS)
def test_path_stays_within_its_budget(world: World, path: str) -> None:
    for _ in range(2):  # what is cached by then stays cached
        PATHS[path](world)()
    # The cheaper of two: once, a checkout made 5,000 calls more for the same queries, and why is not known.
    work = min((count_work(PATHS[path](world)) for _ in range(2)), key=lambda work: (work.queries, work.calls))
    assert Commission.objects.count() == (4 if path == "webhook" else 0)
    limit = limit_of(path)
    assert work.queries <= limit.queries and work.sql_bytes <= limit.sql_bytes and work.calls <= limit.calls, (
        f"{path} costs {work}, and may cost {limit}. Make it cheaper, or raise the limit in {FILE.name} with a reason."
    )


def limit_of(path: str) -> Work:
    newest = {name: value[connection.vendor] for name, value in LIMITS[path][-1].items() if isinstance(value, dict)}
    return Work(
        queries=newest["queries"],
        sql_bytes=round(newest["sql_bytes"] * TOLERANCE),
        calls=round(newest["calls"] * TOLERANCE),
    )


def test_each_limit_has_a_date_and_a_reason() -> None:
    assert set(LIMITS) == set(PATHS)
    for entries in LIMITS.values():
        assert [entry["since"] for entry in entries] == sorted(entry["since"] for entry in entries)
        assert all(len(entry["reason"]) > 10 for entry in entries)


def test_counting_is_exact() -> None:
    def twice() -> None:
        for _ in range(2):
            str.upper("a")  # not a function of Python's
            sorted([1, 2], key=lambda number: -number)  # two calls
        [number + 1 for number in range(3)]

    assert count_calls(twice) == 5
