"""A form whose token is missing or old: nothing is done, and nothing that was typed is lost."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client

from contacts.models import Inquiry

HERE = {"Origin": "http://testserver"}
TYPED = {"kind": "question", "name": "Dave", "email": "dave@example.org", "message": "A long text.\nTwo <b>lines</b>."}

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict() -> Client:
    return Client(enforce_csrf_checks=True)


def refused(client: Client, address: str, fields: dict[str, Any], headers: dict[str, str]) -> BeautifulSoup:
    response = client.post(address, fields, headers=headers)
    assert response.status_code == 403
    assert "no-store" in response.headers["Cache-Control"]
    return BeautifulSoup(response.content, "html.parser")


def test_what_was_typed_is_shown_and_can_be_sent_again(strict: Client) -> None:
    contact = BeautifulSoup(strict.get("/contact/").content, "html.parser")
    stamp = contact.find("input", {"name": "stamp"})
    assert isinstance(stamp, Tag)
    page = refused(strict, "/contact/", {**TYPED, "stamp": stamp["value"]}, HERE)
    assert "Two <b>lines</b>." in page.get_text()
    assert str(stamp["value"]) not in page.get_text()
    form = page.select_one("main form")
    assert form
    again = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    response = strict.post("/contact/", again, headers=HERE)
    assert response.status_code == 302
    assert [inquiry.message for inquiry in Inquiry.objects.all()] == [TYPED["message"]]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Referer": "http://evil.example/"}],
    ids=["another site", "opaque", "none", "referrer"],
)
def test_what_another_site_sent_is_not_shown(strict: Client, headers: dict[str, str]) -> None:
    page = refused(strict, "/contact/", TYPED, headers)
    assert "A long text." not in str(page)
    assert not page.select("main form")


def test_a_password_is_neither_shown_nor_sent_again(strict: Client) -> None:
    page = refused(strict, "/accounts/login/", {"email": "a@example.org", "password": "correct horse"}, HERE)
    assert "correct horse" not in str(page)
    assert not page.select("main form")
    assert page.find("a", href="/accounts/login/", string="open the form again")


def test_what_was_typed_is_not_logged(strict: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        refused(strict, "/contact/", TYPED, HERE)
    assert caplog.records
    assert "dave@example.org" not in caplog.text
    assert "A long text." not in caplog.text
