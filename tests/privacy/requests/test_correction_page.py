"""/privacy/correct/<token>/: the person sees their own values and puts them right, once, within the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from privacy.models import PrivacyRequest
from privacy.registry.declarations import personal_models
from privacy.requests import receive_request
from shop.models import Order
from tests import factories
from tests.privacy.conftest import ERIN, FRANK
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import anew, stored
from tests.privacy.world import contents_about

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def page_of(client: Client, email: str) -> str:
    receive_request(email=email, kind="correction", details="My name is wrong", now=timezone.now())
    return str(client.post(link_mailed_to(email))["Location"])


def fields(response: Any) -> dict[str, str]:
    page = BeautifulSoup(response.content, "html.parser")
    inputs = {str(f["name"]): str(f.get("value", "")) for f in page.select("form.form input[name]")}
    texts = {str(f["name"]): f.get_text().removeprefix("\n").rstrip("\r\n") for f in page.select("form.form textarea")}
    return {name: value for name, value in {**inputs, **texts}.items() if name != "csrfmiddlewaretoken"}


def key(row: Any, name: str) -> str:
    return f"{row.pk}-{name}"


def test_the_page_shows_what_can_be_corrected_and_nothing_else(client: Client, erin_and_frank: None) -> None:
    inquiry, order = Inquiry.objects.get(email_index=ERIN), Order.objects.get(email_index=ERIN)
    shown = fields(client.get(page_of(client, ERIN)))
    assert shown[key(inquiry, "name")] == shown[key(order, "name")] == "erin"
    assert key(inquiry, "phone") in shown
    assert not [name for name in shown if name.endswith(("-email", "-payout_email", "-amount_minor", "-password"))]
    assert "frank" not in str(shown).lower()
    assert "alice" not in str(shown).lower()


def test_a_correction_is_stored_sealed_and_closes_the_request(client: Client, erin_and_frank: None) -> None:
    inquiry, page = Inquiry.objects.get(email_index=ERIN), page_of(client, ERIN)
    franks = contents_about(FRANK)
    new = {key(inquiry, "name"): "Erin Éllis", key(inquiry, "phone"): "(805) 651-8516"}
    response = client.post(page, {**fields(client.get(page)), **new})
    assert "2 details changed" in " ".join(response.content.decode().split())
    now = anew(inquiry)
    assert (now.name, now.phone, now.email, now.message) == ("Erin Éllis", "(805) 651-8516", ERIN, "erin asks")
    assert b"llis" not in stored(inquiry, "name")
    assert Inquiry.objects.get(phone_index="+18056518516") == inquiry
    request = PrivacyRequest.objects.get(kind="correction")
    assert (request.state, request.outcome) == ("answered", "answered")
    assert AuditEntry.objects.latest("number").action == "privacy.request.answered"
    assert contents_about(FRANK) == franks


def test_correction_of_a_read_only_detail_goes_to_staff(client: Client, erin_and_frank: None) -> None:
    page = page_of(client, ERIN)
    response = client.post(page, {**fields(client.get(page)), "message": "My address is erin@example.net now"})
    assert "by April 16, 2026" in response.content.decode()
    request = PrivacyRequest.objects.get(kind="correction")
    assert request.is_open
    assert request.details == "My name is wrong\n\nMy address is erin@example.net now"


def test_correction_link_works_once(client: Client, erin_and_frank: None) -> None:
    page = page_of(client, ERIN)
    values = {**fields(client.get(page)), "message": "x"}
    assert client.post(page, values).status_code == 200
    for again in (client.post(page, values), client.get(page)):
        assert again.status_code == 410
        assert 'href="/privacy/request/?kind=correction"' in again.content.decode()


@pytest.mark.parametrize(("age", "status"), [(timedelta(minutes=60, seconds=-1), 200), (timedelta(hours=1), 410)])
def test_correction_page_expires_after_an_hour_and_leaves_the_request_open(
    client: Client, clock: time_machine.Traveller, age: timedelta, status: int
) -> None:
    page = page_of(client, ERIN)
    clock.shift(age)
    assert client.get(page).status_code == status
    assert PrivacyRequest.objects.get().is_open


def test_nothing_different_is_asked_about(client: Client, erin_and_frank: None) -> None:
    page = page_of(client, ERIN)
    response = client.post(page, fields(client.get(page)))
    assert "You haven&#x27;t changed anything" in response.content.decode()
    assert PrivacyRequest.objects.get(kind="correction").is_open


BAD = {
    "no telephone number": ("phone", "call me", "Enter a valid phone number"),
    "an empty name": ("name", "", "required"),
    "a null character": ("name", "x\0y", "Null characters"),
    "too long": ("name", "x" * 151, "at most 150"),
}


@pytest.mark.parametrize(("name", "typed", "told"), BAD.values(), ids=BAD)
def test_bad_input_is_told_and_kept_as_typed(client: Client, name: str, typed: str, told: str) -> None:
    inquiry = factories.inquiry(ERIN)
    page = page_of(client, ERIN)
    response = client.post(page, {**fields(client.get(page)), key(inquiry, name): typed})
    assert response.status_code == 200
    assert told in response.content.decode()
    assert fields(response)[key(inquiry, name)].replace("\0", "") == typed.replace("\0", "")
    assert anew(inquiry).name == "Dave"
    assert client.get(page).status_code == 200  # not used up


@pytest.mark.parametrize("typed", ["javascript:alert(1)", "data:text/html,x", "nonsense"])
def test_a_website_is_an_address_of_a_website(client: Client, alice: Affiliate, typed: str) -> None:
    alice.website = "https://alice.example"
    alice.save()
    page = page_of(client, "alice@example.com")
    values = fields(client.get(page))
    assert "starts with https://" in client.post(page, {**values, key(alice, "website"): typed}).content.decode()
    assert client.post(page, {**values, key(alice, "website"): "https://new.example"}).status_code == 200
    assert anew(alice).website == "https://new.example"


def test_other_peoples_rows_can_not_be_smuggled_in(client: Client, erin_and_frank: None) -> None:
    franks = Inquiry.objects.get(email_index=FRANK)
    page = page_of(client, ERIN)
    client.post(page, {**fields(client.get(page)), key(franks, "name"): "Mallory", "message": "x"})
    assert anew(franks).name == "frank"


def test_somebody_unknown_sees_only_the_text_for_staff(client: Client) -> None:
    page = page_of(client, "nobody@example.org")
    response = client.get(page)
    assert set(fields(response)) == {"message"}
    assert "There is nothing here that you can change yourself" in response.content.decode()


def test_after_an_erasure_the_page_is_over(client: Client, erin_and_frank: None) -> None:
    from privacy.erasure.erase import erase_person

    page = page_of(client, ERIN)
    erase_person(email=ERIN)
    assert client.get(page).status_code == 410


def test_no_address_amount_or_secret_is_ever_correctable() -> None:
    declared = [(d, name) for d in personal_models() for name in d.correctable]
    assert {name for _, name in declared} == {"name", "phone", "address", "website", "company", "vat_id"}
    for declaration, name in declared:
        assert name not in declaration.withheld
