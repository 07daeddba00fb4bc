"""The portal's first page with ten million clicks and a million commissions, against a thousandth of that.

Forty affiliates share them evenly, so that each has a full page of commissions from the start.
`PORTAL_CLICKS` makes it smaller, for a quick run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from .measuring import Ratio, median_seconds
from .portal_rows import AFFILIATES, DAYS, add_clicks, add_sales, add_up, prepare

MANY = int(os.environ.get("PORTAL_CLICKS", "10_000_000"))
FEW = 25  # clicks a day, and sales, of each affiliate: ten thousand and a thousand together
PAGE = "/affiliates/portal/"


def measure() -> Iterator[Ratio]:
    client = Client()
    client.force_login(prepare())
    clicks, sales = add_clicks(FEW, first=0), add_sales(FEW, first=0)
    small, few = _seconds(client), _queries(client)
    more_clicks = add_clicks(MANY // AFFILIATES // DAYS - FEW, first=clicks)
    more_sales = add_sales(MANY // AFFILIATES // 10 - FEW, first=sales)
    large, many = _seconds(client), _queries(client)
    yield Ratio(
        f"portal home, {clicks + more_clicks:,} clicks against {clicks:,}",
        large / small,
        1.2,
        at_least=False,
        detail=f"{large * 1e3:.1f} against {small * 1e3:.1f} ms; {sales + more_sales:,} and {sales:,} commissions",
    )
    yield Ratio("its number of queries", many / few, 1, at_least=False, detail=f"{many} against {few}")


def _seconds(client: Client) -> float:
    add_up()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return median_seconds(lambda: client.get(PAGE), rounds=31)


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        if client.get(PAGE).status_code != 200:
            raise RuntimeError("the portal does not answer")
    return len(queries)
