"""`/metrics` counts requests of all processes by names of this program, and says nothing of anybody."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as site
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from affiliates.models import Affiliate
from aitpro import housekeeping
from aitpro.health import gauges, request_metrics
from aitpro.housekeeping import housekeep
from contacts.inquiries.workflow import receive_inquiry
from contacts.models import Inquiry
from privacy.models import Heartbeat
from privacy.web.rate_limits import has_room
from shop.models import Product
from tests.affiliates.sales import sale

TOKEN = "only-for-tests-and-long-enough"
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def counted(settings: Settings, tmp_path: Path, working: None) -> Iterator[None]:
    """This process counts, in a folder of its own."""
    settings.METRICS_TOKEN, settings.DATA_DIR = TOKEN, tmp_path
    request_metrics._metrics.cache_clear()
    yield
    request_metrics._metrics.cache_clear()


@pytest.fixture
def visitor(counted: None) -> Client:
    """Made after the setting, which decides on the middleware."""
    return Client()


def scrape(client: Client) -> str:
    response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return response.content.decode()


def figures(text: str) -> Figures:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(client: Client, name: str, **labels: str) -> float | None:
    return figures(scrape(client)).get((f"aitpro_{name}", frozenset(labels.items())))


@pytest.mark.django_db
def test_there_are_no_metrics_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_metrics_need_the_token(visitor: Client, sent: str | None) -> None:
    response = visitor.get("/metrics", headers={} if sent is None else {"Authorization": sent})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"aitpro_" not in response.content


def test_token_is_not_accepted_unencrypted_from_elsewhere(visitor: Client, settings: Settings) -> None:
    settings.HTTPS = True
    authorization = {"Authorization": f"Bearer {TOKEN}"}
    assert visitor.get("/metrics", headers=authorization).status_code == 200
    assert visitor.get("/metrics", headers=authorization, REMOTE_ADDR="203.0.113.7").status_code == 403
    assert visitor.get("/metrics", headers=authorization, REMOTE_ADDR="203.0.113.7", secure=True).status_code == 200


def test_requests_are_counted_by_route_method_and_kind_of_status(visitor: Client) -> None:
    visitor.get("/about/")
    visitor.get("/about/")
    visitor.head("/about/")
    visitor.get("/nowhere/")
    visitor.put("/about/")
    visitor.get("/admin/shop/order/")
    text = scrape(visitor)
    found = figures(text)

    def requests(route: str, method: str, status: str) -> float | None:
        labels = {"route": route, "method": method, "status": status}
        return found.get(("aitpro_requests_total", frozenset(labels.items())))

    assert requests("site:about", "GET", "2xx") == 2
    assert requests("site:about", "HEAD", "2xx") == 1
    assert requests("pages:page", "GET", "4xx") == 1
    assert requests("site:about", "other", "4xx") == 1
    assert requests("admin", "GET", "3xx") == 1
    assert found["aitpro_request_seconds_count", frozenset({("area", "site")})] == 4


def test_nothing_that_is_sent_becomes_a_label(visitor: Client, alice: Affiliate, product: Product) -> None:
    sale(alice, product)
    receive_inquiry(
        inquiry=Inquiry(name="Canary7f3a", email="canary7f3a@example.com", message="Canary7f3a?"), held=False
    )
    for path in (
        "/canary7f3a/",
        "/go/canary7f3a/",
        "/orders/canary7f3a/",
        "/static/canary7f3a.css",
        "/products/canary7f3a/",
    ):
        visitor.get(f"{path}?ref=canary7f3a&canary7f3a=1", headers={"User-Agent": "canary7f3a", "Referer": path})
        visitor.generic("CANARY7F3A", path)
        visitor.post(path, {"canary7f3a": "canary7f3a"}, headers={"Cookie": "canary7f3a=canary7f3a"})
    text = scrape(visitor)
    assert 'route="affiliates:go"' in text
    assert "canary7f3a" not in text.lower()
    for personal in ("alice@", "carol@", "127.0.0.1", "DEMO", TOKEN, str(product.slug)):
        assert personal not in text


def test_labels_are_bounded(visitor: Client) -> None:
    for number in range(300):
        visitor.generic(f"METHOD{number}", "/about/")
        visitor.get(f"/go/CODE{number}/")
        visitor.get(f"/no/such/{number}/page")
    assert len(re.findall("^aitpro_requests_total", scrape(visitor), re.MULTILINE)) < 10


def test_reached_limits_are_counted_by_their_name(visitor: Client) -> None:
    cache.clear()
    visitor.get("/about/")  # this process begins to count
    for _ in range(3):
        has_room("order page", "alice@example.com", slots=1, now=timezone.now())
    text = scrape(visitor)
    assert 'aitpro_limits_reached_total{limit="order page"} 2.0' in text
    assert "alice" not in text


def test_jobs_are_timed_and_their_failures_counted(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: datetime) -> int:
        raise RuntimeError

    jobs = {"mails due": housekeeping.Job(lambda now: 0), "payments updated": housekeeping.Job(fail)}
    monkeypatch.setattr(housekeeping, "JOBS", jobs)
    for _ in range(2):
        housekeep(now=timezone.now())
    found = figures(scrape(visitor))
    for job, failed, failures in (("mails due", 0, 0), ("payments updated", 1, 2)):
        label = frozenset({("job", job)})
        assert found["aitpro_job_failed", label] == failed
        assert found["aitpro_job_failures_total", label] == failures
        assert found["aitpro_job_seconds", label] >= 0
        assert found["aitpro_job_age_seconds", label] == 0


def test_ages_say_how_long_nothing_ran(visitor: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=20))
    assert figure(visitor, "housekeeping_age_seconds") == 1200
    assert figure(visitor, "part_up", part="housekeeping") == 0
    assert figure(visitor, "part_up", part="database") == 1


def test_backup_has_no_age_before_the_first(visitor: Client) -> None:
    assert figure(visitor, "backup_age_seconds") is None
    Heartbeat.objects.create(name="backup", at=timezone.now() - timedelta(hours=3))
    assert figure(visitor, "backup_age_seconds") == 3 * 3600


def test_figures_that_can_not_be_read_leave_the_others(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: datetime) -> Iterator[gauges.Family]:
        raise OSError

    monkeypatch.setattr(gauges, "_FROM_DATABASE", (fail, *gauges._FROM_DATABASE))
    assert figure(visitor, "payments_open") == 0


def test_full_disk_turns_counting_off_and_nothing_else(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert visitor.get("/about/").status_code == 200
    text = scrape(visitor)
    assert "aitpro_part_up" in text
    assert "aitpro_requests_total" not in text
    assert "requests are not counted: OSError" in caplog.text


COUNTS = """
import sys
from pathlib import Path
from aitpro.health.request_metrics import RequestMetrics
metrics = RequestMetrics(Path(sys.argv[1]))
metrics.requests.labels("a", "GET", "2xx").inc()
print("counted", flush=True)
sys.stdin.read()
"""


def counting_process(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{COUNTS}", str(folder)],
        cwd=site.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"counted\n"
    return process


@pytest.mark.slow
def test_processes_add_up_and_their_successors_take_their_places(tmp_path: Path, settings: Settings) -> None:
    """However often workers are replaced, also by `kill -9`, no count is lost and no file is added."""
    settings.DATA_DIR = tmp_path.parent
    folder = tmp_path / "metrics"
    first, second = counting_process(folder), counting_process(folder)
    second.kill()
    second.wait()
    third = counting_process(folder)
    files = sorted(path.name for path in folder.glob("*.db"))
    assert files == ["counter_0.db", "counter_1.db", "histogram_0.db", "histogram_1.db"]
    collected = MultiProcessCollector(None, path=str(folder)).collect()  # type: ignore[no-untyped-call]
    assert [sample.value for metric in collected for sample in metric.samples if sample.labels] == [3]
    for process in (first, third):
        process.kill()
        process.wait()
    last = counting_process(folder)  # alone: it begins anew
    collected = MultiProcessCollector(None, path=str(folder)).collect()  # type: ignore[no-untyped-call]
    assert [sample.value for metric in collected for sample in metric.samples if sample.labels] == [1]
    last.kill()
    last.wait()
    assert folder.stat().st_mode & 0o777 == 0o700
    for process in (first, second, third, last):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
