"""Two hosts: one dies under people, both are upgraded under traffic, their pages agree, and neither forgets a limit of
the other. Reports are read from a replica."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from random import Random

import psycopg
import pytest

from privacy.encryption.tokens import hash_token
from tests.deploy import next_release
from tests.deploy.test_upgrade import traffic, upgrade
from tests.production.hosts import HOSTS, TwoHosts
from tests.running_site import wait_for
from tests.site.outages.visitors import rows, rows_in

from .aftermath import assert_everything_ended_right
from .conftest import UNLIMITED
from .faults import Faults
from .people import People

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
SOON = 15  # seconds

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="several hosts need PostgreSQL"
    ),
]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHosts]:
    it = TwoHosts(tmp_path_factory.mktemp("hosts") / "site", housekeeping_every=10, requests_per_second=1000)
    for part in it.parts.values():
        part.environment |= dict.fromkeys(UNLIMITED, "100000")
    with it.running():
        yield it


@pytest.fixture(scope="module")
def people(production: TwoHosts, random: Random) -> People:
    return People(production, random)


@pytest.fixture(scope="module")
def faults(production: TwoHosts) -> Faults:
    return Faults(production)


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next_release.build(tmp_path_factory.mktemp("next"))


def page(production: TwoHosts, number: int, path: str) -> tuple[int, str | None, bytes]:
    """What this host answers to nginx: status, entity tag, and body without the form's token."""
    headers = {"Host": production.url.removeprefix("https://"), "X-Forwarded-Proto": "https", "User-Agent": "Mozilla"}
    with closing(HTTPConnection("127.0.0.1", production.ports[number], timeout=30)) as connection:
        connection.request("GET", path, headers=headers | {"X-Forwarded-For": "203.0.113.9"})
        response = connection.getresponse()
        return response.status, response.headers["ETag"], TOKEN.sub(b"", response.read())


def test_pages_of_both_hosts_are_the_same(production: TwoHosts) -> None:
    """The evidence is measured by each process for itself, once a minute at most."""
    listed = re.findall(r"<loc>https://[^/]+([^<]+)</loc>", page(production, 1, "/sitemap.xml")[2].decode())
    paths = [path for path in listed if "evidence" not in path]
    assert "/products/bps-pro/" in paths
    assert [path for path in paths if page(production, 1, path) != page(production, 2, path)] == []


def test_both_hosts_show_soon_what_was_changed_on_one(production: TwoHosts) -> None:
    def shows(number: int, name: str) -> bool:
        return name.encode() in page(production, number, "/products/bps-pro/")[2]

    for name in ("BPS Extra", "BPS Pro"):
        change = f"from shop.models import Product as P; p = P.objects.get(slug='bps-pro'); p.name = {name!r}; p.save()"
        production.command("shell", "--no-imports", "-c", change)
        changed = time.monotonic()
        for number in HOSTS:
            wait_for(lambda n=number, name=name: shows(n, name), f"{name} on host {number}", SOON)  # type: ignore[misc]
        print(f"both hosts show {name} {time.monotonic() - changed:.1f} s after the command that changed it")


@pytest.mark.parametrize(
    ("address", "button", "fields", "refused", "limit"),
    [
        ("/accounts/login/", "Sign in", {"password": "wrong"}, "Too many wrong passwords", 10),
        ("/orders/find/", "Send me the links", {}, "No link was sent this time", 5),
    ],
    ids=["wrong passwords, in the database", "mails to an address, in Redis"],
)
def test_limit_counts_what_both_hosts_did(
    production: TwoHosts, address: str, button: str, fields: dict[str, str], refused: str, limit: int
) -> None:
    """nginx asks them in turn, so each is asked more often than the limit allows."""

    def is_refused(_: int) -> bool:
        visitor = production.visitor()
        visitor.open(address)
        visitor.submit(button, email="limited@example.org", **fields)
        assert visitor.response.status_code in {200, 429}, visitor.text
        return refused in visitor.text

    with ThreadPoolExecutor(2) as pool:
        refusals = list(pool.map(is_refused, range(2 * limit + 4)))
    assert refusals.count(False) == limit


def test_report_reads_the_replica_and_says_how_far_it_is_behind(production: TwoHosts, people: People) -> None:
    """Its replay stops while the site goes on, then the replica is away."""
    if not people.staff.visitor.session.cookies:
        people.sign_in()

    def figures_come_from(where: str) -> None:
        def says_so() -> bool:
            people.staff.visitor.open("/admin/shop/reports/")
            return bool(re.search(f"These figures come from the {where}", people.staff.visitor.text))

        wait_for(says_so, where)

    figures_come_from("read replica, which is up to date.")
    with psycopg.connect(production.environment["REPLICA_URL"], autocommit=True) as replica:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            replica.execute("DELETE FROM shop_refund")
        replica.execute("SELECT pg_wal_replay_pause()")
        figures_come_from(r"read replica, which is \d seconds? behind.")
        figures_come_from("main database: the read replica is some seconds behind.")
        replica.execute("SELECT pg_wal_replay_resume()")
        figures_come_from("read replica, which is up to date.")
    production["replica"].kill()
    figures_come_from("main database: the read replica does not answer.")
    production["replica"].start()
    figures_come_from("read replica, which is up to date.")


def test_nothing_is_lost_or_doubled_when_a_host_dies(production: TwoHosts, people: People, faults: Faults) -> None:
    with people.busy():
        people.wait_for_more()
        for number in HOSTS:
            faults.of_host(number)
            people.wait_for_more()
            production.start_host(number)
            people.wait_for_more()
    assert_everything_ended_right(production, people, faults)
    answered = {hash_token(cookie) for _, cookie in people.clicks}
    untold = {digest for (digest,) in rows(production, "SELECT cookie_digest FROM affiliates_click")} - answered
    tries = re.findall(r" GET go (\d+) .* upstream: ([\d, -]+) ", (production.public / "aitpro.log").read_text())
    lost = [said for status, said in tries if status != "302" or "," in said]
    print(f"{len(untold)} clicks are stored whose visitor got another answer, of {len(lost)} that were in hand")
    assert len(untold) <= len(lost)


def test_upgrade_of_one_host_after_the_other_loses_no_request(production: TwoHosts, newer: Path) -> None:
    clicks = rows_in(production, "affiliates_click")
    with traffic(production) as people:
        for number in HOSTS:
            parts = [part.name for part in production.on_host(number)]
            environment = production.environment_of(number)
            said = upgrade(production, newer, "--without-backup", parts=parts, environment=environment)
            assert ("shop.1001_packed" in said) is (number == 1), "the first host migrates for both"
            people.goes_on()
    assert rows_in(production, "affiliates_click") == clicks + people.clicks
    for buyer in people.bought:
        assert production.mail(buyer, "Your receipt")
        assert len(production.mails(buyer)) == 1
