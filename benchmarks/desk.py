"""The pages of the staff's day with a million orders and 100,000 messages: milliseconds, and queries compared with a
thousandth of the rows.

`DESK_ORDERS` makes it smaller, for a quick run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Inquiry
from shop.models import Order

from .desk_rows import CAROL, add_messages, add_orders, analyze, prepare
from .portal_rows import at_any_risk
from .timing import Ratio

MANY = int(os.environ.get("DESK_ORDERS", "1_000_000"))
FEW = 1000
TARGET = 200  # milliseconds
ROUNDS = 9


class Cost(NamedTuple):
    """The fastest of several rounds: other load only adds time. `processor` is this thread's alone, in milliseconds; on
    PostgreSQL, the server's is not in it."""

    milliseconds: float
    processor: float
    queries: int


def measure() -> Iterator[Ratio]:
    client = Client()
    client.force_login(prepare())
    add_orders(FEW, first=0)
    add_messages(0, FEW // 10)
    analyze()
    before = {name: _cost(page) for name, page in _pages(client).items()}
    with at_any_risk():
        add_orders(MANY - FEW, first=FEW)
        add_messages(FEW // 10, MANY // 10)
    analyze()
    rows = f"{Order.objects.count():,} orders, {Inquiry.objects.count():,} messages"
    for name, page in _pages(client).items():
        cost, small = _cost(page), before[name]
        detail = f"processor {cost.processor:.0f} ms; with {FEW:,} orders {small.processor:.0f} ms; {rows}"
        yield Ratio(name, cost.milliseconds, TARGET, at_least=False, detail=detail, unit=" ms")
        detail = f"{cost.queries} against {small.queries}"
        yield Ratio("its number of queries", cost.queries / small.queries, 1, at_least=False, detail=detail)


def _pages(client: Client) -> dict[str, Callable[[], Any]]:
    """Each is opened as its user does; a search is the form and the page of results it leads to."""
    search = reverse("admin:search")
    person = reverse("admin:person", args=["shop.order", Order.objects.filter(email_index=CAROL).latest("pk").pk])
    report = reverse("shop:report")

    def get(address: str) -> Callable[[], Any]:
        return lambda: client.get(address)

    return {
        "staff: start page": get(reverse("admin:index")),
        "staff: inbox": get(reverse("admin:contacts_inquiry_changelist")),
        "staff: one search by a name": lambda: client.post(search, {"text": "Gail Gardner"}, follow=True),
        "staff: page of a person": get(person),
        "staff: report of the shop, last month by day": get(f"{report}?period=last-month"),
        "staff: report of the shop, last month by product": get(f"{report}?period=last-month&by=product"),
        "staff: report of the shop, this year by month": get(f"{report}?period=this-year"),
    }


def _cost(page: Callable[[], Any]) -> Cost:
    page()  # what is looked up once a minute, such as the policy and the session, is known from here on
    with CaptureQueriesContext(connection) as queries:
        if page().status_code != 200:
            raise RuntimeError("a page of the staff does not answer")
        count = len(queries)
    rounds = [_timed(page) for _ in range(ROUNDS)]
    return Cost(min(wall for wall, _ in rounds), min(processor for _, processor in rounds), count)


def _timed(page: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds on the clock, and of this thread."""
    wall, processor = time.perf_counter(), time.thread_time()
    page()
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - processor) * 1000
