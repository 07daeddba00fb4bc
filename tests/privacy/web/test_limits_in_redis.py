"""Limits counted in a real Redis, which dies, falls silent, refuses to write and comes back."""

from __future__ import annotations

import logging
import os
import pickle
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from aitpro.environment import Environment
from contacts.models import Inquiry
from privacy.evidence.rehearsal.live_health import not_tried_while_down
from privacy.models import LimitSlot
from privacy.web.caches import redis_cache
from privacy.web.caches.availability import cache_works, log_cache_at_start
from privacy.web.rate_limits import delete_expired_slots, give_back, has_room, take_slot
from tests import factories
from tests.privacy.evidence.sweep.conftest import places, swept
from tests.redis_server import RedisServer, redis_server, server  # noqa: F401  (fixtures)
from tests.shop.paypal import authority

pytestmark = pytest.mark.django_db

NETWORK = "203.0.113.0/24"
Take = Callable[[], bool]


@pytest.fixture
def now() -> datetime:
    """One moment for a whole test, so that no hour ends within it."""
    return timezone.now()


@pytest.fixture
def take(now: datetime) -> Take:
    return lambda: has_room("test network", NETWORK, slots=3, now=now)


@pytest.fixture
def configure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets `CACHE_URL`, and forgets what this process knew about a server."""

    def use(url: str) -> None:
        monkeypatch.setenv("CACHE_URL", url)
        limits = Environment(Path("/nonexistent")).cache("CACHE_URL")
        settings.CACHES = {**settings.CACHES, "limits": limits}

    monkeypatch.setattr(redis_cache, "SECONDS", 10)  # on a busy machine half a second may pass
    redis_cache._server.cache_clear()
    caches["default"].clear()
    yield use
    redis_cache._server.cache_clear()


@pytest.fixture
def redis(redis_server: RedisServer, configure: Callable[[str], None]) -> RedisServer:  # noqa: F811
    configure(redis_server.unix_url)
    return redis_server


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch, redis: RedisServer) -> None:
    """The time-outs as they are in production."""
    monkeypatch.setattr(redis_cache, "SECONDS", 0.5)
    redis_cache._server.cache_clear()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is tried again at once after a failure."""
    monkeypatch.setattr(redis_cache, "PAUSE", 0)


def keys(redis: RedisServer) -> list[bytes]:
    return list(redis.client.scan_iter())


def slots(redis: RedisServer) -> list[bytes]:
    return [key for key in keys(redis) if b"limit-" in key and b"-key-" not in key]


def test_redis_gives_a_limits_slots_and_no_more(redis: RedisServer, take: Take) -> None:
    assert [take() for _ in range(4)] == [True, True, True, False]
    assert len(slots(redis)) == 3
    assert not LimitSlot.objects.exists()


def test_everything_in_redis_ends_with_its_hour(redis: RedisServer, take: Take) -> None:
    take()
    assert len(keys(redis)) == 2  # a slot and the hour's key
    assert all(0 < redis.client.ttl(key) <= 3600 for key in keys(redis))


def test_slot_that_is_given_back_can_be_taken_again(redis: RedisServer, now: datetime) -> None:
    slot = take_slot("test", NETWORK, slots=1, now=now)
    assert slot is not None
    assert not has_room("test", NETWORK, slots=1, now=now)
    give_back(slot)
    assert has_room("test", NETWORK, slots=1, now=now)


def test_many_threads_take_exactly_the_slots_of_a_limit(redis: RedisServer, now: datetime) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: has_room("test", NETWORK, slots=20, now=now), range(60)))
    assert taken.count(True) == 20


def test_forked_process_counts_on_its_own_connection(redis: RedisServer, now: datetime) -> None:
    """Parent and child ask at the same time; with one connection they would read each other's answers."""
    assert has_room("test", NETWORK, slots=41, now=now)
    connections.close_all()
    child = os.fork()
    taken = sum(has_room("test", NETWORK, slots=41, now=now) for _ in range(20))
    if child == 0:
        os._exit(taken)
    assert taken == 20
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 20
    assert len(slots(redis)) == 41


@pytest.mark.parametrize("address", ["url", "unix_url"])
def test_redis_is_reached_over_tcp_and_over_a_socket(
    redis: RedisServer, configure: Callable[[str], None], take: Take, address: str
) -> None:
    configure(getattr(redis, address))
    assert take()
    assert len(slots(redis)) == 1


def test_redis_is_reached_over_tls_with_a_certificate_that_is_trusted(
    tmp_path: Path, configure: Callable[[str], None], take: Take
) -> None:
    root = authority.root()
    own = authority.leaf(root, name="localhost")
    files = {"root": root.pem, "own": own.pem, "key": own.key_pem}
    for name, content in files.items():
        (tmp_path / f"{name}.pem").write_bytes(content)
    paths = {name: str(tmp_path / f"{name}.pem") for name in files}
    with_tls = ("--tls-cert-file", paths["own"], "--tls-key-file", paths["key"], "--tls-ca-cert-file", paths["root"])
    secured = RedisServer(tmp_path, *with_tls, "--tls-auth-clients", "no", "--port", "0")
    secured.options += ("--tls-port", str(secured.port))
    secured.start()
    try:
        configure(f"rediss://localhost:{secured.port}/0")
        assert not cache_works()
        configure(f"rediss://localhost:{secured.port}/0?ssl_ca_certs={paths['root']}")
        assert take()
        assert len(slots(secured)) == 1
    finally:
        secured.kill()


