"""People who buy and write while the database comes and goes: they press "Send it again" until it worked."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.production.site import Production
from tests.running_site import RunningSite, wait_for
from tests.visitor import Visitor

AGAIN = "Send it again"
PATIENCE = 90  # seconds for one person
ENDS_WITHIN = 720  # seconds; what an outage left half done is taken over after two minutes, a mail after ten
Site = RunningSite | Production


class Crowd:
    """Buyers and writers of messages, one after the other in a few threads, until `stop`."""

    def __init__(self, site: RunningSite, pool: ThreadPoolExecutor, buyers: int = 3, writers: int = 2) -> None:
        self.site, self.pool, self.ended = site, pool, threading.Event()
        self.bought: list[str] = []
        self.wrote: list[str] = []
        self.statuses: set[int] = set()
        self.orders, self.inquiries = (rows_in(site, table) for table in ("shop_order", "contacts_inquiry"))
        self.sent_again = 0
        people: list[Callable[[str], None]] = [*[self.buy] * buyers, *[self.write] * writers]
        self.threads = [
            pool.submit(self._repeat, person, f"crowd{n}x{time.monotonic_ns()}") for n, person in enumerate(people)
        ]

    def _repeat(self, person: Callable[[str], None], name: str) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            person(f"{name}-{number}")

    def stop(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.result()

    def buy(self, name: str) -> None:
        self.open_checkout(name)()

    def write(self, name: str) -> None:
        self.open_contact_form(name)()

    def open_checkout(self, name: str) -> Callable[[], None]:
        """Returns what the person does next."""
        buyer = self.site.visitor()
        self._until_it_works(buyer, lambda: buyer.open("/checkout/bps-pro/"))

        def fill_in_and_pay() -> None:
            self._send(buyer, "Continue to PayPal", name=name, email=f"{name}@example.org")
            deadline = time.monotonic() + PATIENCE
            while not buyer.url.startswith(self.site.standin_url):  # the order's page, as the payment couldn't start
                assert time.monotonic() < deadline, buyer.text
                time.sleep(0.3)
                self._send(buyer, "with PayPal")
            buyer.submit("Pay")
            self._until_it_works(buyer, lambda: buyer.open(buyer.url))
            self.bought.append(f"{name}@example.org")

        return fill_in_and_pay

    def open_contact_form(self, name: str) -> Callable[[], None]:
        writer = self.site.visitor()
        self._until_it_works(writer, lambda: writer.open("/contact/"))

        def fill_in() -> None:
            message = f"A long question of {name}, typed once."
            self._send(writer, "Send", kind="question", name=name, email=f"{name}@example.org", message=message)
            self.wrote.append(name)

        return fill_in

    def open_forms(self) -> list[Callable[[], None]]:
        """Of people who send them when the database is away."""
        return [
            self.open_checkout(f"late-buyer{time.monotonic_ns()}"),
            self.open_contact_form(f"late-writer{time.monotonic_ns()}"),
        ]

    def send(self, forms: list[Callable[[], None]]) -> None:
        self.threads += [self.pool.submit(form) for form in forms]

    def _send(self, person: Visitor, button: str, **fields: str) -> None:
        """What was typed is on the page that says that it was not taken, and is not typed again."""
        person.submit(button, **fields)
        self.statuses.add(person.response.status_code)
        deadline = time.monotonic() + PATIENCE
        while person.response.status_code in {429, 503} and time.monotonic() < deadline:
            if person.response.status_code == 429:  # the limit can't be counted while the disk is full
                time.sleep(1)
                person.submit(button)
                self.statuses.add(person.response.status_code)
                continue
            assert int(person.response.headers["Retry-After"]) > 0
            assert "We'll be back in a moment" in person.text, person.text
            if person.response.request.method == "GET":  # it has arrived; the page behind it can't be shown yet
                time.sleep(0.3)
                person.open(person.url)
                self.statuses.add(person.response.status_code)
                continue
            assert all(value in person.text for name, value in fields.items() if name != "kind"), person.text
            self.sent_again += 1
            time.sleep(0.3)
            person.submit(AGAIN)
            self.statuses.add(person.response.status_code)
        assert person.response.status_code == 200, person.text

    def _until_it_works(self, person: Visitor, look: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while person.url == person.base or person.response.status_code == 503:
            assert time.monotonic() < deadline, person.text
            look()
            self.statuses.add(person.response.status_code)
            if person.response.status_code == 503:
                time.sleep(0.3)


@contextmanager
def crowd(site: RunningSite) -> Iterator[Crowd]:
    with ThreadPoolExecutor(8) as pool:
        people = Crowd(site, pool)
        try:
            yield people
        finally:
            people.stop()


def rows(site: Site, query: str) -> list[tuple[Any, ...]]:
    address = site.environment.get("DATABASE_URL", "")
    if address.startswith("postgres"):
        with psycopg.connect(address) as connection:
            return connection.execute(query).fetchall()
    path = urlsplit(address).path or site.data_dir / "aitpro.sqlite3"
    with closing(sqlite3.connect(path, timeout=30)) as file:
        return file.execute(query).fetchall()


def rows_in(site: Site, table: str) -> int:
    [(number,)] = rows(site, f"SELECT count(*) FROM {table}")  # noqa: S608  (a name of this module)
    return int(number)


def is_quiet(site: Site) -> bool:
    """Whether every mail and every task is done."""
    [(unsent,)] = rows(site, "SELECT count(*) FROM privacy_outgoingmail WHERE state IN ('queued', 'sending')")
    [(tasks,)] = rows(
        site, "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status IN ('READY', 'RUNNING')"
    )
    return not (unsent or tasks)


def assert_everything_once(site: RunningSite, people: Crowd) -> None:
    """Each order paid and mailed once, each message stored once; nothing is left in between."""

    def all_is_done() -> bool:
        return is_quiet(site) and not rows(site, "SELECT 1 FROM shop_order WHERE paid_at IS NULL")

    wait_for(all_is_done, "the end of all work", ENDS_WITHIN)
    assert rows_in(site, "shop_order") == people.orders + len(people.bought)
    assert rows_in(site, "contacts_inquiry") == people.inquiries + len(people.wrote)
    receipts = rows(site, "SELECT count(*) FROM privacy_outgoingmail WHERE kind = 'shop/receipt' GROUP BY about_id")
    assert receipts == [(1,)] * rows_in(site, "shop_order")
    assert [len(site.mails(buyer)) for buyer in people.bought] == [1] * len(people.bought)
    failed = "SELECT task_path, traceback FROM django_tasks_database_dbtaskresult WHERE status = 'FAILED'"
    assert rows(site, failed) == []


def worker_lines(site: RunningSite, text: str) -> list[str]:
    """Lines of the worker's log, as honcho prints them."""
    return [line for line in list(site.output) if text in line and "worker" in line.partition("|")[0]]
