"""A page that is the same for every reader is kept while it is unchanged; nobody gets another's page."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings as site_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Click
from affiliates.tracking.referral_cookie import COOKIE
from aitpro.http import kept_pages
from aitpro.http.kept_pages import MOST, SAME_FOR_ALL_READERS, KeptPages
from aitpro.logs.middleware import HEADER
from aitpro.pages.models import Page
from aitpro.traffic.counter import TrafficCounter, traffic_counter
from aitpro.traffic.models import PageDay
from privacy.evidence.served_pages import public_paths
from shop.models import Product
from tests import factories
from tests.site.pages import FORMS, MISSING, READING

pytestmark = pytest.mark.usefixtures("product")
KEPT = [address for address in READING if resolve(address).view_name in SAME_FOR_ALL_READERS]
KEPT += ["/privacy/changes/", "/terms/", "/terms/sale/", "/guide/"]


@dataclass(frozen=True)
class Answer:
    status: str
    headers: dict[str, str]
    body: bytes
    queries: int

    @property
    def is_kept(self) -> bool:
        return self.queries == 0


class Process:
    """A web process, as its server asks it."""

    def __init__(self) -> None:
        self.application = KeptPages(WSGIHandler())

    @property
    def kept(self) -> set[str]:
        return set(self.application.pages)

    def get(self, address: str, **environ: Any) -> Answer:
        path, _, query = address.partition("?")
        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "HTTP_HOST": urlsplit(site_settings.SITE_URL).netloc,
            "REMOTE_ADDR": "8.20.30.40",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            **environ,
        }
        told: list[Any] = []
        with CaptureQueriesContext(connection) as queries:
            parts = self.application(asked, lambda *start: told.extend(start))
            body = b"".join(parts)
            getattr(parts, "close", lambda: None)()
        return Answer(told[0], dict(told[1]), body, len(queries))


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def counter(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrafficCounter]:
    """Counts views, without the thread that looks up domains."""
    settings.TRAFFIC_COUNTED = True
    traffic_counter.cache_clear()
    counter = traffic_counter()
    monkeypatch.setattr(counter, "run_in_background", lambda: None)
    yield counter
    traffic_counter.cache_clear()


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Seconds that pass only where a test says so."""
    standing = Clock()
    monkeypatch.setattr(kept_pages, "time", standing)
    return standing


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A server's requests close old connections; the test's is in a transaction, and must stay."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _guide(db: None) -> None:
    Page.objects.create(slug="guide", title="Guide", text="How to.", is_published=True)


# --- what is kept ---


@pytest.mark.parametrize("address", KEPT)
def test_the_second_reader_gets_the_kept_page_without_a_query(process: Process, address: str) -> None:
    first, second = process.get(address), process.get(address)
    assert first.status == second.status == "200 OK"
    assert not first.is_kept
    assert second.is_kept
    assert first.body == second.body == Client(headers={"Host": "127.0.0.1:8000"}).get(address).content


@pytest.mark.parametrize("address", KEPT)
def test_a_kept_page_has_the_headers_of_the_page(process: Process, address: str) -> None:
    process.get(address)
    kept = process.get(address).headers
    own = Client(headers={"Host": "127.0.0.1:8000"}).get(address).headers
    differing = {HEADER, "Vary", "Content-Security-Policy"}  # the policy's directives have no order
    assert kept.items() >= {name: value for name, value in own.items() if name not in differing}.items()
    policies = [set(found["Content-Security-Policy"].split("; ")) for found in (kept, dict(own))]
    assert policies[0] == policies[1]
    assert kept["Vary"] == "Accept-Encoding, Cookie"


def test_every_page_for_readers_is_kept() -> None:
    own = {"affiliates:applied", "affiliates:referral", "contacts:thanks", "privacy:request_sent"}  # after a form
    assert {resolve(address).view_name for address in READING} - SAME_FOR_ALL_READERS == own


@pytest.mark.parametrize("address", KEPT)
def test_a_kept_page_has_no_form_that_is_sent(process: Process, address: str) -> None:
    page = BeautifulSoup(process.get(address).body, "html.parser")
    assert not page.find_all("form", method="post")
    assert b"csrfmiddlewaretoken" not in process.get(address).body


# --- for how long ---


def test_a_change_is_on_the_pages_of_all_processes_after_a_second(clock: Clock, product: Product) -> None:
    processes = Process(), Process()
    address = product.get_absolute_url()
    for process in processes:
        process.get(address)
    Product.objects.filter(pk=product.pk).update(name="BPS Pro 2")
    clock.now += kept_pages.LIFE
    for process in processes:
        assert b"BPS Pro 2" in process.get(address).body


