"""The running shop with crash points, its buyers, the stand-in and its database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from privacy.evidence.rehearsal.browser import defaults_of
from tests.running_site import ROOT, RunningSite, running_site, wait_for
from tests.visitor import Visitor

TIMEOUT = 60  # seconds
RECEIPT = "receipt"


@dataclass(frozen=True)
class Booked:
    """One order as the site's database has it."""

    email: str
    path: str
    state: str
    problems: list[str]
    captures: list[str]
    receipts: int
    commissions: int


class ShopSite:
    def __init__(self, site: RunningSite, crash_dir: Path) -> None:
        self.site, self.crash_dir = site, crash_dir
        self.standin_url = site.standin_url

    # --- the buyer ---

    def order(self, email: str, *, through_affiliate: bool = False) -> Visitor:
        """Someone who filled in the checkout and now looks at PayPal's approve page."""
        buyer = self.site.visitor()
        if through_affiliate:
            buyer.open("/go/DEMO/products/bps-pro/", allow_redirects=False)
        buyer.open("/checkout/bps-pro/")
        buyer.submit("Continue to PayPal", name="Carol Customer", email=email)
        return buyer

    def buy(self, email: str) -> Visitor:
        buyer = self.order(email)
        buyer.submit("Pay")
        return buyer

    def pay_later(self, path: str) -> Visitor:
        """From the page of the order, as the link in a mail leads there."""
        buyer = self.site.visitor()
        buyer.open(path)
        buyer.submit("with PayPal")
        buyer.submit("Pay")
        return buyer

    def approve(self, buyer: Visitor) -> str:
        """Presses "Pay" without following the way back; returns the address of that way."""
        answer = requests.post(
            buyer.response.url, data={"choice": "pay"}, headers={}, allow_redirects=False, timeout=TIMEOUT
        )
        assert answer.is_redirect, answer.text
        return str(answer.headers["Location"])

    # --- PayPal ---

    def paypal(self, method: str, path: str, **data: Any) -> None:
        requests.request(method, f"{self.standin_url}/standin/{path}", json=data, timeout=TIMEOUT).raise_for_status()

    def fault(self, kind: str, path_contains: str, times: int = 1, **options: Any) -> None:
        self.paypal("POST", "faults", kind=kind, path_contains=path_contains, times=times, **options)

    def captures(self) -> Counter[str]:
        """How often PayPal took money, by the invoice number that the shop gave: the order's reference."""
        database = self.site.data_dir / "paypal-standin" / "standin.sqlite3"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT id FROM paypal_standin_capture WHERE status <> 'DECLINED'").fetchall()
        return Counter(capture for (capture,) in found)

    def paypal_orders(self) -> int:
        database = self.site.data_dir / "paypal-standin" / "standin.sqlite3"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM paypal_standin_order").fetchone()[0])

    # --- the site ---

    def housekeeping(self) -> None:
        """Runs housekeeping as of three minutes later, when abandoned claims have expired."""
        self._run("tests.shop.processes.old_claims")
        self.site.command("housekeeping")

    def ledger(self) -> dict[str, list[Booked]]:
        """All orders by the buyer's address."""
        orders: dict[str, list[Booked]] = {}
        for row in json.loads(self._run("tests.shop.processes.ledger")):
            orders.setdefault(row["email"], []).append(Booked(**row))
        return orders

    def _run(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.site.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def receipt_mails(self, email: str) -> int:
        return sum(RECEIPT in str(mail["Subject"]).lower() for mail in self.site.mails(email))

    def wait_for_receipt(self, email: str) -> None:
        wait_for(lambda: self.receipt_mails(email), f"the receipt for {email}", TIMEOUT)

    # --- crashes ---

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """The crash points that web requests reach meanwhile."""
        steps, reached = self.crash_dir / "steps", list[str]()
        steps.write_text("")
        yield reached
        reached.extend(dict.fromkeys(steps.read_text().splitlines()))

    def arm(self, step: str) -> None:
        (self.crash_dir / "armed").write_text(step)

    def has_struck(self) -> bool:
        """Also ends the waiting for a point that was not reached."""
        armed = self.crash_dir / "armed"
        waiting = armed.exists()
        armed.unlink(missing_ok=True)
        return not waiting


def token_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["token"][0]


def form_on(page: Visitor, button: str, **fields: str) -> Callable[[], requests.Response]:
    """A press of this button that can be repeated from many threads at once, as one browser's double clicks are."""
    form, _ = page._form_with(button)
    data = {**defaults_of(form), **fields}
    address = urljoin(page.response.url, str(form.get("action") or page.response.url))
    cookies, headers = page.session.cookies.copy(), dict(page.session.headers)
    return lambda: requests.post(
        address,
        data=data,
        cookies=cookies,
        headers={**headers, "Referer": page.response.url},
        allow_redirects=False,
        timeout=TIMEOUT,
    )


def visit(address: str, browser: Visitor) -> Callable[[], requests.Response]:
    """Opens an address in this browser, as often as it is called, from many threads at once."""
    cookies = browser.session.cookies.copy()
    return lambda: requests.get(address, cookies=cookies, allow_redirects=False, timeout=TIMEOUT)


def all_at_once(calls: Sequence[Callable[[], requests.Response]]) -> list[requests.Response]:
    start = Barrier(len(calls))

    def call(one: Callable[[], requests.Response]) -> requests.Response:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


@contextmanager
def running_shop(folder: Path) -> Iterator[ShopSite]:
    crash_dir = folder / "crash"
    crash_dir.mkdir()
    with running_site(
        folder / "data", DJANGO_SETTINGS_MODULE="tests.shop.processes.settings", CRASH_DIR=str(crash_dir)
    ) as site:
        yield ShopSite(site, crash_dir)
