"""The contact form: stored sealed before any mail, with a reference number; invalid input is kept in the form."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from contacts.models import Inquiry
from privacy.models import OutgoingMail, Suppression
from privacy.registry.purposes import Channel

pytestmark = pytest.mark.django_db

Work = Callable[[], int]

DAVE = {
    "kind": "quote",
    "name": "Dave Dorn",
    "email": "Dave@example.org",
    "phone": "805-651-8516",
    "address": "1 Main Street\nVentura",
    "message": "What would a new site cost?",
}


def send(client: Client, **changes: str) -> str:
    return client.post("/contact/", {**DAVE, **changes}, follow=True).content.decode()


def test_message_is_stored_and_its_reference_shown(client: Client) -> None:
    response = client.post("/contact/", DAVE)
    inquiry = Inquiry.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/contact/thanks/{inquiry.reference}/")
    page = client.get(response.headers["Location"]).content.decode()
    assert inquiry.reference in page
    assert re.fullmatch(r"Q-[2-9A-Z]{6}", inquiry.reference)
    for field in ("kind", "name", "email", "phone", "message"):
        assert getattr(inquiry, field) == DAVE[field]


def test_message_is_stored_sealed(client: Client) -> None:
    send(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, email, phone, address, message, email_index, phone_index FROM contacts_inquiry")
        stored = [bytes(value) for value in cursor.fetchone()]
    assert len(stored) == 7
    for secret in (b"Dave", b"example.org", b"8516", b"Main Street", b"new site"):
        assert not any(secret in value for value in stored)


def test_the_mails_wait_sealed_until_the_worker_sends_them(client: Client, work: Work) -> None:
    send(client)
    assert Inquiry.objects.exists()
    assert not mail.outbox
    assert OutgoingMail.objects.count() == 2
    assert "Dave" not in str(list(DBTaskResult.objects.values("args_kwargs")))
    work()
    assert len(mail.outbox) == 2


def test_sender_and_staff_are_notified(client: Client, work: Work, settings: Settings) -> None:
    send(client)
    work()
    inquiry = Inquiry.objects.get()
    to_sender, to_staff = mail.outbox
    assert to_sender.to == ["Dave@example.org"]
    assert inquiry.reference in to_sender.subject
    assert to_staff.to == [settings.BUSINESS["email"]]
    assert f"/admin/contacts/inquiry/{inquiry.pk}/change/" in to_staff.body
    for secret in ("Dave", "example.org", "new site"):
        assert secret not in f"{to_staff.subject} {to_staff.message()}"


def test_no_message_is_lost_because_the_vendors_own_address_was_opted_out(client: Client, settings: Settings) -> None:
    Suppression.objects.create(fingerprint=settings.BUSINESS["email"], channel=Channel.EMAIL)
    send(client)
    assert Inquiry.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required"),
        ("email", "dave", "Enter a valid email address"),
        ("phone", "call me", "Enter a valid phone number"),
        ("phone", "12", "Enter a valid phone number"),
        ("message", "", "This field is required"),
        ("message", "x" * 20_001, "at most 20000 characters"),
        ("message", "a\x00b", "Null characters are not allowed"),
        ("kind", "bribe", "Select a valid choice"),
    ],
)
def test_a_mistake_is_named_and_the_rest_kept(client: Client, field: str, value: str, message: str) -> None:
    page = unescape(send(client, **{field: value}))
    assert "Please check the form. Your entries are still there." in page
    assert message in page
    for name, text in DAVE.items():
        assert name == field or text in page
    assert not Inquiry.objects.exists()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("phone", ["", "805-651-8516", "+1 (805) 651 8516", "+49 30 901820"])
def test_phone_number_is_kept_as_typed(client: Client, phone: str) -> None:
    send(client, phone=phone)
    assert Inquiry.objects.get().phone == phone


def test_phone_number_is_found_in_any_notation(client: Client) -> None:
    send(client)
    assert Inquiry.objects.filter(phone_index="+1 805 651 8516").count() == 1
    assert not Inquiry.objects.filter(phone_index="+1 805 651 8517").exists()


def test_markup_in_a_message_stays_text(client: Client) -> None:
    assert "&lt;b&gt;Dave&lt;/b&gt;" in send(client, name="<b>Dave</b>", message="")


@pytest.mark.parametrize(("query", "kind"), [("quote", "quote"), ("", "question"), ("nonsense", "question")])
def test_query_string_preselects_the_kind(client: Client, query: str, kind: str) -> None:
    assert f'<option value="{kind}" selected>' in client.get(f"/contact/?kind={query}").content.decode()


def test_every_part_is_in_the_page_for_browsers_that_hide_none(client: Client) -> None:
    page = client.get("/contact/").content.decode()
    for name in ("project", "budget", "deadline", "order_reference"):
        assert f'name="{name}"' in page


def test_each_contact_point_says_what_it_is_used_for(client: Client) -> None:
    page = client.get("/contact/").content.decode()
    assert "We reply to this address. Besides that, we only send notices of changes to our privacy policy." in page
    assert "We only use it to call you about this message." in page
    assert "We only use it to send you letters about this message, such as a quote." in page
    assert page.count("(optional)") == 7


@pytest.mark.parametrize("reference", ["Q-1", "Q-ABCDEFG", "Call-0900-666", "%3Cscript%3E", "Q-ABCDEO"])
def test_the_thank_you_page_shows_nobodys_own_words(client: Client, reference: str) -> None:
    assert client.get("/contact/thanks/Q-ABCDEF/").status_code == 200
    assert client.get(f"/contact/thanks/{reference}/").status_code == 404


def test_contact_form_requires_the_csrf_token() -> None:
    response = Client(enforce_csrf_checks=True).post("/contact/", DAVE)
    assert response.status_code == 403
    assert "Please send the form again" in response.content.decode()
    assert not Inquiry.objects.exists()
