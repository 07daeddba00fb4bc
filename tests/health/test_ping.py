"""The dead-man ping, with a real server: after each round, within five seconds, and never a word of its address."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from aitpro import housekeeping
from aitpro.environment import Environment
from aitpro.health import ping
from aitpro.health.ping import DeadManPing

SECRET = "0b1f7c2e-secret"


class Service:
    """What hears the pings. `behavior` is a status, or what it does instead of answering."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str]]] = []
        self.behavior: int | str = 200
        self.over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.heard.append((self.path, dict(self.headers)))
                if service.behavior == "silent":
                    service.over.wait(30)
                elif service.behavior == "drips":
                    for _ in range(150):
                        self.wfile.write(b"H")
                        if service.over.wait(0.2):
                            return
                else:
                    self.send_response(int(service.behavior))
                    self.send_header("Location", f"http://127.0.0.1:{service.server.server_port}/elsewhere")
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def handle(self) -> None:
                with suppress(OSError):  # the other side has gone
                    super().handle()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/ping/{SECRET}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    running = Service()
    settings.HEARTBEAT_URL = running.url
    monkeypatch.setattr(ping, "SECONDS", 0.5)
    monkeypatch.setattr("aitpro.management.commands.housekeeping.dead_man_ping", DeadManPing())
    yield running
    running.close()


@pytest.fixture
def quick_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "JOBS", {"mails due": housekeeping.Job(lambda now: 0)})


@pytest.mark.django_db
@pytest.mark.usefixtures("clock", "quick_round")
def test_service_hears_of_a_good_round_and_nothing_else(service: Service) -> None:
    call_command("housekeeping", stdout=StringIO())
    [(path, headers)] = service.heard
    assert path == f"/ping/{SECRET}"
    assert headers.keys() == {"Host", "Accept-Encoding", "User-Agent", "Connection"}


@pytest.mark.django_db
@pytest.mark.usefixtures("clock", "quick_round")
def test_service_hears_of_a_failed_job(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: datetime) -> int:
        raise RuntimeError

    monkeypatch.setitem(housekeeping.JOBS, "mails due", housekeeping.Job(fail))
    with pytest.raises(CommandError):
        call_command("housekeeping", stdout=StringIO())
    assert [path for path, _ in service.heard] == [f"/ping/{SECRET}/fail"]


@pytest.mark.django_db
@pytest.mark.usefixtures("quick_round")
def test_service_hears_of_a_clock_that_jumped(service: Service, clock: time_machine.Traveller) -> None:
    call_command("housekeeping", stdout=StringIO())
    clock.shift(timedelta(days=3))
    with pytest.raises(CommandError):
        call_command("housekeeping", stdout=StringIO())
    assert [path for path, _ in service.heard] == [f"/ping/{SECRET}", f"/ping/{SECRET}/fail"]


def test_fail_is_appended_to_the_path_and_not_to_the_query(service: Service, settings: Settings) -> None:
    settings.HEARTBEAT_URL = f"{service.url}?create=1"
    DeadManPing().ping(failed=True)
    assert [path for path, _ in service.heard] == [f"/ping/{SECRET}/fail?create=1"]


@pytest.mark.parametrize("behavior", ["silent", "drips"])
def test_service_that_does_not_answer_holds_nothing_up(service: Service, behavior: str) -> None:
    service.behavior = behavior
    began = time.monotonic()
    DeadManPing().ping(failed=False)
    assert time.monotonic() - began < 10
    assert len(service.heard) == 1


def test_redirect_is_not_followed(service: Service) -> None:
    service.behavior = 302
    DeadManPing().ping(failed=False)
    assert [path for path, _ in service.heard] == [f"/ping/{SECRET}"]


@pytest.mark.parametrize("behavior", [500, 404, 302, "silent", "gone"])
def test_failure_and_recovery_are_logged_once_without_the_address(
    service: Service, behavior: int | str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.behavior = behavior
    if behavior == "gone":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            settings.HEARTBEAT_URL = f"http://127.0.0.1:{probe.getsockname()[1]}/ping/{SECRET}"
    pings = DeadManPing()
    pings.ping(failed=False)
    pings.ping(failed=False)
    settings.HEARTBEAT_URL, service.behavior = service.url, 200
    pings.ping(failed=False)
    pings.ping(failed=False)
    own = [record for record in caplog.records if record.name == "aitpro.health.ping"]
    assert [record.levelname for record in own] == ["WARNING", "INFO"]
    assert SECRET not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_nothing_is_asked_without_an_address(service: Service, settings: Settings) -> None:
    settings.HEARTBEAT_URL = ""
    DeadManPing().ping(failed=False)
    assert service.heard == []


@pytest.mark.parametrize(
    "value",
    [
        "http://example.com/ping",
        "ftp://example.com/ping",
        "https://user:password@example.com/ping",
        "https:///ping",
        "https://example.com:port/ping",
        "https://example.com/ping#x",
        "https://example.com/a b",
        "ping.example.com",
    ],
)
def test_address_that_gives_the_secret_away_is_refused_and_not_shown(
    value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEARTBEAT_URL", value)

    with pytest.raises(ImproperlyConfigured, match="HEARTBEAT_URL is malformed") as refused:
        Environment(tmp_path / ".env").ping_url("HEARTBEAT_URL")
    assert value not in str(refused.value)
