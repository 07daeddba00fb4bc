"""Saved replies: placeholders are filled in from a fixed list, in one pass."""

from __future__ import annotations

import pytest
from django.test import Client

from contacts.models import Draft, Inquiry, SavedReply
from privacy.admin_base.staff_roles import Role
from tests import factories
from tests.accounts.test_roles import member
from tests.contacts.conftest import form_of, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ADD = "/admin/contacts/savedreply/add/"


def insert(staff: Client, inquiry: Inquiry, body: str, answer: str = "") -> str:
    reply = SavedReply.objects.create(title="A reply", body=body)
    return send(staff, inquiry, answer, "_insert", saved_reply=str(reply.pk))


def test_saved_reply_is_inserted_above_the_signature(staff: Client, inquiry: Inquiry) -> None:
    start = form_of(staff, inquiry).field("answer")
    insert(staff, inquiry, "Dear {name}, {reference} is on its way.", start)
    box = form_of(staff, inquiry).field("answer")
    assert f"Hello Dave,\n\nDear Dave, {inquiry.reference} is on its way.\n\nBest regards" in box


def test_saved_reply_is_added_to_what_was_typed(staff: Client, inquiry: Inquiry) -> None:
    insert(staff, inquiry, "We do.", "Hi.")
    assert form_of(staff, inquiry).field("answer") == "Hi.\n\nWe do."


def test_a_value_that_looks_like_a_placeholder_stays(staff: Client) -> None:
    inquiry = factories.inquiry(name="{reference}{0.__class__}")
    insert(staff, inquiry, "Dear {name}: { not one }, {}, {0}, 100%", "Hi.")
    assert "Dear {reference}{0.__class__}: { not one }, {}, {0}, 100%" in Draft.objects.get().body


def test_placeholder_without_a_value_is_pointed_out_before_sending(staff: Client, inquiry: Inquiry) -> None:
    page = insert(staff, inquiry, "Dear {name}, about your order {order}.", "Hi.")
    assert "There is nothing to fill in for {order} (the order number that the sender gave)." in page
    assert "{name}" not in page
    assert "about your order ." in Draft.objects.get().body


def test_unknown_placeholder_is_named_and_the_text_kept(staff: Client, inquiry: Inquiry) -> None:
    page = insert(staff, inquiry, "Dear {first_name}", "Hi.")
    assert "Unknown placeholder: {first_name}. You can use {name}" in page
    assert form_of(staff, inquiry).field("answer") == "Hi."


def test_too_many_placeholders_are_refused(staff: Client) -> None:
    inquiry = factories.inquiry(name="D" * 150)
    assert "longer than 20,000 characters" in insert(staff, inquiry, "{name}" * 1600, "Hi.")
    assert Draft.objects.get().body == "Hi."


def test_answer_that_would_become_too_long_is_refused(staff: Client, inquiry: Inquiry) -> None:
    assert "more than 20,000 characters" in insert(staff, inquiry, "y" * 10_000, "x" * 15_000)
    assert Draft.objects.get().body == "x" * 15_000


def test_nothing_chosen_is_explained(staff: Client, inquiry: Inquiry) -> None:
    assert "Choose a saved reply first." in send(staff, inquiry, "Hi.", "_insert")


def test_mail_role_manages_saved_replies(client: Client) -> None:
    client.force_login(member(Role.MAIL))
    page = client.post(ADD, {"title": "Hours", "body": "Dear {nmae}", "position": "0"}).content.decode()
    assert "Unknown placeholder: {nmae}." in page
    assert "Dear {nmae}</textarea>" in page
    client.post(ADD, {"title": "Hours", "body": "Dear {name}", "position": "0"})
    assert SavedReply.objects.get().title == "Hours"
