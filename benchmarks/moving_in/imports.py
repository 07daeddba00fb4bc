"""A program of 100,000 affiliates and a shop of a million orders move in, each order with its license key.

`MOVING_AFFILIATES` and `MOVING_ORDERS` reduce the numbers, and the target with them. The memory is what the process has
grown by between the first tenth of the orders and the last, without the pages of SQLite's file that it has mapped: the
system takes those back whenever it needs them.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from affiliates.models import MovedAffiliate
from affiliates.moving_in.affiliates import AffiliateImporter
from affiliates.moving_in.programs import PROGRAMS
from benchmarks.timing import Ratio, seconds, sized
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from shop.models import License, Order, Product
from shop.money import program_currency
from shop.moving_in.batches import Importer, Outcome, move_in
from shop.moving_in.export_file import ExportFile, Problem
from shop.moving_in.orders import OrderImporter
from shop.moving_in.shops import SHOPS

AFFILIATES = int(os.environ.get("MOVING_AFFILIATES", sized("100_000", "2_000")))
ORDERS = int(os.environ.get("MOVING_ORDERS", sized("1_000_000", "10_000")))
WITHIN = 600.0 * (AFFILIATES + ORDERS) / 1_100_000  # seconds on two cores
GROWTH = 32.0  # MB: SQLite's own caches, and what Python keeps of a batch


def measure() -> Iterator[Ratio]:
    Product.objects.create(slug="moved", name="Moved", price_minor=5995)
    with tempfile.TemporaryDirectory() as folder:
        affiliates, orders = Path(folder) / "affiliates.csv", Path(folder) / "orders.csv"
        _write_affiliates(affiliates)
        _write_orders(orders)
        options: dict[str, Any] = {"currency": program_currency(), "decimal_comma": False}
        with acting_for(Purpose.AFFILIATE_ACCOUNT):
            program = AffiliateImporter(PROGRAMS["affiliatewp"], parameter="", **options)
            first = seconds(lambda: _move(affiliates, program, lambda outcome: None))
        sizes: list[int] = []
        with acting_for(Purpose.ORDER):
            shop = OrderImporter(SHOPS["edd"], product=None, **options)
            second = seconds(lambda: _move(orders, shop, lambda outcome: _note_size(sizes, outcome)))
    if (MovedAffiliate.objects.count(), Order.objects.count(), License.objects.count()) != (AFFILIATES, ORDERS, ORDERS):
        raise RuntimeError("not everything has moved in")
    yield Ratio(
        f"moving in {AFFILIATES:,} affiliates and {ORDERS:,} orders with their keys",
        first + second,
        WITHIN,
        at_least=False,
        unit="s",
        detail=f"{first:.1f} s and {second:.1f} s",
    )
    yield Ratio(
        f"memory grown between the first tenth of {ORDERS:,} orders and the last",
        (max(sizes) - sizes[0]) / 1024,
        GROWTH,
        at_least=False,
        unit=" MB",
        detail=f"at most {max(sizes) / 1024:.0f} MB",
    )


def _note_size(sizes: list[int], outcome: Outcome) -> None:
    """In KiB, after each batch from the end of the first tenth."""
    if outcome.lines * 10 >= ORDERS:
        [own] = re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
        sizes.append(int(own))


def _move(file: Path, importer: Importer[Any], progress: Callable[[Outcome], None]) -> None:
    move_in(ExportFile(file), importer, apply=True, tell=_fail, progress=progress)


def _fail(problem: Problem) -> None:
    raise RuntimeError(f"line {problem.line}: {problem.text}")


def _write_affiliates(path: Path) -> None:
    with path.open("w") as file:
        file.write(
            "Affiliate ID,Email,First Name,Last Name,Payment Email,Username,Unpaid Earnings,Status,Date Registered\n"
        )
        for number in range(1, AFFILIATES + 1):
            person = f"mover{number}@example.org,Ann,Archer,pay{number}@example.org,mover{number}"
            file.write(f"{number},{person},{number % 300}.25,active,2023-05-04 10:00:00\n")


def _write_orders(path: Path) -> None:
    begin = datetime.now(UTC) - timedelta(days=5 * 365)
    with path.open("w") as file:
        file.write("ID,Email,First Name,Last Name,Products,Currency,Amount,Date,Status,License Key\n")
        for number in range(1, ORDERS + 1):
            at = begin + timedelta(seconds=number * 5 * 365 * 86400 // (ORDERS + 1))
            bought = f"Moved - $59.95,USD,59.95,{at:%Y-%m-%d %H:%M:%S},complete,{number:032x}"
            file.write(f"{number},buyer{number}@example.org,Ben,Baker,{bought}\n")