def test_while_one_request_renders_a_page_the_others_get_the_last_one_for_a_second(
    process: Process, clock: Clock, product: Product
) -> None:
    process.get("/products/")
    Product.objects.filter(pk=product.pk).update(name="BPS Pro 2")
    clock.now += kept_pages.LIFE
    site, others = process.application.application, []

    def asked_meanwhile(*request: Any) -> Any:
        process.application.application = site
        others.append(process.get("/products/"))
        clock.now += kept_pages.RENEWING
        others.append(process.get("/products/"))
        return site(*request)

    process.application.application = asked_meanwhile
    assert b"BPS Pro 2" in process.get("/products/").body
    assert others[0].is_kept
    assert b"BPS Pro 2" not in others[0].body
    assert b"BPS Pro 2" in others[1].body


def test_of_many_who_come_at_once_one_renders(process: Process) -> None:
    rendered: list[float] = []

    def slowly(_environ: Any, start_response: Any) -> io.BytesIO:
        rendered.append(time.monotonic())
        time.sleep(0.1)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), (HEADER, "0123456789abcdef")])
        return io.BytesIO(b"The page.")

    process.application.application = slowly

    def read(_: int) -> Answer:
        try:
            return process.get("/about/")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as readers:
        answers = list(readers.map(read, range(8)))
    assert {answer.body for answer in answers} == {b"The page."}
    assert len(rendered) == 1


def test_a_page_that_took_long_is_not_kept_longer(process: Process, clock: Clock, product: Product) -> None:
    site = process.application.application

    def slowly(*request: Any) -> Any:
        found = site(*request)
        clock.now += kept_pages.LIFE
        return found

    process.application.application = slowly
    process.get("/products/")
    process.application.application = site
    assert not process.get("/products/").is_kept


def _never(*_request: Any) -> Any:
    pytest.fail("The page was rendered anew.")


@pytest.mark.parametrize("address", [address for address in KEPT if address != "/privacy/evidence/"])
def test_an_unchanged_page_is_not_rendered_again_but_looked_at(process: Process, clock: Clock, address: str) -> None:
    first = process.get(address)
    process.application.application = _never
    clock.now += kept_pages.LIFE
    looked_at = process.get(address)
    assert looked_at.body == first.body
    assert 0 < looked_at.queries <= first.queries
    assert process.get(address).is_kept


def test_a_page_that_nobody_asked_for_is_looked_at_too(process: Process, clock: Clock, product: Product) -> None:
    process.get("/products/")
    clock.now += kept_pages.LIFE + kept_pages.RENEWING + 5
    site, process.application.application = process.application.application, _never
    assert b"BPS Pro 2" not in process.get("/products/").body
    process.application.application = site
    Product.objects.filter(pk=product.pk).update(name="BPS Pro 2")
    clock.now += kept_pages.LIFE + kept_pages.RENEWING + 5
    assert b"BPS Pro 2" in process.get("/products/").body


def test_what_appears_by_the_clock_alone_is_on_the_pages_after_seconds(process: Process, clock: Clock) -> None:
    soon = timezone.now() + timedelta(seconds=1)
    Page.objects.filter(slug="guide").update(place=Page.Place.FOOTER, published_from=soon)
    assert b'href="/guide/"' not in process.get("/about/").body
    with time_machine.travel(soon, tick=False):
        clock.now += kept_pages.LONGEST
        assert b'href="/guide/"' in process.get("/about/").body


def test_the_evidence_page_is_made_of_more_than_rows_and_is_rendered_each_second(
    process: Process, clock: Clock
) -> None:
    assert process.get("/privacy/evidence/").status == "200 OK"
    process.application.application = lambda *_request: pytest.fail("rendered")
    assert process.get("/privacy/evidence/").is_kept
    clock.now += kept_pages.LIFE
    with pytest.raises(pytest.fail.Exception, match="rendered"):
        process.get("/privacy/evidence/")


def test_a_change_while_a_page_is_rendered_is_seen_at_the_next_look(
    process: Process, clock: Clock, product: Product
) -> None:
    site = process.application.application

    def changed_meanwhile(*request: Any) -> Any:
        found = site(*request)
        Product.objects.filter(pk=product.pk).update(name="BPS Pro 2")
        return found

    process.application.application = changed_meanwhile
    assert b"BPS Pro 2" not in process.get("/products/").body
    process.application.application = site
    clock.now += kept_pages.LIFE
    assert b"BPS Pro 2" in process.get("/products/").body


