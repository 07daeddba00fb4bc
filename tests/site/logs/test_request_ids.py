"""Every line of a request has its id, which the visitor sees, too, and which links no visit to another."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from ipaddress import ip_network

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.models import User
from aitpro.housekeeping import housekeep
from aitpro.logs.activity import current
from aitpro.logs.formatters import JsonFormatter

pytestmark = pytest.mark.django_db

ID = "X-Request-ID"


def test_each_request_has_an_id_of_its_own(client: Client) -> None:
    ids = [client.get(address).headers[ID] for address in ("/", "/", "/no/such/page", "/static/x.css", "/healthz")]
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in ids)
    assert len(set(ids)) == 5
    assert current() is None


def test_all_lines_of_a_request_carry_its_id(client: Client, log: StringIO, settings: Settings) -> None:
    settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = 1
    for _ in range(2):
        response = client.post("/accounts/login/", {"email": "jane.doe@example.com", "password": "guess"})
    own = [line for line in log.getvalue().splitlines() if response.headers[ID] in line]
    assert [line.split()[2] for line in own] == ["privacy.web.rate_limits:", "django.request:"]
    assert all(line.endswith(f" [request {response.headers[ID]}]") for line in own)


@pytest.mark.parametrize(
    ("proxies", "proposed", "is_taken"),
    [
        (["127.0.0.1/32"], "0123456789abcdef0123456789abcdef", True),
        (["127.0.0.1/32"], "01234567-89ab-cdef-0123-456789abcdef", True),
        (["10.0.0.0/8"], "0123456789abcdef0123456789abcdef", False),
        ([], "0123456789abcdef0123456789abcdef", False),
        (["127.0.0.1/32"], "jane.doe@example.com", False),
        (["127.0.0.1/32"], "0123456789abcdef\n2026 forged", False),
        (["127.0.0.1/32"], "cafe", False),
        (["127.0.0.1/32"], "0" * 33, False),
    ],
)
def test_only_a_trusted_proxy_proposes_an_id(
    client: Client, settings: Settings, log: StringIO, proxies: list[str], proposed: str, is_taken: bool
) -> None:
    settings.TRUSTED_PROXIES = [ip_network(network) for network in proxies]
    response = client.get("/no/such/page", headers={ID: proposed, "X-Forwarded-For": "203.0.113.77"})
    assert (response.headers[ID] == proposed) == is_taken
    assert (proposed.split("\n")[0] in log.getvalue()) == is_taken
    assert f"[request {response.headers[ID]}]" in log.getvalue()


def test_the_page_of_an_error_shows_the_id_of_its_line(log: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("aitpro.pages.views.HomeView.get_context_data", fail)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert f"<code>{response.headers[ID]}</code>" in response.content.decode()
    assert f"Internal Server Error: site:home [request {response.headers[ID]}]\n" in log.getvalue()


def test_a_round_and_a_task_have_ids_of_their_own(log: StringIO, monkeypatch: pytest.MonkeyPatch, vera: User) -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("aitpro.housekeeping.purge_expired", fail)
    monkeypatch.setattr("accounts.security_log.has_room", fail)
    housekeep(now=timezone.now())
    Client().post("/accounts/login/", {"email": vera.email, "password": "wrong"})
    worker = Worker(queue_names=["default"], interval=0, batch=True, backend_name="default", startup_delay=False,
                    max_tasks=None, worker_id="test", excluded_queue_names=[])  # fmt: skip
    for result in DBTaskResult.objects.ready():
        result.claim("test")
        worker.run_task(result)
    assert re.search(r"housekeeping: expired rows purged failed \[round \w{16}\]\n", log.getvalue())
    assert re.search(r"Task id=(\S+) path=\S+ state=FAILED \[task \1\]\n", log.getvalue())
    assert current() is None


@pytest.fixture
def json_log(log: StringIO) -> Iterator[StringIO]:
    handler = next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    before, formatter = handler.formatter, JsonFormatter()
    handler.setFormatter(formatter)
    yield log
    handler.setFormatter(before)


def test_a_json_line_has_the_same_in_fields(json_log: StringIO, client: Client, vera: User) -> None:
    client.force_login(vera)
    response = client.get("/admin/shop/order/")
    logging.getLogger("shop").warning('a\n{"message": "forged"}', exc_info=ValueError("typed"))
    first, second = map(json.loads, json_log.getvalue().splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "WARNING",
        "logger": "django.request",
        "message": "Forbidden",
        "route": "admin:shop_order_changelist",
        "status": 403,
        "user": str(vera.pk),
        "request": response.headers[ID],
    }
    assert second["message"] == 'a\n{"message": "forged"}'
    assert second["exception"].endswith("ValueError")
    assert "request" not in second


def test_a_json_line_of_an_error_has_places_and_no_message(json_log: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = "jane.doe" + "@example.com"

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(typed)

    monkeypatch.setattr("aitpro.pages.views.HomeView.get_context_data", fail)
    Client(raise_request_exception=False).get("/")
    line = json.loads(json_log.getvalue())
    assert line["exception"].endswith("builtins.RuntimeError")
    assert "in fail" in line["exception"]
    assert typed not in json_log.getvalue()


def test_a_slow_request_is_logged_with_its_route(client: Client, log: StringIO, settings: Settings) -> None:
    settings.LOG_SLOW_REQUESTS_MS = 0
    client.get("/privacy/?x=canary7f3a")
    assert log.getvalue() == ""
    settings.LOG_SLOW_REQUESTS_MS = 0.000_001
    client.get("/privacy/?x=canary7f3a")
    assert re.search(r"aitpro\.logs\.middleware: slow request: \d+ ms in privacy:policy \[request ", log.getvalue())
    assert "canary7f3a" not in log.getvalue()
