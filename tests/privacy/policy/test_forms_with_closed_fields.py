"""What visitors see of a part that is closed: a form without the field, or a page in plain words. Never an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django import forms
from django.test import Client

from contacts.inquiries.views import ContactView
from contacts.models import Inquiry
from privacy.models import PrivacyRequest
from privacy.policy.models import PolicyVersion
from privacy.web.personal_data_form import check_public_forms
from shop.models import Product

from .conftest import PHONE

pytestmark = pytest.mark.django_db

REQUEST = {"kind": "access", "email": "dave@example.org", "phone": "805-651-8516", "details": ""}
LETTER = {"kind": "question", "name": "Dave", "email": "dave@example.org", "message": "Hello?", "address": ""}
Policy = Callable[..., PolicyVersion]


def phone_field(client: Client) -> Any:
    return BeautifulSoup(client.get("/privacy/request/").content, "html.parser").select_one("[name=phone]")


def test_an_open_field_can_be_filled_in(client: Client) -> None:
    assert not phone_field(client).has_attr("disabled")
    assert client.post("/privacy/request/", REQUEST).status_code == 302
    assert PrivacyRequest.objects.get().phone == "805-651-8516"


def test_a_number_that_can_not_be_read_is_said_so(client: Client) -> None:
    response = client.post("/privacy/request/", {**REQUEST, "phone": "12"})
    assert "Enter a valid phone number" in response.content.decode()
    assert not PrivacyRequest.objects.exists()


def test_visitors_see_no_trace_of_a_closed_field(client: Client, lacks: Policy) -> None:
    lacks(PHONE)
    assert phone_field(client) is None
    assert "phone number" not in client.get("/privacy/request/").content.decode()


def test_submitted_value_of_a_closed_field_is_not_stored(client: Client, lacks: Policy) -> None:
    lacks(PHONE)
    assert client.post("/privacy/request/", REQUEST).status_code == 302
    assert PrivacyRequest.objects.get().phone is None


@pytest.mark.parametrize(
    ("address", "column"),
    [
        ("/contact/", "contacts_inquiry.phone"),
        ("/affiliates/apply/", "affiliates_application.website"),
        ("/checkout/bps-pro/", "shop_order.name"),
    ],
)
def test_each_public_form_omits_a_closed_field(
    client: Client, lacks: Policy, product: Product, address: str, column: str
) -> None:
    name = column.partition(".")[2]
    before = BeautifulSoup(client.get(address).content, "html.parser").select_one(f"[name={name}]")
    assert before is not None and not before.has_attr("disabled")
    lacks(column)
    assert BeautifulSoup(client.get(address).content, "html.parser").select_one(f"[name={name}]") is None


def test_a_message_is_stored_without_the_closed_value_that_a_browser_sends(client: Client, lacks: Policy) -> None:
    lacks("contacts_inquiry.phone")
    assert client.post("/contact/", {**LETTER, "phone": "805-651-8516"}).status_code == 302
    assert not Inquiry.objects.get().phone


def test_a_public_form_that_stores_personal_data_on_its_own_is_found_at_start_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Forgetful(forms.ModelForm[Inquiry]):
        class Meta:
            model = Inquiry
            fields = ["name"]

    assert check_public_forms(None) == []
    monkeypatch.setattr(ContactView, "form_class", Forgetful)
    assert [problem.id for problem in check_public_forms(None)] == ["privacy.E061"]


def test_a_closed_value_on_any_other_way_ends_on_a_page_in_plain_words(
    client: Client, lacks: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks("contacts_inquiry.phone")
    monkeypatch.setattr("privacy.web.personal_data_form.is_open", lambda model, name: True)
    response = client.post("/contact/", {**LETTER, "phone": "805-651-8516"})
    assert response.status_code == 503
    assert "This isn't available yet" in response.content.decode()
    assert not Inquiry.objects.exists()


def test_the_same_form_works_without_the_closed_value(client: Client, lacks: Policy) -> None:
    lacks("contacts_inquiry.phone")
    assert client.post("/contact/", {**LETTER, "phone": ""}).status_code == 302
    assert Inquiry.objects.count() == 1
