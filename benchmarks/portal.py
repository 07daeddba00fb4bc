"""The portal's first page with ten million clicks and a million commissions, compared with a thousandth of that.

Half of everything is one affiliate's; thirty-nine others share the rest evenly. Both kinds are measured. A sale of
sixteen still waits to be approved, and each affiliate has a commission that a flag holds.
`PORTAL_CLICKS` makes it smaller, for a quick run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.statistics.rebuild import rebuild

from .portal_rows import DAYS, SHARES, add_clicks, add_sales, at_any_risk, flag_some, fold_at_once, prepare
from .timing import Ratio, seconds

MANY = int(os.environ.get("PORTAL_CLICKS", "10_000_000"))
CLICKS, SALES = 13, 26  # of a typical affiliate at first: clicks per day, and enough sales to fill a page
PAGE = "/affiliates/portal/"


class Cost(NamedTuple):
    """The cost of one page."""

    milliseconds: float
    queries: int


def measure() -> Iterator[Ratio]:
    clients = {who: _signed_in(user) for who, user in prepare().items()}
    clicks, sales = add_clicks(CLICKS, first=0), add_sales(SALES, first=0)
    flag_some()
    rebuild(now=timezone.now())
    before = _costs(clients)
    with at_any_risk():
        clicks += add_clicks(MANY // SHARES // DAYS - CLICKS, first=clicks)
        sales += add_sales(MANY // SHARES // 10 - SALES, first=sales)
        fold_at_once()
    after = _costs(clients)
    for who in clients:
        yield from _ratios(who, before[who], after[who], f"{clicks:,} clicks, {sales:,} commissions")


def _ratios(who: str, before: Cost, after: Cost, rows: str) -> Iterator[Ratio]:
    small, large = before.milliseconds, after.milliseconds
    detail = f"{large:.1f} against {small:.1f} ms; {rows}"
    yield Ratio(f"portal home of {who}, a thousand times the rows", large / small, 1.2, at_least=False, detail=detail)
    detail = f"{after.queries} against {before.queries}"
    yield Ratio("its number of queries", after.queries / before.queries, 1, at_least=False, detail=detail)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _costs(clients: dict[str, Client]) -> dict[str, Cost]:
    """Builds rollups and folds balances, as housekeeping does, and updates the planner's statistics."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {who: Cost(_milliseconds(client), _queries(client)) for who, client in clients.items()}


def _milliseconds(client: Client) -> float:
    """The minimum of many: the two sizes are measured minutes apart, and other load only adds time."""
    client.get(PAGE)
    return min(seconds(lambda: client.get(PAGE)) for _ in range(200)) * 1000


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        if client.get(PAGE).status_code != 200:
            raise RuntimeError("the portal does not answer")
    return len(queries)