def test_a_user_who_may_do_little_in_redis_suffices(
    redis: RedisServer, configure: Callable[[str], None], take: Take
) -> None:
    """The rights that docs/deployment.md gives."""
    redis.client.acl_setuser(
        "aitpro",
        enabled=True,
        passwords=["+hunter2"],
        keys=["aitpro:*"],
        commands=["-@all", "+get", "+mget", "+set", "+del", "+scan"],
    )
    configure(redis.url.replace("redis://", "redis://aitpro:hunter2@"))
    assert cache_works()
    assert take()
    assert len(slots(redis)) == 1
    caches["limits"].clear()
    assert keys(redis) == []
    redis.client.acl_deluser("aitpro")


# --- Redis dies ---


def test_limit_counts_in_the_database_while_redis_is_dead(redis: RedisServer, take: Take) -> None:
    take()
    redis.kill()
    assert [take() for _ in range(4)] == [True, True, True, False]
    assert LimitSlot.objects.count() == 4  # three slots and their key


def test_limit_counts_in_redis_again_once_it_is_back(redis: RedisServer, take: Take, impatient: None) -> None:
    redis.kill()
    assert take()
    redis.start()
    assert [take() for _ in range(4)] == [True, True, True, False]
    assert len(slots(redis)) == 3


def test_restart_between_two_requests_goes_unnoticed(redis: RedisServer, take: Take) -> None:
    """The pooled connection has ended, and a new one is made at once."""
    assert take()
    redis.kill()
    redis.start()
    assert take()
    assert len(slots(redis)) == 1
    assert not LimitSlot.objects.exists()


def test_silent_redis_holds_up_one_request_for_a_moment_and_no_other(
    redis: RedisServer, take: Take, seconds: None
) -> None:
    take()
    with redis.silent():
        started = time.monotonic()
        assert [take() for _ in range(50)] == [True] * 3 + [False] * 47
        assert time.monotonic() - started < 15  # 50 time-outs would take 25 seconds
    assert LimitSlot.objects.count() == 4


def test_redis_that_refuses_to_write_is_not_a_limit_reached(redis: RedisServer, take: Take) -> None:
    """`OOM command not allowed`: reading works, so all slots look free; writing fails, so none can be taken."""
    redis.client.config_set("maxmemory", 1)
    assert [take() for _ in range(4)] == [True, True, True, False]
    assert LimitSlot.objects.count() == 4


