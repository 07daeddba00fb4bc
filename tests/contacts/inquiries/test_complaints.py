"""A privacy complaint is a message and a privacy request with a legal deadline; one answer closes both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.models import Inquiry, Reply
from privacy.admin_base.staff_dashboard import Area, pending_tasks_for
from privacy.admin_base.staff_roles import Role
from privacy.models import PrivacyRequest
from tests.accounts.test_roles import member
from tests.contacts.conftest import Post, page_of, press, send

pytestmark = pytest.mark.django_db

Work = Callable[[], int]


@pytest.fixture
def complaint(post: Post) -> Inquiry:
    post(kind="complaint", message="You wrote to me.")
    found: Inquiry = Inquiry.objects.get()
    return found


def test_complaint_starts_its_deadline(complaint: Inquiry) -> None:
    request = PrivacyRequest.objects.get()
    assert complaint.privacy_request == request
    assert (request.kind, request.state, request.details) == ("complaint", "confirmed", "You wrote to me.")
    assert (request.email, request.received_at) == ("Dave@example.org", complaint.received_at)
    assert str(request.due_on) == "2026-04-16"  # 45 days after 2 March


def test_complaint_confirmation_names_the_deadline_and_authorities(complaint: Inquiry, work: Work) -> None:
    work()
    assert "answer it by April 16, 2026" in str(mail.outbox[0].body)
    assert "Better Business Bureau" in str(mail.outbox[0].body)
    assert PrivacyRequest.objects.get().acknowledged_at is not None


def test_answer_to_a_complaint_closes_message_and_request(complaint: Inquiry, staff: Client, work: Work) -> None:
    assert "has been sent" in send(staff, complaint, "We looked into it.")
    assert PrivacyRequest.objects.get().state == "answered"
    assert Inquiry.objects.get().state == "answered"
    assert Reply.objects.count() == 1
    work()
    assert [message for message in mail.outbox if "We looked into it." in str(message.body)]
    assert len(mail.outbox) == 3


def test_answer_to_the_privacy_request_closes_message_and_request(complaint: Inquiry, staff: Client) -> None:
    assert complaint.state == "open"
    step = f"/admin/privacy/privacyrequest/{complaint.privacy_request_id}/step/answer/"
    assert staff.post(step, {"text": "We looked into it."}).status_code == 302
    assert PrivacyRequest.objects.get().state == "answered"
    assert Inquiry.objects.get().state == "answered"


def test_complaint_page_links_to_the_privacy_request(complaint: Inquiry, staff: Client) -> None:
    assert f"/admin/privacy/privacyrequest/{complaint.privacy_request_id}/change/" in (
        staff.get(page_of(complaint)).content.decode()
    )


def test_held_complaint_starts_its_deadline_and_is_acknowledged_on_release(post: Post, staff: Client) -> None:
    post(kind="complaint", extra="x")
    held, request = Inquiry.objects.get(), PrivacyRequest.objects.get()
    assert held.state == "held"
    assert (request.is_open, request.received_at, request.acknowledged_at) == (True, held.received_at, None)
    press(staff, held, "release")
    assert PrivacyRequest.objects.get().acknowledged_at is not None


def test_other_messages_create_no_privacy_request(post: Post) -> None:
    post(kind="question")
    assert Inquiry.objects.exists()
    assert not PrivacyRequest.objects.exists()


def tasks_of(user: User) -> dict[str, int]:
    lines = pending_tasks_for(user, now=timezone.now())
    return {line.task.one: line.waiting.count for line in lines if line.task.area in (Area.CONTACTS, Area.PRIVACY)}


def test_complaint_is_one_task(complaint: Inquiry, bob: User) -> None:
    assert tasks_of(bob) == {"privacy request to answer": 1}
    assert tasks_of(member(Role.MAIL)) == {"message to answer": 1}
    assert tasks_of(member(Role.PRIVACY_OFFICER)) == {"privacy request to answer": 1}
    PrivacyRequest.objects.update(state="answered", answered_at=timezone.now())
    assert tasks_of(bob) == {"message to answer": 1}  # whose message somebody has reopened
