"""No button loses typed text: it is kept as a sealed draft, for each message and colleague."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from contacts.models import Draft, Inquiry, Note, Reply
from privacy.models import Suppression
from tests import factories
from tests.cast import signed_in, superuser
from tests.contacts.conftest import form_of, page_of, press, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

TEXT = "Hello Dave,\n\nit costs $500."
BUTTONS = ["_save", "_next", "_insert", "_merge", "_send", "_send_close"]


@pytest.mark.parametrize("button", [*BUTTONS, "_action", "_open"])
def test_no_button_loses_what_was_typed(staff: Client, inquiry: Inquiry, button: str) -> None:
    """Refused or not: the text is in the box again, or it has been sent."""
    Suppression.objects.create(fingerprint="dave@example.org", channel="email")  # so that sending is refused
    values = {"_action": "take", "_open": "log"}
    send(staff, inquiry, TEXT, button, **({button: values[button]} if button in values else {}))
    assert form_of(staff, inquiry).field("answer") == TEXT


@pytest.mark.parametrize("action", ["take", "close", "discard"])
def test_no_step_loses_what_was_typed(staff: Client, inquiry: Inquiry, action: str) -> None:
    send(staff, inquiry, TEXT, "_action", _action=action)
    assert Draft.objects.get().body == TEXT


def test_a_draft_is_each_colleagues_own(staff: Client, inquiry: Inquiry) -> None:
    colleague = signed_in(superuser("grace@example.com"))
    send(staff, inquiry, TEXT, "_save")
    assert "Hello Dave,\n\n\n\nBest regards" in form_of(colleague, inquiry).field("answer")
    send(colleague, inquiry, "Another text.", "_save")
    assert form_of(staff, inquiry).field("answer") == TEXT
    assert Draft.objects.count() == 2


def test_a_draft_is_gone_once_it_is_sent(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, TEXT, "_save")
    send(staff, inquiry, TEXT, "_send")
    assert not Draft.objects.exists()
    assert Reply.objects.get().body == TEXT


def test_untouched_box_is_no_draft(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, TEXT, "_save")
    send(staff, inquiry, "", "_save")
    assert not Draft.objects.exists()


def test_a_draft_is_sealed(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, TEXT, "_save", note="He sounded angry.")
    with connection.cursor() as cursor:
        for table in ("contacts_draft", "contacts_note"):
            cursor.execute(f"SELECT body FROM {table}")  # noqa: S608
            assert b"angry" not in bytes(cursor.fetchone()[0])


def test_a_draft_for_a_closed_message_is_kept_until_it_is_reopened(staff: Client, inquiry: Inquiry) -> None:
    press(staff, inquiry, "close")
    assert "closed. Reopen it" in send(staff, inquiry, TEXT, "_send")
    press(staff, inquiry, "reopen")
    assert form_of(staff, inquiry).field("answer") == TEXT


def test_script_saves_the_draft_while_one_types(staff: Client, inquiry: Inquiry) -> None:
    assert staff.post(page_of(inquiry, "draft"), {"answer": TEXT}).status_code == 204
    assert form_of(staff, inquiry).field("answer") == TEXT
    assert staff.get(page_of(inquiry, "draft")).status_code == 405


def test_late_save_of_a_script_does_not_bring_a_sent_answer_back(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, TEXT, "_send")
    staff.post(page_of(inquiry, "draft"), {"answer": TEXT})
    assert not Draft.objects.exists()


@pytest.mark.parametrize("text", ["x" * 20_001, ""])
def test_script_saves_neither_nothing_nor_too_much(staff: Client, inquiry: Inquiry, text: str) -> None:
    staff.post(page_of(inquiry, "draft"), {"answer": text})
    assert not Draft.objects.exists()


def test_draft_of_a_message_that_is_gone_is_not_found(staff: Client, inquiry: Inquiry) -> None:
    address = page_of(inquiry, "draft")
    inquiry.delete()
    assert staff.post(address, {"answer": TEXT}).status_code == 404


def test_drafts_require_the_permission(client: Client, inquiry: Inquiry) -> None:
    client.force_login(factories.user("vera@example.com", is_staff=True))
    assert client.post(page_of(inquiry, "draft"), {"answer": TEXT}).status_code == 403


def test_a_note_is_stored_with_any_button_and_never_mailed(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, TEXT, "_send", note="He sounded angry.")
    assert Note.objects.get().body == "He sounded angry."
    assert "angry" not in Reply.objects.get().body
    page = staff.get(page_of(inquiry)).content.decode()
    assert "He sounded angry." in page