def test_while_the_database_is_away_there_are_no_old_pages(process: Process, clock: Clock) -> None:
    process.get("/about/")
    clock.now += kept_pages.LIFE

    def away(*_query: Any) -> Any:
        raise OperationalError("away")

    with connection.execute_wrapper(away):
        assert process.get("/about/").status == "503 Service Unavailable"
    assert process.get("/about/").status == "200 OK"


def test_a_page_that_is_gone_is_gone_after_a_second(process: Process, clock: Clock, product: Product) -> None:
    process.get(product.get_absolute_url())
    Product.objects.filter(pk=product.pk).update(is_active=False)
    clock.now += kept_pages.LIFE
    assert process.get(product.get_absolute_url()).status == "404 Not Found"
    assert process.get(product.get_absolute_url()).status == "404 Not Found"


def test_a_process_keeps_a_bounded_number_of_pages(process: Process) -> None:
    Page.objects.bulk_create(
        Page(slug=f"page-{number}", title="Page", text="Text.", is_published=True) for number in range(MOST + 5)
    )
    for number in range(MOST + 5):
        process.get(f"/page-{number}/")
    assert len(process.kept) == MOST
    assert "/page-0/" not in process.kept
    assert process.get(f"/page-{MOST + 4}/").is_kept


# --- nobody gets another's page ---


def test_who_is_signed_in_gets_their_own_page_and_leaves_none(process: Process, staff: Client) -> None:
    cookie = f"{site_settings.SESSION_COOKIE_NAME}={staff.cookies[site_settings.SESSION_COOKIE_NAME].value}"
    assert b"Sign out" in process.get("/", HTTP_COOKIE=cookie).body
    assert not process.kept
    assert b"Sign out" not in process.get("/").body
    assert b"Sign out" in process.get("/", HTTP_COOKIE=cookie).body
    assert b"Sign out" not in process.get("/").body


def test_nothing_private_is_kept(process: Process, staff: Client, product: Product) -> None:
    order = factories.order(product)
    cookie = f"{site_settings.SESSION_COOKIE_NAME}={staff.cookies[site_settings.SESSION_COOKIE_NAME].value}"
    private = {*public_paths(), *FORMS, *MISSING, order.get_absolute_url(), reverse("admin:index")}
    private -= {path for path in public_paths() if resolve(path).view_name in SAME_FOR_ALL_READERS}
    assert len(private) > 20
    for path in private:
        for sent in ({}, {"HTTP_COOKIE": cookie}):
            process.get(path, **sent)
    assert not process.kept
    for path in KEPT:
        process.get(path, HTTP_COOKIE=cookie)
    assert not process.kept


@pytest.mark.parametrize("cookie", ["anything=theirs", f"{COOKIE}=forged", "csrftoken=" + "a" * 32])
def test_a_reader_with_a_cookie_gets_the_kept_page_and_leaves_none(process: Process, cookie: str) -> None:
    process.get("/about/", HTTP_COOKIE=cookie)
    assert not process.kept
    process.get("/about/")
    assert process.get("/about/", HTTP_COOKIE=cookie).is_kept


