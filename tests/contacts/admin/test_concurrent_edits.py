"""Two staff members edit one message: the second sees the first one's changes and keeps their input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client

from accounts.models import User
from contacts.models import Inquiry, Reply
from privacy.audit.models import AuditEntry
from tests import factories
from tests.cast import signed_in
from tests.contacts.conftest import page_of
from tests.staff_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]  # a sign-in belongs to its clock


@pytest.fixture
def erin() -> Client:
    """A colleague of Bob's."""
    return signed_in(factories.user("erin@example.com", name="Erin", is_staff=True, is_superuser=True))


def test_second_answer_to_a_message_is_stopped_shown_the_first_and_kept(
    staff: Client, erin: Client, inquiry: Inquiry, work: Callable[[], int]
) -> None:
    bobs, erins = Page(staff, page_of(inquiry)), Page(erin, page_of(inquiry))
    assert "has been sent" in erins.press("Send", answer="It costs 500 USD.").text
    stopped = bobs.press("Send", answer="It costs 900 USD.")
    assert "Erin changed this after you opened the page" in stopped.text
    assert "It costs 500 USD." in stopped.text
    assert stopped.field("answer") == "It costs 900 USD."
    assert [reply.body for reply in Reply.objects.all()] == ["It costs 500 USD."]
    assert "has been sent" in stopped.press("Send").text
    work()
    assert len(mail.outbox) == 2


def test_assignment_and_state_of_a_colleague_survive_a_page_left_open(
    staff: Client, bob: User, erin: Client, inquiry: Inquiry
) -> None:
    bobs = Page(staff, page_of(inquiry))
    erins_account = User.objects.get(email_index="erin@example.com")
    Page(erin, page_of(inquiry)).submit(assigned_to=str(erins_account.pk))
    Page(erin, page_of(inquiry)).press("Close")
    stopped = bobs.press("Save", assigned_to=str(bob.pk), answer="Hi.", note="Wait.")
    inquiry.refresh_from_db()
    assert (inquiry.state, inquiry.assigned_to and inquiry.assigned_to.name) == ("closed", "Erin")
    assert "waiting for an answer" in stopped.text
    assert "bob@example.com" in stopped.text
    assert (stopped.field("assigned_to"), stopped.field("note")) == (str(bob.pk), "Wait.")
    assert stopped.field("answer") == "Hi."
    stopped.submit()
    inquiry.refresh_from_db()
    assert (inquiry.state, inquiry.assigned_to) == ("closed", bob)


def test_page_without_changes_since_is_saved(staff: Client, erin: Client, inquiry: Inquiry) -> None:
    bobs = Page(staff, page_of(inquiry))
    Page(erin, page_of(inquiry))
    bobs.press("Close")
    inquiry.refresh_from_db()
    assert inquiry.state == "closed"


def test_a_colleagues_note_is_shown_before_an_answer_leaves(staff: Client, erin: Client, inquiry: Inquiry) -> None:
    bobs = Page(staff, page_of(inquiry))
    Page(erin, page_of(inquiry)).submit(note="Don't answer: he called.")
    stopped = bobs.press("Send", answer="It costs 900 USD.")
    assert "Don't answer: he called." in stopped.text
    assert not Reply.objects.exists()


def test_assigning_a_message_taken_by_a_colleague_asks_first(
    staff: Client, bob: User, erin: Client, inquiry: Inquiry
) -> None:
    bobs = Page(staff, page_of(inquiry))
    Page(erin, page_of(inquiry)).press("Assign to me")
    asked = bobs.press("Assign to me")
    assert "Erin changed this after you opened the page" in asked.text
    inquiry.refresh_from_db()
    assert inquiry.assigned_to is not None and inquiry.assigned_to.name == "Erin"
    asked.press("Assign to me")
    inquiry.refresh_from_db()
    assert inquiry.assigned_to == bob


def test_releasing_or_discarding_an_already_released_message_is_explained(
    staff: Client, erin: Client, clock: time_machine.Traveller
) -> None:
    held = factories.inquiry(state="held")
    bobs, question = Page(staff, page_of(held)), Page(staff, page_of(held, "delete"))
    clock.shift(timedelta(minutes=5))
    Page(erin, page_of(held)).press("Not spam")
    assert "Erin changed this after you opened the page" in bobs.press("Not spam").text
    assert question.press("Yes").status == 409
    assert Inquiry.objects.filter(pk=held.pk).exists()


def test_a_call_logged_after_a_colleagues_answer_keeps_the_notes(staff: Client, erin: Client, inquiry: Inquiry) -> None:
    bobs = Page(staff, page_of(inquiry, "log"))
    Page(erin, page_of(inquiry)).press("Send", answer="It costs 500 USD.")
    asked = bobs.submit(way="call_in", notes="Dave called.\nHe wants a price.")
    assert asked.status == 409
    assert "It costs 500 USD." in asked.text
    assert asked.field("notes") == "Dave called.\nHe wants a price."
    assert not inquiry.correspondence.exists()
    assert "Logged." in asked.press("Do it anyway").text
    assert inquiry.correspondence.get().notes.splitlines() == ["Dave called.", "He wants a price."]


def test_double_click_is_no_conflict(staff: Client, inquiry: Inquiry) -> None:
    page = Page(staff, page_of(inquiry))
    assert page.press("Assign to me").status == 200
    assert page.press("Assign to me").status == 200


def test_text_typed_on_the_page_of_a_deleted_message_can_be_copied(
    staff: Client, erin: Client, inquiry: Inquiry
) -> None:
    bobs = Page(staff, page_of(inquiry))
    Page(erin, page_of(inquiry, "delete")).press("Yes")
    gone = bobs.press("Send", answer="A long answer.")
    assert gone.status == 409
    assert gone.field("answer") == "A long answer."
    assert "Inquiry existed deleted" in gone.text


def test_forged_snapshot_token_is_refused(staff: Client, inquiry: Inquiry) -> None:
    assert staff.post(page_of(inquiry), {"seen": "forged", "state": "closed"}).status_code == 400


def test_snapshot_token_of_another_row_is_refused(staff: Client, erin: Client, inquiry: Inquiry) -> None:
    other = Page(staff, page_of(factories.inquiry()))
    bobs = Page(staff, page_of(inquiry))
    Page(erin, page_of(inquiry)).press("Send", answer="It costs 500 USD.")
    assert bobs.submit(seen=other.field("seen"), answer="It costs 900 USD.").status == 400
    assert [reply.body for reply in Reply.objects.all()] == ["It costs 500 USD."]


def test_snapshot_token_reveals_nothing_beyond_the_page(
    staff: Client, client: Client, inquiry: Inquiry, vera: User
) -> None:
    token = Page(staff, page_of(inquiry)).field("seen")
    Inquiry.objects.filter(pk=inquiry.pk).update(state="closed")
    client.force_login(vera)
    answer: Any = client.post("/admin/", {"seen": token})
    assert answer.status_code == 403
    assert inquiry.reference not in answer.content.decode()


def test_a_message_is_audited_as_read_when_its_changes_are_shown(staff: Client, erin: Client, inquiry: Inquiry) -> None:
    bobs = Page(staff, page_of(inquiry))
    Page(erin, page_of(inquiry)).press("Assign to me")
    before = AuditEntry.objects.filter(action="privacy.staff.read").count()
    assert "after you opened the page" in bobs.press("Assign to me").text
    assert AuditEntry.objects.filter(action="privacy.staff.read").count() == before + 1
    assert BeautifulSoup(bobs.html, "html.parser").find("input", {"name": "seen"})