def test_limit_counts_while_the_password_of_redis_is_wrong(
    redis: RedisServer, configure: Callable[[str], None], take: Take, caplog: pytest.LogCaptureFixture
) -> None:
    configure(redis.url.replace("redis://", "redis://:hunter2@"))
    redis.client.config_set("requirepass", "another")
    assert [take() for _ in range(4)] == [True, True, True, False]
    assert "the cache does not answer: AuthenticationError" in caplog.text
    assert "hunter2" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_log_tells_once_that_redis_died_and_once_that_it_is_back(
    redis: RedisServer, take: Take, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    redis.kill()
    for _ in range(3):
        take()
    redis.start()
    for _ in range(3):
        take()
    lines = [message for name, _, message in caplog.record_tuples if name == "privacy.web.caches.redis_cache"]
    assert lines == [
        "the cache does not answer: ConnectionError; limits are counted elsewhere",
        "the cache answers again",
    ]


def test_slot_is_given_back_without_redis(redis: RedisServer, now: datetime) -> None:
    slot = take_slot("test", NETWORK, slots=1, now=now)
    assert slot is not None
    redis.kill()
    give_back(slot)


def test_wrong_passwords_are_counted_whatever_happens_to_redis(redis: RedisServer, settings: Settings) -> None:
    """Redis forgets everything when it restarts; that must not allow as many guesses again."""
    settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = 3
    User.objects.create_user("erin@example.org", "the right one")

    def guess() -> int:
        guessed = {"email": "erin@example.org", "password": "guess"}
        return Client(REMOTE_ADDR="203.0.113.7").post("/accounts/login/", guessed).status_code

    assert [guess() for _ in range(2)] == [200, 200]
    redis.client.flushall()
    assert guess() == 200
    assert guess() == 429
    redis.kill()
    assert guess() == 429
    redis.start()
    assert guess() == 429


# --- The database can't be written either ---


@pytest.fixture
def read_only() -> Iterator[None]:
    begin, end = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
    yield
    with connection.cursor() as cursor:
        cursor.execute(end)


@pytest.fixture
def _an_empty_memory() -> Iterator[None]:
    caches["default"].clear()
    yield
    caches["default"].clear()


@pytest.mark.usefixtures("_an_empty_memory")
@pytest.mark.django_db(transaction=True)
def test_failed_write_of_the_table_is_not_a_limit_reached(take: Take, read_only: None) -> None:
    assert [take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.usefixtures("_an_empty_memory")
@pytest.mark.django_db(transaction=True)
def test_limit_counts_in_memory_without_redis_and_database(redis: RedisServer, take: Take, read_only: None) -> None:
    redis.kill()
    assert [take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.usefixtures("_an_empty_memory")
@pytest.mark.django_db(transaction=True)
def test_first_message_of_a_network_is_stored_though_limits_can_not_be(client: Client) -> None:
    assert not LimitSlot.objects.exists()
    with connection.schema_editor() as editor:
        editor.delete_model(LimitSlot)
    try:
        typed = {"name": "Dave Dorn", "email": "dave@example.org", "kind": "question", "message": "What would it cost?"}
        assert client.post("/contact/", typed).status_code == 302
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(LimitSlot)
    assert Inquiry.objects.get().state == Inquiry.State.OPEN


# --- Whoever can write to Redis, or to the table ---


class Planted:
    """Unpickling it runs code."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (os.mkdir, (os.environ["PLANTED"],))


def test_object_planted_in_the_cache_runs_no_code(
    redis: RedisServer, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", str(tmp_path / "code ran"))
    planted = pickle.dumps(Planted())
    take()
    redis.kill()
    take()
    redis.start()
    redis_cache._server.cache_clear()
    LimitSlot.objects.update(value=b64encode(planted).decode())
    take()
    for key in keys(redis):
        redis.client.set(key, planted)
    assert [take() for _ in range(4)][-1] is False
    assert not (tmp_path / "code ran").exists()
    pickle.loads(planted)
    assert (tmp_path / "code ran").exists()


def test_clearing_the_cache_leaves_other_programs_keys(redis: RedisServer, take: Take) -> None:
    redis.client.set("another program's", "value")
    take()
    caches["limits"].clear()
    assert keys(redis) == [b"another program's"]


def test_redis_deletes_what_is_over_and_the_table_is_purged_all_the_same(redis: RedisServer, now: datetime) -> None:
    LimitSlot.objects.create(cache_key="limit-of-an-outage", value="MQ==", expires="2026-01-01T00:00Z")
    assert delete_expired_slots(now=now) == 1


# --- Evidence, checks ---


def test_sweep_finds_an_address_in_redis(redis: RedisServer, take: Take) -> None:
    factories.order(factories.product(), email="quinn@example.org")
    take()
    assert places(swept()) == []
    redis.client.set("aitpro:1:limit-quinn@example.org", "1")
    redis.client.set("aitpro:1:somebody", "quinn@example.org")
    found = " ".join(places(swept()))
    assert "a key in the cache limits contains what looks like an email address" in found
    assert "shop_order.email can be read in a value of the cache limits" in found


def test_sweep_without_redis_is_red_and_says_why(redis: RedisServer) -> None:
    assert places(swept()) == []
    redis.kill()
    assert places(swept()) == ["the cache limits does not respond, so it can't be searched"]


def test_rehearsal_is_told_that_redis_is_down(redis: RedisServer, now: datetime) -> None:
    def told() -> list[str]:
        return [found.place for found in not_tried_while_down(now=now) if "cache" in found.place]

    assert told() == []
    redis.kill()
    assert told() == ["the cache does not respond, so it can't be searched"]


def test_cache_works_only_if_it_stores(redis: RedisServer, impatient: None, seconds: None) -> None:
    assert cache_works()
    assert keys(redis) == []
    redis.client.config_set("maxmemory", 1)
    assert not cache_works()
    redis.client.config_set("maxmemory", 0)
    assert cache_works()
    with redis.silent():
        assert not cache_works()


def deploy_check() -> str:
    try:
        call_command("check", deploy=True, fail_level="CRITICAL")
    except CommandError as error:
        return str(error)
    return ""


def test_deploy_check_connects_and_names_the_variable_alone(
    redis: RedisServer, configure: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    deploy_check()
    assert "CACHE_URL" not in capsys.readouterr().err
    configure("redis://:hunter2@127.0.0.1:1/0")
    deploy_check()
    told = capsys.readouterr().err
    assert "(privacy.E070) CACHE_URL: the cache does not answer" in told
    assert "hunter2" not in told
    assert "127.0.0.1" not in told


def test_process_that_starts_without_redis_says_so_loudly(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, impatient: None
) -> None:
    log_cache_at_start.cache_clear()
    log_cache_at_start()
    assert not caplog.records
    redis.kill()
    log_cache_at_start.cache_clear()
    log_cache_at_start()
    assert caplog.record_tuples[-1][1:] == (
        logging.CRITICAL,
        "CACHE_URL: the cache does not answer; limits are counted in the database until it does",
    )


def test_evidence_page_needs_no_redis(redis: RedisServer, client: Client, attacked: None) -> None:
    redis.kill()
    assert client.get("/privacy/evidence/").status_code == 200
