"""From this release to the next one and back, while visitors buy and click."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.production.site import Production
from tests.running_site import ROOT, wait_for

from . import next_release

pytestmark = pytest.mark.chaos

CHECKING = "We're checking your payment with PayPal"
OURS = ("web-1", "web-2", "worker", "clock")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    is_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    production = Production(
        tmp_path_factory.mktemp("upgraded"),
        database="postgresql" if is_postgresql else "sqlite",
        requests_per_second=1000,
        ORDER_LIMIT_PER_NETWORK="2000",
        ORDER_LIMIT_PER_ADDRESS="2000",
    )
    with production.running():
        yield production


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next_release.build(tmp_path_factory.mktemp("next"))


class Traffic:
    """Two buyers and two who follow an affiliate's link, until the end. What did not work stops it."""

    def __init__(self, production: Production, pool: ThreadPoolExecutor) -> None:
        self.production, self.ended = production, threading.Event()
        self.bought: list[str] = []
        self.clicks = 0
        self.jobs = [pool.submit(self._repeat, act, n) for n, act in enumerate([self._buy, self._click] * 2)]

    def _repeat(self, act: Callable[[str], None], number: int) -> None:
        while not self.ended.is_set():
            act(f"upgrade{number}x{time.monotonic_ns()}")

    def _buy(self, name: str) -> None:
        buyer = self.production.visitor()
        buyer.open("/checkout/bps-pro/")
        assert buyer.response.status_code == 200, buyer.text
        buyer.submit("Continue to PayPal", name=name, email=f"{name}@example.org", code="")
        assert buyer.url.startswith(self.production.standin_url), buyer.text
        buyer.submit("Pay")
        assert buyer.response.status_code == 200, buyer.text
        if CHECKING in buyer.text:  # the machine is busy
            wait_for(lambda: buyer.open(buyer.url) and CHECKING not in buyer.text, "the payment")
        assert "Thank you, your order is paid" in buyer.text, buyer.text
        self.bought.append(f"{name}@example.org")

    def _click(self, _name: str) -> None:
        visitor = self.production.visitor()
        visitor.open("/go/DEMO/products/bps-pro/")
        assert visitor.response.status_code == 200, visitor.text
        assert any(cookie.name == "aitpro_referral" for cookie in visitor.session.cookies)
        self.clicks += 1

    def goes_on(self) -> None:
        """A few more of each, all from now on."""
        bought, clicks = len(self.bought), self.clicks

        def some_more() -> bool:
            for job in self.jobs:
                if job.done():
                    job.result()
            return len(self.bought) > bought + 3 and self.clicks > clicks + 3

        wait_for(some_more, "more purchases and clicks")


@contextmanager
def traffic(production: Production) -> Iterator[Traffic]:
    with ThreadPoolExecutor(4) as pool:
        people = Traffic(production, pool)
        try:
            people.goes_on()
            yield people
            people.goes_on()
        finally:
            people.ended.set()
    for job in people.jobs:
        job.result()


def upgrade(
    production: Production,
    release: Path,
    *options: str,
    parts: Sequence[str] = OURS,
    environment: Mapping[str, str] | None = None,
) -> str:
    """`manage.py upgrade` of this release. Its restart lets the services run the release, one after the other."""
    asked, done = production.folder / "restart", production.folder / "restarted"
    for mark in (asked, done):
        mark.unlink(missing_ok=True)

    def restart() -> None:
        wait_for(asked.exists, "the restart", 240)
        for name in parts:
            production[name].code = release
            production[name].restart()
        done.touch()

    with ThreadPoolExecutor(1) as pool:
        restarted = pool.submit(restart)
        said = production.command(
            "upgrade",
            *options,
            "--static-to",
            str(production.public),
            "--reload-with",
            f"touch {asked}; until [ -e {done} ]; do sleep 0.2; done",
            "--readyz",
            f"http://127.0.0.1:{production.addresses.internal}/readyz",
            code=release,
            environment=environment,
        )
        restarted.result()
    return said


def packed(production: Production, release: Path) -> list[str]:
    """The new column of each order, in the order in which they were placed."""
    query = "SELECT coalesce(packed, 0) FROM shop_order ORDER BY id"
    code = f"from django.db import connection as c; u = c.cursor(); u.execute({query!r}); print(*[p for p, in u])"
    return production.command("shell", "--no-imports", "--command", code, code=release).partition("\n")[0].split()


def test_upgrade_under_traffic_and_way_back_lose_no_request(
    production: Production, newer: Path, tmp_path: Path
) -> None:
    production.environment["BACKUP_RECIPIENTS"] = (
        production.command("backup", "--make-key", str(tmp_path / "private-key")).split()[0].partition("=")[2]
    )
    (backups := tmp_path / "backups").mkdir(mode=0o700)

    with traffic(production) as people:
        said = upgrade(production, newer, "--backup-to", str(backups))
        assert "default: shop.1001_packed, shop.1002_packed_index" in said
        assert "Restarted, and ready." in said
        assert len(list(backups.glob("aitpro-*"))) == 1
        people.goes_on()
    new_orders = packed(production, newer)
    assert new_orders[-1] == "1", "nobody bought from the new release"

    with traffic(production) as people:
        said = upgrade(production, ROOT, "--without-backup")
        assert "default: from a newer version, which this one can use as it is." in said
        people.goes_on()
    old_orders = packed(production, newer)
    assert old_orders[: len(new_orders)] == new_orders
    assert old_orders[-1] == "0", "nobody bought from the former release"

    for buyer in people.bought:
        assert production.mail(buyer, "Your receipt")
    for check in ("verify_ledger", "verify_audit"):
        production.command(check, code=newer)
