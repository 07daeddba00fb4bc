"""Pages for when something is wrong: plain words, a way on, no trace."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from contacts.models import Inquiry
from shop.models import Product
from tests.site.pages import MISSING


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A visitor of a site whose front page fails."""

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("carol@example.org could not be served")

    monkeypatch.setattr("aitpro.pages.views.HomeView.get_context_data", fail)
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.parametrize("address", MISSING)
def test_a_missing_page_says_so(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    page = BeautifulSoup(response.content, "html.parser")
    assert [h1.get_text() for h1 in page.find_all("h1")] == ["This page isn't here"]
    assert {"/", "/contact/"} <= {str(link["href"]) for link in page.find_all("a")}


def test_a_mistake_of_ours_says_so_and_shows_no_trace(broken: Client) -> None:
    response = broken.get("/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong on our side" in page
    for secret in ("Traceback", "RuntimeError", "carol@example.org"):
        assert secret not in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_broken_page_does_not_break_the_others(broken: Client) -> None:
    assert broken.get("/").status_code == 500
    assert broken.get("/contact/").status_code == 200


@pytest.mark.django_db
def test_a_method_that_an_address_does_not_take_gets_a_page_with_a_way_on(client: Client) -> None:
    response = client.post("/services/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert int(response.headers["Content-Length"]) == len(response.content) > 500
    page = BeautifulSoup(response.content, "html.parser")
    assert [h1.get_text() for h1 in page.find_all("h1")] == ["This address can't be used this way"]
    assert {"/", "/contact/"} <= {str(link["href"]) for link in page.find_all("a")}
    assert client.head("/paypal/webhook/").status_code == 405


@pytest.mark.parametrize("method", ["PUT", "TRACE"])
def test_pages_of_refused_requests_may_load_their_design(client: Client, method: str) -> None:
    response = client.generic(method, "/")
    assert "aitpro/areas/site.css" in response.content.decode()
    assert "style-src 'self'" in response.headers["Content-Security-Policy"]


@contextmanager
def failing(error: Exception) -> Iterator[None]:
    def fail(*args: object) -> NoReturn:
        raise OperationalError("the server at 10.0.0.5 does not answer") from error

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/products/bps-pro/", "/orders/1/"])
def test_a_database_that_is_away_is_maintenance(address: str, caplog: pytest.LogCaptureFixture) -> None:
    visitor = Client(raise_request_exception=False)
    with failing(ConnectionRefusedError("carol@example.org")):
        response = visitor.get(address)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    page = response.content.decode()
    assert "We'll be back in a moment" in page.replace("&#x27;", "'")
    for secret in ("10.0.0.5", "carol@example.org", "Traceback", "OperationalError"):
        assert secret not in page
    assert {record.levelname for record in caplog.records if record.name == "django.request"} == {"WARNING"}
    assert visitor.get("/services/").status_code == 200


@pytest.mark.django_db
def test_a_mistake_in_a_query_is_no_maintenance(client: Client) -> None:
    error = sqlite3.OperationalError("no such table")
    error.sqlite_errorcode = sqlite3.SQLITE_ERROR
    with failing(error):
        assert Client(raise_request_exception=False).get("/").status_code == 500


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


TYPED = {"kind": "question", "name": "Dave", "email": "dave@example.org", "message": "A long text, typed once."}
HERE = {"Origin": "http://testserver"}


def form_of(client: Client, address: str) -> dict[str, str]:
    form = BeautifulSoup(client.get(address).content, "html.parser").select_one("main form")
    assert form
    return {str(field["name"]): str(field.get("value", "")) for field in form.select("input[type=hidden]")}


@pytest.mark.django_db
def test_form_typed_while_the_database_is_away_is_sent_again_with_its_own_token() -> None:
    dave = Client(raise_request_exception=False, enforce_csrf_checks=True)
    form = form_of(dave, "/contact/") | TYPED
    with failing(ConnectionRefusedError()):
        response = dave.post("/contact/", form, headers=HERE)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "no-store" in response.headers["Cache-Control"]
    page = BeautifulSoup(response.content, "html.parser")
    assert TYPED["message"] in page.get_text()
    assert form["csrfmiddlewaretoken"] not in page.get_text()
    again = {str(field["name"]): str(field["value"]) for field in page.select("main form input")}
    assert again == form  # also the token: the form has not changed, and counts once
    assert [dave.post("/contact/", again, headers=HERE).status_code for _ in range(2)] == [302, 302]
    assert [inquiry.message for inquiry in Inquiry.objects.all()] == [TYPED["message"]]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [{"email": "a@example.org", "password": "correct horse"}, {"code": "123456"}])
def test_secrets_typed_while_the_database_is_away_are_not_shown(typed: dict[str, str]) -> None:
    visitor = Client(raise_request_exception=False)
    with failing(ConnectionRefusedError()):
        response = visitor.post("/accounts/login/", typed, headers=HERE)
    assert response.status_code == 503
    page = response.content.decode()
    assert "Please try again in a minute" in page
    assert not {"correct horse", "123456"} & {value for value in typed.values() if value in page}
    assert "<form" not in page


@pytest.mark.django_db
def test_what_another_site_sent_while_the_database_is_away_is_not_shown() -> None:
    visitor = Client(raise_request_exception=False)
    with failing(ConnectionRefusedError()):
        response = visitor.post("/contact/", TYPED, headers={"Origin": "https://evil.example"})
    assert response.status_code == 503
    assert TYPED["message"] not in response.content.decode()


def test_checkout_that_is_sent_again_may_lead_to_paypal(product: Product) -> None:
    carol = Client(raise_request_exception=False)
    with failing(ConnectionRefusedError()):
        response = carol.post("/checkout/bps-pro/", {"name": "Carol", "email": "carol@example.org"}, headers=HERE)
    assert response.status_code == 503
    assert f"form-action 'self' {settings.PAYPAL_APPROVE_ORIGIN}" in response.headers["Content-Security-Policy"]
