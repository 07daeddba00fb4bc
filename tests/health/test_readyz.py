"""`/readyz` names each part that does not work, to the operator alone, and never hangs."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from aitpro.backups.last_backup import record_backup
from aitpro.environment import Environment
from aitpro.health import parts
from aitpro.health.lookout import OK
from privacy.encryption.models import uuid7
from privacy.keystore.models import HousekeepingTime
from privacy.mail.sending import deliver_mail
from privacy.models import ErasureMark, Heartbeat
from privacy.web.caches import redis_cache
from tests import factories
from tests.redis_server import RedisServer, redis_server, server  # noqa: F401  (fixtures)

pytestmark = pytest.mark.usefixtures("working")

TOKEN = "only-for-tests-and-long-enough"
VISITOR = {"X-Forwarded-For": "203.0.113.77"}
NAMES = {
    "database",
    "database migrations",
    "housekeeping",
    "task queue",
    "backup",
    "key store",
    "key store migrations",
    "restore",
    "cache",
    "disk",
}


def broken_parts(client: Client) -> set[str]:
    """The parts that are named, as a program on this machine reads them."""
    response = client.get("/readyz")
    body = response.json()
    broken = {name for name, state in body["parts"].items() if state != OK}
    assert (response.status_code, body["status"]) == ((503, "not ready") if broken else (200, "ready"))
    return broken


def test_site_is_ready_when_every_part_works(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "parts": dict.fromkeys(NAMES, OK)})
    assert "no-store" in response.headers["Cache-Control"]


def test_site_is_not_ready_without_housekeeping(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=15))
    assert broken_parts(client) == set()
    clock.shift(timedelta(seconds=1))
    assert broken_parts(client) == {"housekeeping"}


def test_site_is_not_ready_after_a_jump_of_the_clock(client: Client) -> None:
    HousekeepingTime.objects.update(at=timezone.now() + timedelta(days=2))
    assert broken_parts(client) == {"housekeeping"}


def test_site_is_not_ready_while_tasks_wait_for_long(client: Client, clock: time_machine.Traveller) -> None:
    deliver_mail.enqueue(str(uuid7()))
    clock.shift(timedelta(minutes=15))
    assert broken_parts(client) == set()
    clock.shift(timedelta(seconds=1))
    assert "task queue" in broken_parts(client)


@pytest.mark.parametrize(
    ("alias", "app", "part"),
    [("default", "affiliates", "database migrations"), ("keystore", "keystore", "key store migrations")],
)
def test_site_is_not_ready_before_it_is_migrated(client: Client, alias: str, app: str, part: str) -> None:
    assert broken_parts(client) == set()
    recorder = MigrationRecorder(connections[alias])
    recorder.record_unapplied(app, "0001_initial")
    try:
        assert broken_parts(client) == {part, "restore"}  # nor would it start
    finally:
        recorder.record_applied(app, "0001_initial")


def test_site_is_not_ready_after_a_restore_that_is_not_finished(client: Client) -> None:
    assert broken_parts(client) == set()
    factories.user("erin@example.org")
    call_command("erase_person", "erin@example.org", stdout=StringIO())
    assert broken_parts(client) == set()
    ErasureMark.objects.all().delete()
    assert broken_parts(client) == {"restore"}


def test_site_is_not_ready_on_a_full_disk(client: Client, settings: Settings) -> None:
    settings.DISK_FREE_MB = 10**9
    assert broken_parts(client) == {"disk"}


def test_site_is_not_ready_with_a_cache_that_keeps_nothing(client: Client, settings: Settings) -> None:
    settings.CACHES = {**settings.CACHES, "limits": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert broken_parts(client) == {"cache"}
    assert client.get("/healthz").json() == {"status": "degraded"}
    assert client.get("/healthz").status_code == 200


def test_site_is_degraded_while_redis_is_dead(
    redis_server: RedisServer,  # noqa: F811
    client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CACHE_URL", redis_server.unix_url)
    monkeypatch.setattr(redis_cache, "PAUSE", 0)
    redis_cache._server.cache_clear()
    settings.CACHES = {**settings.CACHES, "limits": Environment(Path("/nonexistent")).cache("CACHE_URL")}
    assert (client.get("/healthz").json(), broken_parts(client)) == ({"status": "ok"}, set())
    redis_server.kill()
    assert (client.get("/healthz").json(), broken_parts(client)) == ({"status": "degraded"}, {"cache"})
    redis_server.start()
    assert (client.get("/healthz").json(), broken_parts(client)) == ({"status": "ok"}, set())
    redis_cache._server.cache_clear()


def test_site_is_not_ready_with_an_old_backup(client: Client, clock: time_machine.Traveller) -> None:
    record_backup(at=timezone.now() - timedelta(hours=36))
    assert broken_parts(client) == {"backup"}
    record_backup(at=timezone.now() - timedelta(hours=35))
    assert broken_parts(client) == set()


def test_database_that_can_not_be_written_is_named_in_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else holds the row, or on SQLite the database: writing it waits."""
    monkeypatch.setattr(parts.readiness._deadline, "seconds", 0.5)
    with transaction.atomic():
        Heartbeat.objects.filter(name="purge").update(at=F("at"))
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["parts"]["database"] == "does not answer in time"
        assert response.json()["parts"]["disk"] == OK


def test_strangers_learn_a_status_alone(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/readyz", headers=VISITOR).json() == {"status": "ready"}
    settings.DISK_FREE_MB = 10**9
    response = client.get("/readyz", headers=VISITOR)
    assert (response.status_code, response.json()) == (503, {"status": "not ready"})
    assert client.get("/readyz", REMOTE_ADDR="203.0.113.77").json() == {"status": "not ready"}
    assert client.get("/readyz", REMOTE_ADDR="").json() == {"status": "not ready"}
    for token in ("", "wrong", TOKEN[:-1], "é"):
        headers = {**VISITOR, "Authorization": f"Bearer {token}"}
        assert client.get("/readyz", headers=headers).json() == {"status": "not ready"}


def test_operator_elsewhere_learns_the_parts_with_the_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = client.get("/readyz", headers={**VISITOR, "Authorization": f"Bearer {TOKEN}"})
    assert response.json()["parts"].keys() == NAMES


def test_empty_token_opens_nothing(client: Client) -> None:
    assert client.get("/readyz", headers={**VISITOR, "Authorization": "Bearer "}).json() == {"status": "ready"}


def test_flood_writes_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.readiness, "fresh", 10)
    first = client.get("/readyz").json()
    Heartbeat.objects.all().delete()
    assert [client.get("/readyz", headers=VISITOR).status_code for _ in range(50)] == [200] * 50
    assert client.get("/readyz").json() == first


def test_states_hold_no_values(client: Client, settings: Settings) -> None:
    settings.DISK_FREE_MB = 10**9
    text = json.dumps(client.get("/readyz").json())
    assert "nearly full" in text
    for value in (str(settings.DATA_DIR), settings.SITE_URL, "sqlite", "postgres", "1000000000"):
        assert value not in text


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_programs_are_not_redirected_to_https(client: Client, settings: Settings, address: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/about/").status_code == 301
    assert client.get(address).status_code in {200, 404}
