"""Error reports to a real HTTP server: they hold where and which kind, and no word that anybody typed."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from aitpro.evidence import nobody_else_is_asked
from aitpro.logs.error_reports import PER_MINUTE, ReportHandler
from aitpro.logs.requests import RequestFilter

pytestmark = pytest.mark.django_db

CANARY = "canary7f3a"


class Service(ThreadingHTTPServer):
    """Receives envelopes; `reports` are their events."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies: list[bytes] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.status = 200
        self.arrived = threading.Semaphore(0)

    @property
    def dsn(self) -> str:
        return f"http://0123456789abcdef@127.0.0.1:{self.server_port}/42"

    def report(self) -> dict[str, Any]:
        assert self.arrived.acquire(timeout=20)
        head, item, event = map(json.loads, self.bodies[-1].splitlines())
        assert item == {"type": "event"}
        assert head["event_id"] == event["event_id"]
        return dict(event)


class Receiver(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers)))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"{}")
        self.server.arrived.release()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        yield service
        service.shutdown()


@pytest.fixture
def handler(service: Service) -> Iterator[ReportHandler]:
    handler = ReportHandler(service.dsn)
    handler.setLevel(logging.ERROR)
    handler.addFilter(RequestFilter())
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_no_reports_are_sent_by_default() -> None:
    assert site_settings.SENTRY_DSN == ""
    assert not [each for each in logging.getLogger().handlers if isinstance(each, ReportHandler)]


def test_the_evidence_says_where_reports_go(settings: Settings, service: Service) -> None:
    told = "reports of errors, without visitors' data, go to"
    assert told not in nobody_else_is_asked(timezone.now()).figures
    settings.SENTRY_DSN = service.dsn
    evidence = nobody_else_is_asked(timezone.now())
    assert (evidence.kept, evidence.figures[told]) == (True, "127.0.0.1")


@pytest.mark.usefixtures("handler")
def test_a_report_of_a_failed_request_has_no_word_of_it(
    service: Service, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        local = CANARY
        try:
            raise ValueError(local)
        except ValueError as error:
            raise RuntimeError(f"{CANARY}@example.com") from error

    monkeypatch.setattr("aitpro.pages.views.HomeView.get_context_data", fail)
    client = Client(raise_request_exception=False)
    client.force_login(vera)
    headers = {"User-Agent": CANARY, "Referer": f"https://{CANARY}.example", "Cookie": f"{CANARY}=1"}
    response = client.get(f"/?{CANARY}={CANARY}", headers=headers, REMOTE_ADDR="203.0.113.77")
    assert response.status_code == 500
    report = service.report()
    assert [(each["module"], each["type"]) for each in report["exception"]["values"]] == [
        ("builtins", "ValueError"),
        ("builtins", "RuntimeError"),
    ]
    frame = report["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["function"].endswith("fail")
    assert (frame["filename"], frame["in_app"]) == ("tests/site/logs/test_error_reports.py", True)
    assert report["transaction"] == "site:home"
    assert report["tags"] == {"request": response.headers["X-Request-ID"]}
    sent = service.bodies[-1].decode() + str(service.requests[-1])
    for personal in (CANARY, "203.0.113.77", str(vera.pk), "vera", str(site_settings.BASE_DIR), sys.prefix):
        assert personal not in sent


@pytest.mark.usefixtures("handler")
def test_a_report_has_only_what_the_list_names(service: Service) -> None:
    """A new entry has to be thought about, and described in docs/monitoring.md."""
    logging.getLogger("shop").error("payment of %s failed", CANARY, extra={CANARY: CANARY})
    report = service.report()
    assert set(report) == {
        *("event_id", "timestamp", "platform", "level", "logger", "transaction", "tags", "exception"),
    }
    assert report["exception"]["values"][0]["type"] == "LoggedError"
    frames = report["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[0]["function"] == "test_a_report_has_only_what_the_list_names"
    assert CANARY not in service.bodies[-1].decode()
    path, headers = service.requests[-1]
    assert path == "/api/42/envelope/"
    assert headers["X-Sentry-Auth"].startswith("Sentry sentry_version=7, ")
    assert set(headers) <= {
        *("Host", "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent", "X-Sentry-Auth")
    }


@pytest.mark.usefixtures("handler")
def test_warnings_are_not_reported_and_errors_are_limited(service: Service) -> None:
    for _ in range(PER_MINUTE * 3):
        logging.getLogger("shop").warning("slow")
        logging.getLogger("shop").error("broken")
    for _ in range(PER_MINUTE):
        service.report()
    assert PER_MINUTE <= len(service.bodies) <= 2 * PER_MINUTE  # a minute may have ended meanwhile


@pytest.mark.usefixtures("handler")
def test_a_service_that_refuses_is_logged_and_nobody_waits(service: Service, log: StringIO) -> None:
    service.status = 429
    logging.getLogger("shop").error("broken")
    service.report()
    for _ in range(200):
        if "could not be reported" in log.getvalue():
            break
        threading.Event().wait(0.05)
    assert "aitpro.logs.error_reports: an error could not be reported: ConnectionError" in log.getvalue()
    assert "0123456789abcdef" not in log.getvalue()
