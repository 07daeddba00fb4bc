"""The staff inbox: read, answer by mail, and hear why when a mail may not go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts.models import User
from contacts.models import Inquiry, Reply
from privacy.models import OutgoingMail, Suppression
from privacy.registry.purposes import Channel
from tests import factories

pytestmark = pytest.mark.django_db

Work = Callable[[], int]


@pytest.fixture
def inquiry() -> Inquiry:
    return factories.inquiry(phone="805-651-8516", address="1 Main Street")


def page_of(inquiry: Inquiry) -> str:
    return f"/admin/contacts/inquiry/{inquiry.pk}/change/"


def answer(staff: Client, inquiry: Inquiry, body: str, **changes: Any) -> str:
    form = {
        "state": inquiry.state,
        "replies-TOTAL_FORMS": "0",
        "replies-INITIAL_FORMS": "0",
        "replies-2-TOTAL_FORMS": "1",
        "replies-2-INITIAL_FORMS": "0",
        "replies-2-0-inquiry": str(inquiry.pk),
        "replies-2-0-body": body,
    }
    response = staff.post(page_of(inquiry), {**form, **changes}, follow=True)
    inquiry.refresh_from_db()
    return response.content.decode()


def test_inquiry_page_shows_the_whole_message(staff: Client, inquiry: Inquiry) -> None:
    page = staff.get(page_of(inquiry)).content.decode()
    for text in (inquiry.reference, "Dave", "dave@example.org", "805-651-8516", "1 Main Street", "Hello?"):
        assert text in page


def test_inquiry_list_shows_no_personal_data(staff: Client, inquiry: Inquiry) -> None:
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    assert inquiry.reference in page
    assert "Dave" not in page
    assert "dave@example.org" not in page


def test_an_answer_is_stored_and_mailed(staff: Client, bob: User, inquiry: Inquiry, work: Work) -> None:
    assert "Your answer has been sent" in answer(staff, inquiry, "Good day to you, Dave.")
    reply = Reply.objects.get()
    assert (reply.inquiry, reply.author, reply.body) == (inquiry, bob, "Good day to you, Dave.")
    assert inquiry.state == "answered"
    assert inquiry.answered_at is not None
    work()
    assert mail.outbox[0].to == ["dave@example.org"]
    assert inquiry.reference in mail.outbox[0].subject
    assert "Good day to you, Dave." in str(mail.outbox[0].body)
    assert "Good day to you, Dave." in staff.get(page_of(inquiry)).content.decode()


def test_saving_without_an_answer_sends_nothing(staff: Client, inquiry: Inquiry) -> None:
    answer(staff, inquiry, "", state="closed")
    assert inquiry.state == "closed"
    assert not Reply.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_a_refused_answer_says_why_stores_nothing_and_stays_in_the_form(staff: Client, inquiry: Inquiry) -> None:
    Suppression.objects.create(fingerprint="Dave@Example.org", channel=Channel.EMAIL)
    page = answer(staff, inquiry, "Good day to you.")
    assert "Not sent: this person opted out of email." in page
    assert "Good day to you.</textarea>" in page
    assert not Reply.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert inquiry.state == "open"
    assert "reply" not in str(list(LogEntry.objects.values_list("change_message", flat=True)))


def test_an_answer_that_closes_the_message_is_mailed_first(staff: Client, inquiry: Inquiry, work: Work) -> None:
    assert "Your answer has been sent" in answer(staff, inquiry, "Good day to you.", state="closed")
    assert (inquiry.state, Reply.objects.get().body) == ("closed", "Good day to you.")
    work()
    assert "Good day to you." in str(mail.outbox[0].body)


@pytest.mark.parametrize("state", ["closed", "open", "answered"])
def test_an_answer_to_a_closed_message_is_refused_and_stays_in_the_form(
    staff: Client, inquiry: Inquiry, state: str
) -> None:
    Inquiry.objects.filter(pk=inquiry.pk).update(state="closed")
    page = answer(staff, inquiry, "Good day to you.", state=state)
    assert "This message is closed." in page
    assert "Good day to you.</textarea>" in page
    assert inquiry.state == "closed"
    assert not Reply.objects.exists()


def test_visitors_message_is_read_only(staff: Client, inquiry: Inquiry) -> None:
    answer(staff, inquiry, "", name="Mallory", email="mallory@example.org", message="Something else")
    assert (inquiry.name, inquiry.email, inquiry.message) == ("Dave", "dave@example.org", "Hello?")


def test_an_answer_cannot_be_changed_afterwards(staff: Client, inquiry: Inquiry) -> None:
    answer(staff, inquiry, "Good day to you.")
    reply = Reply.objects.get()
    forged = {"replies-TOTAL_FORMS": "1", "replies-INITIAL_FORMS": "1", "replies-0-id": str(reply.pk)}
    answer(staff, inquiry, "", **forged, **{"replies-0-inquiry": str(inquiry.pk), "replies-0-body": "Something else"})
    assert Reply.objects.get().body == "Good day to you."


def test_a_message_is_found_by_address_and_by_number(staff: Client, inquiry: Inquiry) -> None:
    other = factories.inquiry("erin@example.org")
    for term in ("DAVE@example.org", inquiry.reference):
        page = staff.get(f"/admin/contacts/inquiry/?q={term}").content.decode()
        assert inquiry.reference in page
        assert other.reference not in page


@pytest.mark.parametrize("who", ["nobody", "dave@example.org"])
def test_only_staff_read_inquiries(client: Client, inquiry: Inquiry, who: str) -> None:
    if who != "nobody":
        client.force_login(factories.user(who))
    response = client.get(page_of(inquiry), follow=True)
    assert "Hello?" not in response.content.decode()
    assert response.status_code in {200, 403}


def test_inquiry_page_requires_the_permission(client: Client, inquiry: Inquiry, vera: User) -> None:
    client.force_login(vera)
    assert client.get(page_of(inquiry)).status_code == 403


def test_staff_cannot_add_inquiries(staff: Client) -> None:
    assert staff.get("/admin/contacts/inquiry/add/").status_code == 403


@pytest.mark.parametrize("typed", ["805-651-8516", "+1 (805) 651 8516", " 8056518516 "])
def test_inquiry_is_found_by_phone_number(staff: Client, inquiry: Inquiry, typed: str) -> None:
    other = factories.inquiry(phone="805-651-0000")
    page = staff.get("/admin/contacts/inquiry/", {"q": typed}).content.decode()
    assert inquiry.reference in page
    assert other.reference not in page


def test_a_sealed_column_is_not_offered_for_sorting(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.inquiry()
    monkeypatch.setattr(site._registry[Inquiry], "list_display", ["reference", "name"])
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    assert "sortable column-reference" in page
    assert "sortable column-name" not in page
