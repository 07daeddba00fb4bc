"""Merging two messages of one sender into one conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from contacts.models import Draft, Inquiry
from privacy.audit.models import AuditEntry
from tests import factories
from tests.contacts.conftest import page_of, press, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def merge(staff: Client, inquiry: Inquiry, into: Inquiry, answer: str = "") -> str:
    page = send(staff, inquiry, answer, "_merge", merge_into=str(into.pk))
    into.refresh_from_db()
    return page


def test_two_messages_become_one_conversation(staff: Client, inquiry: Inquiry) -> None:
    Inquiry.objects.update(due_at=NOON + timedelta(days=1))
    again = factories.inquiry("DAVE@example.org", message="Are you there?", due_at=NOON + timedelta(days=2))
    assert f"{inquiry.reference} is part of {again.reference}" in merge(staff, inquiry, again, "A draft.")
    assert (inquiry.state, inquiry.merged_into) == ("closed", again)
    assert (again.state, again.due_at) == ("open", NOON + timedelta(days=1))
    assert Draft.objects.get().inquiry == again
    page = staff.get(page_of(again)).content.decode()
    assert "Hello?" in page
    assert "Are you there?" in page
    assert AuditEntry.objects.filter(action="contacts.inquiry.merged").count() == 2


def test_a_message_is_merged_once(staff: Client, inquiry: Inquiry) -> None:
    again, third = factories.inquiry(), factories.inquiry()
    merge(staff, inquiry, again)
    for target in (again, third):
        assert "Choose another" in merge(staff, inquiry, target, "Hi.")
    assert "Choose another" in merge(staff, third, inquiry)  # nor into one that is part of another
    assert inquiry.merged_into == again


def test_what_was_merged_before_follows(staff: Client, inquiry: Inquiry) -> None:
    again, third = factories.inquiry(), factories.inquiry()
    merge(staff, inquiry, again)
    merge(staff, again, third)
    inquiry.refresh_from_db()
    assert inquiry.merged_into == again.merged_into == third


def test_messages_of_two_senders_are_not_merged(staff: Client, inquiry: Inquiry) -> None:
    other = factories.inquiry("erin@example.org")
    assert "of the same sender" in merge(staff, inquiry, other, "Hi.")
    assert inquiry.merged_into is None


@pytest.mark.parametrize("fields", [{"state": "held"}, {"state": "spam"}, {"kind": "complaint"}])
def test_held_messages_spam_and_complaints_are_not_merged(
    staff: Client, inquiry: Inquiry, fields: dict[str, str]
) -> None:
    other = factories.inquiry(**fields)
    assert "Choose another" in merge(staff, inquiry, other)
    assert "Choose another" in merge(staff, other, inquiry)


def test_nothing_chosen_is_explained(staff: Client, inquiry: Inquiry) -> None:
    factories.inquiry()
    assert "Choose the message to merge into first." in send(staff, inquiry, "Hi.", "_merge")


def test_reopening_undoes_a_merge(staff: Client, inquiry: Inquiry) -> None:
    merge(staff, inquiry, factories.inquiry())
    press(staff, inquiry, "reopen")
    assert (inquiry.state, inquiry.merged_into) == ("open", None)
