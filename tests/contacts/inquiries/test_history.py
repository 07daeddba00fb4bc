"""The message history of a person, with current contact permissions."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from contacts.models import Correspondence, Document, Inquiry, Reply
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.registry.purposes import Channel
from tests import factories
from tests.contacts.conftest import page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(inquiry: Inquiry) -> Inquiry:
    """Dave wrote again, for a quote, with a thread around it."""
    quote = factories.inquiry("DAVE@example.org", kind="quote", message="And a shop?")
    Reply.objects.create(inquiry=quote, body="Certainly.")
    Correspondence.objects.create(inquiry=quote, way="call_in", notes="He called.")
    Document.objects.create(inquiry=quote, name="quote.pdf", content=b"x", content_type="application/pdf", size=1)
    return quote


def history(staff: Client, inquiry: Inquiry) -> str:
    return " ".join(staff.get(page_of(inquiry, "history")).content.decode().split())


def test_history_has_everything_of_this_person_and_nothing_of_others(
    staff: Client, inquiry: Inquiry, second: Inquiry
) -> None:
    other = factories.inquiry("erin@example.org", message="Erin asks.")
    page = history(staff, inquiry)
    for text in (inquiry.reference, second.reference, "Hello?", "And a shop?", "Certainly.", "He called.", "quote.pdf"):
        assert text in page
    assert other.reference not in page
    assert "Erin" not in page


def test_history_shows_current_permissions(staff: Client, inquiry: Inquiry, second: Inquiry) -> None:
    suppress("dave@example.org", Channel.LETTER)
    page = history(staff, inquiry)
    assert "Email, for answering a question: yes" in page
    assert "Phone, for answering a question: yes" in page
    assert "Letter, for answering a question: <strong>no</strong>, this person opted out of letters" in page
    assert "Email, for preparing a quote: yes" in page
    assert "Phone, for preparing a quote: <strong>no</strong>, no phone number was given" in page


def test_reading_the_history_is_audited(staff: Client, inquiry: Inquiry) -> None:
    history(staff, inquiry)
    assert AuditEntry.objects.filter(action="privacy.staff.read", object_id=inquiry.pk).count() == 1


def test_history_requires_the_view_permission(client: Client, inquiry: Inquiry, vera: User) -> None:
    client.force_login(vera)
    assert client.get(page_of(inquiry, "history")).status_code == 403


def test_a_long_history_has_pages_and_few_queries(
    staff: Client, inquiry: Inquiry, clock: time_machine.Traveller, django_assert_max_num_queries: Any
) -> None:
    for number in range(24):
        clock.shift(60)
        factories.inquiry(message=f"message {number}.")
    with django_assert_max_num_queries(45):
        page = history(staff, inquiry)
    assert "message 23." in page
    assert "message 3." not in page
    assert "Page 1 of 2" in page
    assert "message 3." in staff.get(page_of(inquiry, "history") + "?page=2").content.decode()
