"""The money paths without PayPal: from the filled checkout form to the redirect, and from PayPal's message to the
commission. The buyer came through an affiliate's link. `tests/site/budget` counts the same work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.models import DiscountCode
from tests.site.budget.answering_paypal import answering_paypal
from tests.site.budget.counting import count_work
from tests.site.budget.paths import PATHS, World, checkout

from .timing import Ratio, seconds, sized

PURCHASES = sized(60, 15)
MILLISECONDS, QUERIES = 25, 20  # promised
LABELS = {"checkout": "from the checkout form to PayPal", "webhook": "from the webhook to the commission"}
# The queries that are left, counted on SQLite; PostgreSQL has one more, with which the audit waits for its turn.
OBSTACLES = {
    "checkout": "product, form sent before, terms 3; limits 2; order and accepted terms 2; the click, its day's key,"
    " the comparison of addresses, the rate and the attribution 5; fraud signals 2; audit 2; payment, before and after"
    " PayPal is asked, 2",
    "webhook": "receiving the event 3, reading it back 2; claiming the capture and closing the event 2, outside the"
    " transaction, because no lock is held over the network; comparing the payer 1; locking and saving order and"
    " payment 4; the receipt 6 (opt-outs, returned mail, download, staff's text, mail, task); the commission 6"
    " (attribution, commission, day, labels, endpoints, flags); the license 2; the audit 2",
}
OF_A_CODE = (
    "five queries more: wrong codes of the network, the code's terms, its place, what it took off, and whether an"
    " affiliate has it"
)
CODE, CODED = "BENCHMARK10", 1.1  # a discount code, and how many times as long a checkout with it may take


def measure() -> Iterator[Ratio]:
    with TemporaryDirectory() as folder, answering_paypal(Path(folder)) as paypal:
        world = World(paypal)
        for name, label in LABELS.items():
            path = PATHS[name]
            path(world)()
            taken, computed = [], []
            for _ in range(PURCHASES):
                act, before = path(world), time.thread_time()
                taken.append(seconds(act) * 1000)
                computed.append((time.thread_time() - before) * 1000)
            detail = f"computing {statistics.median(computed):.1f} ms of it; {PURCHASES} purchases, one after the other"
            median, obstacle = statistics.median(taken), OBSTACLES[name]
            yield Ratio(label, median, MILLISECONDS, at_least=False, unit="ms", detail=detail, obstacle=obstacle)
            work = count_work(path(world))
            detail = f"{work.sql_bytes:,} bytes of SQL, {work.calls:,} calls of Python functions"
            yield Ratio(
                f"queries {label}", work.queries, QUERIES, at_least=False, unit="", detail=detail, obstacle=obstacle
            )
        yield _coded_checkout(world)


def _coded_checkout(world: World) -> Ratio:
    DiscountCode.objects.create(code=CODE, percent=Decimal(10))
    with_code, without, ratio = [], [], []
    for _ in range(PURCHASES):
        coded, plain = seconds(checkout(world, code=CODE)), seconds(checkout(world))
        with_code.append(coded * 1000)
        without.append(plain * 1000)
        ratio.append(coded / plain)
    detail = f"{statistics.median(with_code):.1f} against {statistics.median(without):.1f} ms"
    what = "from the checkout form to PayPal with a discount code, against without"
    return Ratio(what, statistics.median(ratio), CODED, at_least=False, detail=detail, obstacle=OF_A_CODE)
