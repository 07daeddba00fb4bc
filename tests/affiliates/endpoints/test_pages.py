"""The portal's pages of endpoints: adding, the secret that is shown once, the buttons, and everybody else's hands."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from affiliates.endpoints.managing import EndpointRefused, add_endpoint
from affiliates.endpoints.verify_event import verify
from affiliates.membership.account_state import close_affiliate
from affiliates.models import CHOSEN, MOST_ENDPOINTS, Affiliate, Endpoint, EndpointAttempt, EndpointDelivery, EventKind
from affiliates.portal.endpoints import SENDINGS_PER_HOUR
from privacy.models.submitted_form import SubmittedForm
from privacy.web.idempotency import form_key
from privacy.web.public_https import SPECIAL_NAMES
from shop.models import Product
from tests.affiliates.sales import sale
from tests.cast import signed_in
from tests.worker import run_due_tasks

from .receiver import NAME, Receiver

pytestmark = pytest.mark.usefixtures("clock")

ENDPOINTS = "/affiliates/portal/endpoints/"
URL = f"https://{NAME}/sales"
MINUTE = timedelta(minutes=1)
FORM = {"url": URL, "kinds": ["commission.created", "payout.paid"]}


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def secret_on(response: Any) -> str:
    box = BeautifulSoup(response.content, "html.parser").find(id="secret")
    return box.get_text() if box else ""


def page_of(endpoint: Endpoint, button: str = "") -> str:
    return f"{ENDPOINTS}{endpoint.pk}/{button}"


@pytest.fixture
def browser(alice: Affiliate) -> Client:
    return signed_in(alice.user)


def test_added_endpoint_gets_a_signed_test_event(browser: Client, server: Receiver) -> None:
    secret = secret_on(browser.post(ENDPOINTS, FORM))
    endpoint = Endpoint.objects.get()
    shown = text(browser.post(page_of(endpoint, "test/"), follow=True))
    assert "A test event is on its way" in shown
    run_due_tasks()
    [request] = server.requests
    event = verify(secret, request.headers, request.body)
    assert event == {
        "type": "endpoint.test",
        "timestamp": "2026-03-02T00:00:00Z",
        "data": {"id": str(endpoint.pk)},
    }
    assert "def verify(secret: str" in text(browser.get(ENDPOINTS))
    shown = text(browser.get(page_of(endpoint)))
    assert "endpoint.test" in shown
    assert "204, accepted" in shown


def test_failed_test_is_not_repeated_and_can_be_sent_again(
    clock: time_machine.Traveller, browser: Client, server: Receiver
) -> None:
    browser.post(ENDPOINTS, FORM)
    endpoint = Endpoint.objects.get()
    server.answers(404)
    browser.post(page_of(endpoint, "test/"))
    run_due_tasks()
    shown = text(browser.get(page_of(endpoint) + "?state=dead"))
    assert "404, another status code than 2xx" in shown
    assert "failed event again" not in shown
    assert "failed events again" not in shown
    server.answers(200)
    clock.shift(MINUTE)
    assert "No event has failed" in text(browser.post(page_of(endpoint, "again/"), follow=True))
    again = page_of(endpoint, f"events/{EndpointDelivery.objects.get().event_id}/again/")
    assert "The event is sent again" in text(browser.post(again, follow=True))
    run_due_tasks()
    assert len({request.headers["webhook-id"] for request in server.requests}) == 1
    assert [request.headers["webhook-id"] for request in server.requests] == [
        EndpointDelivery.objects.get().message_id
    ] * 2


def test_one_event_is_sent_again(browser: Client, server: Receiver) -> None:
    browser.post(ENDPOINTS, FORM)
    endpoint = Endpoint.objects.get()
    browser.post(page_of(endpoint, "test/"))
    again = page_of(endpoint, f"events/{EndpointDelivery.objects.get().event_id}/again/")
    assert "already being sent" in text(browser.post(again, follow=True))
    run_due_tasks()
    assert "The event is sent again" in text(browser.post(again, follow=True))
    run_due_tasks()
    assert len(server.requests) == 2


def test_secret_is_shown_once(browser: Client) -> None:
    secret = secret_on(browser.post(ENDPOINTS, FORM))
    endpoint = Endpoint.objects.get()
    assert (secret, len(secret)) == (endpoint.secret, 50)
    for address in (ENDPOINTS, page_of(endpoint)):
        assert secret not in browser.get(address).content.decode()
    replaced = secret_on(browser.post(page_of(endpoint, "secret/")))
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.previous_secret) == (replaced, secret)
    assert replaced not in browser.get(page_of(endpoint)).content.decode()


def test_secret_and_address_are_nowhere_in_clear(browser: Client) -> None:
    secret = secret_on(browser.post(ENDPOINTS, FORM))
    with connection.cursor() as cursor:
        for table in (
            "affiliates_endpoint",
            "privacy_auditentry",
            "privacy_submittedform",
            "django_tasks_database_dbtaskresult",
        ):
            if table in connection.introspection.table_names():
                cursor.execute(f"SELECT * FROM {table}")
                rows = repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()])
                assert secret not in rows
                assert NAME not in rows


def rendered(browser: Client, address: str, button: str) -> dict[str, str]:
    """The fields that a rendering of a form has by itself."""
    page = BeautifulSoup(browser.get(address).content, "html.parser")
    form = next(form for form in page.select("main form") if button in form.get_text())
    return {str(field["name"]): str(field["value"]) for field in form.select("input[type=hidden]")}


def test_form_sent_twice_adds_one_endpoint_and_shows_its_secret_once(alice: Affiliate) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice.user)
    form = {**FORM, **rendered(browser, ENDPOINTS, "Add this endpoint")}
    assert_shown_once(browser, ENDPOINTS, form)
    replace = page_of(Endpoint.objects.get(), "secret/")
    token = rendered(browser, page_of(Endpoint.objects.get()), "Replace the secret")
    assert_shown_once(browser, replace, token)


def assert_shown_once(browser: Client, address: str, form: dict[str, Any]) -> None:
    first, second = (browser.post(address, form) for _ in range(2))
    secret = secret_on(first)
    assert secret == Endpoint.objects.get().secret
    assert "can’t be shown again" not in text(first)
    assert "can’t be shown again" in text(second)
    assert "whsec_" not in second.content.decode()
    key = form_key(first.wsgi_request)
    assert key is not None
    status, headers, cookies, stored = json.loads(
        key.open(bytes(SubmittedForm.objects.get(digest=key.digest).answer or b""))
    )
    assert b64decode(stored) == second.content
    assert secret not in str([status, headers, cookies])


def test_same_address_is_added_once(browser: Client) -> None:
    browser.post(ENDPOINTS, FORM)
    shown = text(browser.post(ENDPOINTS, {**FORM, "url": f"https://{NAME.upper()}:443/sales"}))
    assert "You already have an endpoint with this address" in shown
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "Enter the address"),
        ("hooks", "starts with https://"),
        ("http://hooks.example.com/", "starts with https://"),
        ("javascript:alert(1)", "starts with https://"),
        ("https://", "starts with https://"),
        ("https://[::1", "Enter a complete address"),
        ("https://hooks.example.com:x/", "Enter a complete address"),
        ("https://hooks.example.com:8443/", "Only port 443"),
        ("https://user:password@hooks.example.com/", "user name or a password"),
        ("https://hooks.example.com/#part", "the part from #"),
        ("https://169.254.169.254/latest/meta-data", "no IP address"),
        ("https://127.1/", "no IP address"),
        ("https://2130706433/", "no IP address"),
        ("https://0x7f.0x1/", "no IP address"),
        ("https://１２７.0.0.1/", "no IP address"),  # noqa: RUF001
        ("https://[::1]/", "name of the server is not valid"),
        ("https://localhost/", "no IP address"),
        ("https://hooks..example.com/", "name of the server is not valid"),
        ("https://hooks.example.com\\@evil.example/", "backslashes"),
        ("https://hooks.example.com/a b", "spaces"),
        ("https://hooks.example.com/" + "x" * 500, "It may have 500 characters."),
        ("https://hooks.example.com/" + "x" * 5000, "It may have 500 characters."),
        *((f"https://hooks.{ending}/", "leads to no public server") for ending in sorted(SPECIAL_NAMES)),
        ("https://Router.LOCAL./", "leads to no public server"),
        ("https://printer.home.arpa/", "leads to no public server"),
        ("https://hooks.example.com/4111111111111111", "card number"),
    ],
)
def test_address_that_cannot_be_used_is_refused(browser: Client, url: str, told: str) -> None:
    response = browser.post(ENDPOINTS, {**FORM, "url": url})
    shown = BeautifulSoup(response.content, "html.parser")
    assert told in shown.get_text()
    field = shown.find("input", {"name": "url"})
    assert field is not None
    assert str(field.get("value", "")) == url
    assert [box["value"] for box in shown.select("input[name=kinds][checked]")] == FORM["kinds"]
    assert Endpoint.objects.count() == 0


def test_international_name_is_stored_in_ascii(browser: Client) -> None:
    browser.post(ENDPOINTS, {**FORM, "url": "https://Straße.example.com/verkäufe?von=Köln"})
    assert Endpoint.objects.get().url == "https://xn--strae-oqa.example.com/verk%C3%A4ufe?von=K%C3%B6ln"


def test_at_least_one_known_event_is_chosen(browser: Client) -> None:
    for kinds in ([], ["order.placed"], ["endpoint.test"]):
        assert browser.post(ENDPOINTS, {"url": URL, "kinds": kinds}).status_code == 200
    assert Endpoint.objects.count() == 0


def test_events_can_be_chosen_anew(browser: Client) -> None:
    browser.post(ENDPOINTS, FORM)
    endpoint = Endpoint.objects.get()
    assert "Saved." in text(browser.post(page_of(endpoint), {"kinds": ["payout.failed"]}, follow=True))
    endpoint.refresh_from_db()
    assert endpoint.chosen == [EventKind.PAYOUT_FAILED]
    assert "Choose at least one event" in text(browser.post(page_of(endpoint), {}))


def test_affiliate_has_a_handful_of_endpoints(browser: Client, alice: Affiliate) -> None:
    for number in range(MOST_ENDPOINTS):
        add_endpoint(affiliate=alice, url=f"{URL}/{number}", kinds=CHOSEN)
    assert "which is the maximum" in text(browser.post(ENDPOINTS, FORM))
    assert Endpoint.objects.count() == MOST_ENDPOINTS
    assert "Add this endpoint" not in text(browser.get(ENDPOINTS))


@pytest.mark.django_db(transaction=True)
def test_limit_holds_for_forms_sent_at_once(alice: Affiliate) -> None:
    for number in range(MOST_ENDPOINTS - 1):
        add_endpoint(affiliate=alice, url=f"{URL}/{number}", kinds=CHOSEN)

    def add(number: int) -> None:
        try:
            add_endpoint(affiliate=alice, url=f"{URL}/at-once/{number}", kinds=CHOSEN)
        except EndpointRefused:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Endpoint.objects.count() == MOST_ENDPOINTS


def test_pause_and_resume(browser: Client) -> None:
    browser.post(ENDPOINTS, FORM)
    endpoint = Endpoint.objects.get()
    assert "is paused" in text(browser.post(page_of(endpoint, "pause/"), follow=True))
    assert "Resume it first" in text(browser.post(page_of(endpoint, "test/"), follow=True))
    assert EndpointDelivery.objects.count() == 0
    assert "is active" in text(browser.post(page_of(endpoint, "resume/"), follow=True))


def test_deleted_endpoint_takes_its_events_along(browser: Client, server: Receiver) -> None:
    browser.post(ENDPOINTS, FORM)
    endpoint = Endpoint.objects.get()
    browser.post(page_of(endpoint, "test/"))
    assert "are deleted" in text(browser.post(page_of(endpoint, "delete/"), follow=True))
    run_due_tasks()
    assert Endpoint.objects.count() == EndpointDelivery.objects.count() == len(server.requests) == 0
    assert browser.post(page_of(endpoint, "delete/")).status_code == 404


def test_sending_by_hand_is_limited(browser: Client, endpoint: Endpoint) -> None:
    for _ in range(SENDINGS_PER_HOUR):
        browser.post(page_of(endpoint, "test/"))
        EndpointDelivery.objects.update(state="delivered")
    assert "You have sent a lot" in text(browser.post(page_of(endpoint, "test/"), follow=True))
    assert EndpointDelivery.objects.count() == SENDINGS_PER_HOUR


def test_tests_of_a_failing_server_are_a_minute_apart(
    clock: time_machine.Traveller, browser: Client, endpoint: Endpoint, server: Receiver
) -> None:
    server.answers(500)
    for _ in range(10):
        shown = text(browser.post(page_of(endpoint, "test/"), follow=True))
        run_due_tasks()
    assert "Your server didn't accept the last event. Try again in a minute." in shown
    assert (len(server.requests), EndpointDelivery.objects.count()) == (1, 1)
    event = page_of(endpoint, f"events/{EndpointDelivery.objects.get().event_id}/again/")
    for way_around in ("pause/", "resume/"):
        browser.post(page_of(endpoint, way_around))
    for button in (event, page_of(endpoint, "test/")):
        assert "Try again in a minute" in text(browser.post(button, follow=True))
    run_due_tasks()
    assert len(server.requests) == 1
    clock.shift(MINUTE)
    server.answers(200)
    assert "A test event is on its way" in text(browser.post(page_of(endpoint, "test/"), follow=True))
    run_due_tasks()
    assert len(server.requests) == 2
    assert "A test event is on its way" in text(browser.post(page_of(endpoint, "test/"), follow=True))


def test_failed_events_are_sent_again_by_hand_a_minute_apart(
    clock: time_machine.Traveller, browser: Client, endpoint: Endpoint, server: Receiver, product: Product
) -> None:
    for _ in range(2):
        sale(endpoint.affiliate, product)
    EndpointDelivery.objects.update(state="dead")
    server.answers(500)
    assert "Send all 2 failed events again" in text(browser.get(page_of(endpoint)))
    for _ in range(5):
        browser.post(page_of(endpoint, "again/"))
        run_due_tasks()
        EndpointDelivery.objects.update(state="dead")
    assert len(server.requests) == 1
    EndpointDelivery.objects.first().delete()  # type: ignore[union-attr]
    assert "Send the failed event again" in text(browser.get(page_of(endpoint)))
    clock.shift(MINUTE)
    assert "1 event is sent again" in text(browser.post(page_of(endpoint, "again/"), follow=True))
    run_due_tasks()
    assert len(server.requests) == 2


def test_a_failed_test_leaves_the_whole_endpoint_alone_for_a_minute(
    clock: time_machine.Traveller, browser: Client, endpoint: Endpoint, server: Receiver
) -> None:
    server.answers(500)
    browser.post(page_of(endpoint, "test/"))
    run_due_tasks()
    endpoint.refresh_from_db()
    assert not Endpoint.objects.ready(timezone.now()).exists()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)
    clock.shift(MINUTE)
    assert Endpoint.objects.ready(timezone.now()).exists()


def test_one_test_is_on_its_way_at_a_time(browser: Client, endpoint: Endpoint, server: Receiver) -> None:
    browser.post(page_of(endpoint, "test/"))
    assert "A test event is already on its way" in text(browser.post(page_of(endpoint, "test/"), follow=True))
    run_due_tasks()
    assert len(server.requests) == 1


@pytest.mark.parametrize("button", ["", "test/", "pause/", "resume/", "secret/", "delete/", "again/"])
def test_rival_can_do_nothing_with_an_endpoint(endpoint: Endpoint, erin: Affiliate, button: str) -> None:
    before = Endpoint.objects.values().get()
    for method in ("get", "post"):
        response = getattr(signed_in(erin.user), method)(page_of(endpoint, button), {"kinds": ["payout.paid"]})
        assert response.status_code in {404, 405}
    assert Endpoint.objects.values().get() == before
    assert EndpointDelivery.objects.count() == 0


def test_event_of_another_endpoint_is_not_sent_again(endpoint: Endpoint, erin: Affiliate, product: Product) -> None:
    """Neither at one's own endpoint under another's event, nor the other way round."""
    sale(endpoint.affiliate, product)
    delivery = EndpointDelivery.objects.get()
    EndpointDelivery.objects.update(state="dead")
    own = add_endpoint(affiliate=erin, url=URL, kinds=CHOSEN)
    browser = signed_in(erin.user)
    for target in (own, endpoint):
        assert browser.post(page_of(target, f"events/{delivery.event_id}/again/")).status_code == 404
    browser.post(page_of(own, "again/"))
    delivery.refresh_from_db()
    assert delivery.state == "dead"


def test_suspended_affiliate_adds_no_endpoint_and_keeps_the_others(browser: Client, endpoint: Endpoint) -> None:
    Affiliate.objects.update(state="suspended")
    assert "Add this endpoint" not in text(browser.get(ENDPOINTS))
    assert "only while your account is active" in text(browser.post(ENDPOINTS, FORM))
    assert Endpoint.objects.count() == 1
    assert "is paused" in text(browser.post(page_of(endpoint, "pause/"), follow=True))


def test_endpoints_end_with_the_account(endpoint: Endpoint, product: Product) -> None:
    sale(endpoint.affiliate, product)
    close_affiliate(affiliate=endpoint.affiliate, actor=endpoint.affiliate.user)
    assert Endpoint.objects.count() == EndpointDelivery.objects.count() == 0


def test_page_costs_the_same_with_many_events(
    browser: Client, endpoint: Endpoint, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def fill(count: int) -> None:
        for _ in range(count):
            delivery = EndpointDelivery.objects.create(
                endpoint=endpoint, kind="payout.paid", body="{}", day=timezone.now().date(), state="dead"
            )
            EndpointAttempt.objects.create(
                delivery=delivery, started_at=timezone.now(), outcome="timed_out", milliseconds=10_000
            )

    fill(1)
    with CaptureQueriesContext(connection) as queries:
        browser.get(page_of(endpoint))
    fill(60)
    with django_assert_num_queries(len(queries)):
        response = browser.get(page_of(endpoint))
    assert len(BeautifulSoup(response.content, "html.parser").select("tbody tr")) == 50


def test_events_within_a_day_are_in_no_order_of_time(
    clock: time_machine.Traveller, browser: Client, endpoint: Endpoint, product: Product
) -> None:
    for _ in range(8):
        sale(endpoint.affiliate, product)
        clock.shift(60)
    shown = text(browser.get(page_of(endpoint)))
    numbers = sorted((row.message_id for row in EndpointDelivery.objects.all()), reverse=True)
    assert sorted(numbers, key=shown.index) == numbers


def test_archive_has_the_address_and_no_secret(endpoint: Endpoint, product: Product, tmp_path: Any) -> None:
    sale(endpoint.affiliate, product)
    call_command("export_person", "alice@example.com", "--out", str(tmp_path / "archive.zip"))
    with ZipFile(tmp_path / "archive.zip") as archive:
        found = "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    assert NAME in found
    assert str(endpoint.secret) not in found
