"""Whatever is typed into the contact form: a clear message, the field as typed, nothing stored, never a trace."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.core import mail
from django.test import Client

from contacts.models import Inquiry
from privacy.models import OutgoingMail
from tests.contacts.conftest import Post

pytestmark = pytest.mark.django_db

Work = Callable[[], int]
ONE_LINE = "Please write this on one line, without control characters"
UNSEEN = "This text contains a control character"
COUNTRY = "a number outside US also needs a country code"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "dave", "Enter a valid email address"),
        ("email", "dave@", "Enter a valid email address"),
        ("email", "dave@example", "Enter a valid email address"),
        ("email", "dave@exa mple.org", "Enter a valid email address"),
        ("email", "dave@example.org, erin@example.org", "Enter a valid email address"),
        ("email", "dave@example.org\nBcc: erin@example.org", "Enter a valid email address"),
        ("email", f"dave@{'x' * 250}.org", "at most 254 characters"),
        ("phone", "030 901820", COUNTRY),
        ("phone", "+999 12345678", COUNTRY),
        ("phone", "call me", COUNTRY),
        ("name", "Dave\r\nBcc: everybody@example.org", ONE_LINE),
        ("name", "Dave\x1b[2J", ONE_LINE),
        ("name", "Dave\x1b[2J", "U+001B at character 5"),
        ("name", "Dave\u202egro.elpmaxe", "characters that reverse the text direction"),
        ("name", "x" * 151, "at most 150 characters"),
        ("message", "ring\x07ring", UNSEEN),
        ("message", "Take it from 4111 1111 1111 1111", "This looks like a payment card number."),
        ("address", "1 Main\x00Street", "Null characters are not allowed"),
        ("address", "x" * 401, "at most 400 characters"),
        ("message", "x" * 100_000, "at most 20000 characters (it has 100000)"),
    ],
)
def test_invalid_input_is_named_and_kept(post: Post, field: str, value: str, message: str) -> None:
    response = post(**{field: value})
    page = unescape(response.content.decode())
    assert response.status_code == 200
    assert "Please check the form. Your entries are still there." in page
    assert message in page
    assert value in page
    assert not Inquiry.objects.exists()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("field", ["project", "deadline"])
def test_quote_fields_are_validated(post: Post, field: str) -> None:
    page = unescape(post(kind="quote", **{field: "a\nb"}).content.decode())
    assert ONE_LINE in page
    assert "Select a valid choice" in post(kind="quote", budget="a million").content.decode()


@pytest.mark.parametrize("email", ["dave@münchen.de", "o'brien+site@example.co.uk", "dave@пример.рф"])
def test_unusual_email_addresses_are_accepted_and_mailed(post: Post, work: Work, email: str) -> None:
    assert post(email=email).status_code == 302
    assert Inquiry.objects.get().email == email
    work()
    assert OutgoingMail.objects.filter(recipient_index=email, state="sent").count() == 1


def test_look_alike_domain_is_shown_in_ascii(post: Post, staff: Client) -> None:
    post(email="dave@exаmple.org")  # Cyrillic а
    page = staff.get(f"/admin/contacts/inquiry/{Inquiry.objects.get().pk}/change/").content.decode()
    assert "xn--exmple-4nf.org" in page


def test_very_long_word_is_stored_whole(post: Post, work: Work) -> None:
    word = "Donaudampfschiff" * 1000
    post(message=word)
    inquiry = Inquiry.objects.get()
    assert inquiry.message == word
    work()
    assert len(mail.outbox) == 2


def test_every_script_is_kept(post: Post) -> None:
    assert post(message="emoji 🙂 and 漢字").status_code == 302
    assert Inquiry.objects.get().message == "emoji 🙂 and 漢字"


def test_fields_of_another_kind_are_not_stored(post: Post) -> None:
    post(kind="question", project="A shop", budget="over $20,000", order_reference="B123")
    inquiry = Inquiry.objects.get()
    assert not inquiry.project
    assert not inquiry.budget
    assert not inquiry.order_reference


def test_quote_fields_are_stored(post: Post) -> None:
    post(kind="quote", project="A shop", budget="over $20,000", deadline="by May")
    inquiry = Inquiry.objects.get()
    assert (inquiry.project, inquiry.budget, inquiry.deadline) == ("A shop", "over $20,000", "by May")


def test_order_number_of_an_order_question_is_stored(post: Post) -> None:
    post(kind="order", order_reference="B7K2M9QX4")
    assert Inquiry.objects.get().order_reference == "B7K2M9QX4"
