"""A running site whose Redis is not there yet, comes, dies, falls silent, and comes back, while people use the site."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from privacy.evidence.rehearsal.canaries import canary, found_in
from tests.redis_server import RedisServer
from tests.running_site import RunningSite, running_site, wait_for
from tests.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

ADDRESS = "198.51.100.214"  # a visitor's network address, used nowhere else


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Not started yet."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, redis: RedisServer) -> Iterator[RunningSite]:
    """Web, worker and clock were started while Redis was away; the last two start once the site answers."""
    with running_site(tmp_path_factory.mktemp("site"), CACHE_URL=redis.url) as running:
        wait_for(lambda: len(told(running)) >= 3, "the lines of web, worker and clock")
        yield running


@pytest.fixture
def up(redis: RedisServer, site: RunningSite) -> None:
    """Redis runs, and each process of the site has noticed it."""
    if redis.process is None:
        redis.start()
    time.sleep(6)  # seconds; after a failure it is not tried for five
    wait_for(lambda: write(site) and bool(slots(redis)), "a limit in Redis", 30)


def told(site: RunningSite) -> list[str]:
    """What its processes said of Redis at their start."""
    return [line for line in list(site.output) if "CACHE_URL: the cache does not answer" in line]


def slots(redis: RedisServer) -> list[bytes]:
    return list(redis.client.scan_iter("aitpro:1:limit-*"))


def write(site: RunningSite, network: str = "203.0.113", **typed: str) -> Visitor:
    visitor = site.visitor(f"{network}.9")
    visitor.open("/contact/")
    fields = {"name": "Dave Dorn", "email": "dave@example.org", "message": "What would a new site cost?"}
    visitor.submit("Send the message", **(fields | typed))
    assert "we received your message" in visitor.text
    return visitor


def messages(site: RunningSite) -> int:
    code = "from contacts.models import Inquiry as I; print(I.objects.filter(state__in=['open', 'held']).count())"
    return int(site.command("shell", "--no-imports", "-c", code).split()[-1])


def buy(site: RunningSite, **typed: str) -> Visitor:
    visitor = site.visitor(ADDRESS)
    visitor.open("/checkout/bps-pro/")
    visitor.submit("Continue to PayPal", **({"name": "Carol", "email": "carol@example.org", "code": ""} | typed))
    visitor.submit("Pay")
    assert "your order is paid" in visitor.text
    return visitor


def test_site_starts_without_redis_and_says_so(site: RunningSite, redis: RedisServer) -> None:
    redis.kill()
    assert {line.partition("|")[0].split()[-1].partition(".")[0] for line in told(site)} == {"web", "worker", "clock"}
    assert str(redis.port) not in " ".join(told(site))
    write(site)
    buy(site)


def test_limits_are_counted_in_redis_once_it_runs_without_a_restart(
    site: RunningSite, redis: RedisServer, up: None
) -> None:
    assert slots(redis)


def test_redis_holds_and_sees_nothing_readable(site: RunningSite, redis: RedisServer, up: None) -> None:
    """Its keys, its values, its file, and whatever the site sends to it."""
    word = {name: canary() for name in ("name", "email", "message", "website")}
    address = f"{word['email'].rstrip('Ö')}@example.org"
    seen: list[bytes] = []
    with redis.monitored(seen):
        visitor = site.visitor(ADDRESS)
        visitor.open("/go/DEMO/products/bps-pro/")
        bought = buy(site, name=word["name"], email=address)
        write(site, "198.51.100", name=word["name"], email=address, message=word["message"])
        visitor.open("/affiliates/apply/")
        applied = {"website": f"https://{word['website'].rstrip('Ö')}.example", "terms": "on"}
        visitor.submit("Send the application", name=word["name"], email=address, message=word["message"], **applied)
        assert "check your inbox" in visitor.text
        visitor.open("/privacy/request/")
        visitor.submit("Send me the link", email=address, kind="access")
        visitor.open("/accounts/login/")
        visitor.submit("Sign in", email=address, password=word["message"])
        staff = site.signed_in("staff")
        staff.open(f"/admin/search/?q={address}")
        staff.open("/privacy/evidence/")
    redis.client.save()
    cookies = [cookie.value for person in (visitor, bought, staff) for cookie in person.session.cookies]
    assert len(cookies) >= 3
    secrets = [*word.values(), *(each.rstrip("Ö") for each in word.values()), ADDRESS, "198.51.100", "203.0.113"]
    secrets += [str(cookie) for cookie in cookies] + [
        site.environment["SECRET_KEY"],
        site.environment["ENCRYPTION_KEYS"],
    ]

    stored: list[Any] = [part for key in redis.client.scan_iter() for part in (key, redis.client.get(key) or b"")]
    file = (redis.folder / "dump.rdb").read_bytes()
    sent = b"".join(seen)
    assert any(key in sent for key in slots(redis))
    assert all(key in file for key in slots(redis))
    for place, content in {"keys and values": b"\0".join(stored), "file": file, "traffic": sent}.items():
        assert not list(found_in(content, secrets)), place
    # A sealed key, or 1: no object, no text, and nothing for ever.
    assert {value for value in stored[1::2] if len(value) < 60} == {b"1"}
    assert all(redis.client.ttl(name) > 0 for name in redis.client.scan_iter())


def test_nothing_is_lost_and_nothing_fails_while_redis_dies(site: RunningSite, redis: RedisServer, up: None) -> None:
    before = messages(site)
    with people(site) as (sent, failed):
        wait_for(lambda: sent() > 3, "messages")
        for fault in (redis.kill, redis.start):
            fault()
            reached = sent() + 5
            wait_for(lambda: sent() > reached, "messages after a fault")  # noqa: B023
        with redis.silent():
            reached = sent() + 5
            wait_for(lambda: sent() > reached, "messages while Redis is silent")
        buy(site)
        site.signed_in("staff").open("/admin/")
    assert failed == []
    assert messages(site) == before + sent()


def test_pages_and_sign_in_work_without_redis(site: RunningSite, redis: RedisServer) -> None:
    redis.kill()
    visitor = site.visitor()
    for page in ("/", "/privacy/evidence/", "/privacy/evidence.json", "/healthz", "/accounts/login/", "/go/DEMO/"):
        visitor.open(page)
        assert visitor.response.status_code == 200, page
    write(site)
    staff = site.signed_in("staff")
    staff.open("/admin/contacts/inquiry/")
    assert "Dave Dorn" in staff.text
    buy(site)
    assert site.command("housekeeping")


def test_wrong_passwords_run_out_without_redis(site: RunningSite, redis: RedisServer) -> None:
    redis.kill()
    answers = []
    for _ in range(12):
        visitor = site.visitor("192.0.2.1")
        visitor.open("/accounts/login/")
        visitor.submit("Sign in", email="nobody@example.org", password="guess")
        answers.append(visitor.response.status_code)
    assert answers == [200] * 10 + [429] * 2


def test_health_is_degraded_until_redis_is_back(site: RunningSite, redis: RedisServer) -> None:
    def status() -> str:
        visitor = site.visitor()
        visitor.open("/healthz")
        assert visitor.response.status_code == 200
        return str(visitor.response.json()["status"])

    redis.kill()
    wait_for(lambda: status() == "degraded", "the word", 60)
    redis.start()
    wait_for(lambda: status() == "ok", "the word", 60)


@contextmanager
def people(site: RunningSite) -> Iterator[tuple[Callable[[], int], list[str]]]:
    """Four people on four networks who write messages within the block: how many were sent, and what failed."""
    done, failed, stop = [0] * 4, [], threading.Event()

    def send(number: int) -> None:
        while not stop.is_set() and done[number] < 50:
            try:
                write(site, f"100.64.{number}", email=f"person{number}.{done[number]}@example.org")
            except Exception as error:  # told by the test
                failed.append(f"{type(error).__name__}: {error}")
                return
            done[number] += 1

    threads = [threading.Thread(target=send, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sum(done), failed
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