@pytest.mark.parametrize(
    "sent",
    [
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"HTTP_FORWARDED": "host=evil.example;proto=https"},
        {"HTTP_X_ORIGINAL_URL": "/admin/"},
        {"HTTP_X_REWRITE_URL": "/admin/"},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"},
        {"HTTP_USER_AGENT": "<script>evil</script>"},
        {"HTTP_ACCEPT_LANGUAGE": "de"},
        {"HTTP_REFERER": "https://evil.example/"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_AUTHORIZATION": "Basic ZXZpbDpldmls"},
        {"HTTP_SEC_GPC": "1"},
        {"HTTP_DNT": "1"},
        {"HTTP_SEC_PURPOSE": "prefetch"},
        {"HTTP_RANGE": "bytes=0-9"},
        {"HTTP_ACCEPT_ENCODING": "gzip"},
        {"HTTP_X_REQUEST_ID": "0123456789abcdef"},
        {"REMOTE_ADDR": "203.0.113.9"},
        {"SERVER_NAME": "evil.example", "SERVER_PORT": "1"},
    ],
    ids=lambda sent: next(iter(sent)).lower(),
)
def test_nobody_can_poison_the_kept_page(sent: dict[str, str]) -> None:
    for address in ("/", "/privacy/", "/products/bps-pro/", "/affiliates/"):
        clean, poisoned = Process(), Process()
        poisoned.get(address, **sent)
        expected, found = clean.get(address), poisoned.get(address)
        assert found.is_kept
        assert found.body == expected.body
        assert b"evil" not in found.body + str(found.headers).encode()


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/?utm_source=x", {}),
        ("/?ref=NOBODY", {}),
        ("/", {"HTTP_HOST": "localhost:8000"}),
        ("/", {"HTTP_HOST": "127.0.0.1"}),
        ("/", {"HTTP_HOST": "evil.example"}),
        ("/", {"REQUEST_METHOD": "HEAD"}),
        ("/", {"REQUEST_METHOD": "POST"}),
        ("/", {"wsgi.url_scheme": "https"}),
        ("/", {"HTTP_X_FORWARDED_PROTO": "https"}),
        ("/", {"SCRIPT_NAME": "/evil"}),
    ],
)
def test_what_differs_from_a_plain_request_is_neither_kept_nor_answered_so(
    process: Process, address: str, sent: dict[str, str]
) -> None:
    process.get(address, **sent)
    assert not process.kept
    kept = process.get("/")
    other = process.get(address, **sent)
    assert "ETag" not in other.headers
    assert other.headers != kept.headers


def test_behind_a_trusted_proxy_only_the_https_page_is_kept(settings: Settings) -> None:
    settings.SITE_URL, settings.HTTPS, settings.SECURE_SSL_REDIRECT = "https://shop.example", True, True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["shop.example"]
    settings.TRUSTED_PROXIES = [ip_network("8.20.30.0/24")]
    process, host = Process(), {"HTTP_HOST": "shop.example"}
    assert process.get("/about/", **host).status == "301 Moved Permanently"
    stranger = {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https"}
    assert process.get("/about/", **host, **stranger).status != "200 OK"
    assert not process.kept
    assert process.get("/about/", **host, HTTP_X_FORWARDED_PROTO="https").status == "200 OK"
    assert process.get("/about/", **host, HTTP_X_FORWARDED_PROTO="https").is_kept
    assert process.get("/about/", **host).status == "301 Moved Permanently"
    assert process.get("/about/", **host, **stranger).status != "200 OK"


# --- what still happens for each reader ---


def test_each_answer_has_an_id_of_its_own(process: Process) -> None:
    assert len({process.get("/").headers[HEADER] for _ in range(5)}) == 5


def test_every_reader_is_counted_once(counter: TrafficCounter, process: Process) -> None:
    for _ in range(3):
        process.get("/about/")
    process.get("/about/", HTTP_SEC_PURPOSE="prefetch")
    counter.write()
    assert list(PageDay.objects.values_list("page", "views")) == [("/about/", 3)]


def test_an_affiliates_link_to_a_kept_page_is_a_click(process: Process, alice: Affiliate) -> None:
    process.get("/about/")
    answer = process.get("/about/?ref=DEMO", HTTP_USER_AGENT="Mozilla/5.0")
    assert COOKIE in answer.headers["Set-Cookie"]
    assert Click.objects.count() == 1
    assert "Set-Cookie" not in process.get("/about/").headers


def test_a_kept_page_is_compressed_for_who_accepts_that(process: Process) -> None:
    plain, packed = process.get("/about/"), process.get("/about/", HTTP_ACCEPT_ENCODING="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body)
    assert "Content-Encoding" not in plain.headers


def test_a_reader_who_has_the_page_gets_a_304(counter: TrafficCounter, process: Process) -> None:
    etag = process.get("/about/").headers["ETag"]
    again = process.get("/about/", HTTP_IF_NONE_MATCH=f'"old", {etag}')
    assert again.status == "304 Not Modified"
    assert again.body == b""
    assert again.headers["ETag"] == etag
    assert not again.headers.keys() & {"Content-Type", "Content-Length", "Content-Encoding"}
    assert process.get("/about/", HTTP_IF_NONE_MATCH='"old"').status == "200 OK"
    counter.write()
    assert PageDay.objects.get().views == 3


def test_a_changed_page_has_another_etag(process: Process, clock: Clock, product: Product) -> None:
    before = process.get("/products/").headers["ETag"]
    Product.objects.filter(pk=product.pk).update(name="BPS Pro 2")
    clock.now += kept_pages.LIFE
    after = process.get("/products/", HTTP_IF_NONE_MATCH=before)
    assert after.status == "200 OK"
    assert after.headers["ETag"] != before
