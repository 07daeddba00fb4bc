"""/privacy/request/: takes a request and mails a link; the browser learns nothing about the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone

from privacy.encryption.tokens import hash_token
from privacy.models import PrivacyRequest, Suppression
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

URL = "/privacy/request/"


def ask(client: Client, email: str = "erin@example.org", kind: str = "access", **fields: str) -> Any:
    return client.post(URL, {"email": email, "kind": kind, **fields})


def test_the_page_offers_every_right(client: Client) -> None:
    page = BeautifulSoup(client.get(URL).content, "html.parser")
    assert {field["value"] for field in page.find_all("input", {"name": "kind"})} == set(PrivacyRequest.Kind.values)
    [ticked] = page.find_all("input", {"name": "kind", "checked": True})
    assert ticked["value"] == "access"


@pytest.mark.parametrize("kind", PrivacyRequest.Kind.values)
def test_a_request_is_stored_sealed_and_its_link_is_mailed(client: Client, kind: str) -> None:
    response = ask(client, kind=kind, details="About Erin Ellis")
    assert response.status_code == 302
    request = PrivacyRequest.objects.get()
    state = "confirmed" if kind in ("complaint", "stop_contact") else "unconfirmed"
    assert (request.kind, request.state, request.email) == (kind, state, "erin@example.org")
    assert b"Ellis" not in stored(request, "details")
    assert stored(request, "link_digest") is None  # the link is made by the task that mails it
    token = link_mailed_to("erin@example.org").strip("/").rpartition("/")[2]
    assert stored(request, "link_digest") == hash_token(token)
    assert len(token) >= 43


def test_the_answer_is_the_same_for_known_and_unknown_addresses(client: Client) -> None:
    factories.user("erin@example.org")
    factories.inquiry("erin@example.org")
    answers = []
    for address in ("erin@example.org", "nobody@example.org"):
        response = ask(client, email=address)
        number = PrivacyRequest.objects.latest("pk").reference
        assert number in response["Location"]
        followed = client.get(response["Location"]).content.decode()
        differing = {"Set-Cookie", "X-Request-ID"}  # between any two requests
        headers = {name: value.replace(number, "") for name, value in response.headers.items() if name not in differing}
        answers.append((response.status_code, headers, followed.replace(number, "")))
    assert answers[0] == answers[1]
    for address in ("erin@example.org", "nobody@example.org"):
        assert link_mailed_to(address)


def test_request_costs_the_same_for_known_and_unknown_addresses(
    client: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    """Else the time that an answer takes would tell them apart."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    factories.user("erin@example.org")
    factories.inquiry("erin@example.org")
    ask(client, email="grace@example.org")  # makes this hour's key of the limits
    with CaptureQueriesContext(connection) as known:
        ask(client)
    with django_assert_num_queries(len(known)):
        ask(client, email="nobody@example.org")


def test_the_mail_says_what_was_asked_and_what_to_do_otherwise(client: Client) -> None:
    ask(client, kind="deletion")
    link_mailed_to("erin@example.org")
    [message] = mail.outbox
    assert message.subject == "Please confirm your privacy request"
    assert "Delete my data" in str(message.body)
    assert "you don't need to do anything" in str(message.body)
    assert "UNDEFINED" not in str(message.body)


def test_somebody_who_opted_out_still_gets_the_link(client: Client) -> None:
    Suppression.objects.create(fingerprint="erin@example.org", channel="email")
    ask(client)
    assert link_mailed_to("erin@example.org")


BAD: dict[str, dict[str, str]] = {
    "no address": {"email": ""},
    "no real address": {"email": "erin at example.org"},
    "two lines": {"email": "erin@example.org\nBcc: all@example.org"},
    "an unknown right": {"kind": "everything"},
    "too long": {"details": "x" * 20_001},
    "a null character": {"details": "x\0y"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_gets_a_message_and_keeps_what_was_typed(client: Client, bad: dict[str, str]) -> None:
    typed = {"email": "erin@example.org", "kind": "complaint", "details": "You wrote to me", **bad}
    response = client.post(URL, typed)
    assert response.status_code == 200
    assert not PrivacyRequest.objects.exists()
    page = BeautifulSoup(response.content, "html.parser")
    assert page.find(role="alert")
    kept: Any = page.find("textarea", {"name": "details"})
    assert kept.get_text().removeprefix("\n").strip("\r\n") == typed["details"]
    address: Any = page.find("input", {"name": "email"})
    assert address.get("value", "") == typed["email"]


def test_a_text_of_the_longest_length_is_taken(client: Client) -> None:
    ask(client, details="ä" * 20_000)
    assert PrivacyRequest.objects.get().details == "ä" * 20_000


def test_a_form_from_elsewhere_is_refused() -> None:
    assert ask(Client(enforce_csrf_checks=True)).status_code == 403
    assert not PrivacyRequest.objects.exists()


def test_request_text_is_not_cached_and_its_deadline_counts_from_receipt(client: Client) -> None:
    assert client.get(URL)["Cache-Control"] == "private, max-age=0"  # the empty form, for the back button
    assert "no-store" in ask(client, email="erin")["Cache-Control"]
    ask(client)
    assert PrivacyRequest.objects.get().received_at == timezone.now()
