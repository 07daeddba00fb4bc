"""The inbox queues: mine, unassigned, overdue, held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from contacts.models import Correspondence, Inquiry, Reply
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from tests import factories
from tests.contacts.conftest import Post, page_of, press

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def listed(staff: Client, queue: str) -> set[str]:
    page = staff.get("/admin/contacts/inquiry/", {"queue": queue}).content.decode()
    return {reference for reference in Inquiry.objects.values_list("reference", flat=True) if reference in page}


def test_each_queue_lists_its_own_messages(staff: Client, bob: User, clock: object) -> None:
    carl = factories.user("carl@example.com", is_staff=True)
    mine = factories.inquiry(assigned_to=bob, due_at=NOON + timedelta(days=1))
    his = factories.inquiry(assigned_to=carl, due_at=NOON - timedelta(seconds=1))
    nobodys = factories.inquiry(due_at=NOON)
    held = factories.inquiry(state="held", due_at=NOON - timedelta(days=1))
    factories.inquiry(assigned_to=bob, state="answered", due_at=NOON - timedelta(days=1))
    assert listed(staff, "mine") == {mine.reference}
    assert listed(staff, "unassigned") == {nobodys.reference, held.reference}
    assert listed(staff, "overdue") == {his.reference, held.reference}
    assert listed(staff, "held") == {held.reference}


def test_waiting_messages_come_first_by_due_date(staff: Client, clock: object) -> None:
    answered = factories.inquiry(state="answered", due_at=NOON - timedelta(days=9))
    later = factories.inquiry(due_at=NOON + timedelta(days=2))
    sooner = factories.inquiry(due_at=NOON + timedelta(days=1))
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    places = [page.index(inquiry.reference) for inquiry in (sooner, later, answered)]
    assert places == sorted(places)


def test_overdue_message_is_marked(staff: Client, clock: object) -> None:
    factories.inquiry(due_at=NOON + timedelta(days=1))
    assert "overdue</strong>" not in staff.get("/admin/contacts/inquiry/").content.decode()
    factories.inquiry(due_at=NOON - timedelta(days=3))
    assert "Feb 27, 2026, overdue</strong>" in staff.get("/admin/contacts/inquiry/").content.decode()


def test_due_date_counts_business_days(post: Post, clock: time_machine.Traveller, settings: Settings) -> None:
    clock.move_to(datetime(2026, 3, 6, 20, 0, tzinfo=UTC))  # a Friday
    post()
    assert str(Inquiry.objects.get().due_at) == "2026-03-11 06:59:59+00:00"  # the end of Tuesday in California
    settings.INQUIRY_ANSWER_DAYS = 1
    post(email="erin@example.org")
    assert str(Inquiry.objects.get(email_index="erin@example.org").due_at) == "2026-03-10 06:59:59+00:00"


def test_message_can_be_assigned_to_oneself(staff: Client, bob: User, inquiry: Inquiry) -> None:
    assert "The message is assigned to you." in press(staff, inquiry, "take")
    assert inquiry.assigned_to == bob
    entry = AuditEntry.objects.get(action="contacts.inquiry.assigned")
    assert (entry.object_id, entry.actor) == (str(inquiry.pk), bob.pk)


def test_message_can_be_assigned_to_a_colleague(staff: Client, inquiry: Inquiry) -> None:
    carl = factories.user("carl@example.com", is_staff=True, name="Carl")
    customer = factories.user("erin@example.org", name="Erin")
    page = staff.get(page_of(inquiry)).content.decode()
    assert "Carl" in page
    assert f'value="{customer.pk}"' not in page
    form = {f"{prefix}-{name}": "0" for prefix in ("replies", "replies-2") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    staff.post(page_of(inquiry), {"state": "open", "assigned_to": str(carl.pk), **form})
    inquiry.refresh_from_db()
    assert inquiry.assigned_to == carl
    assert AuditEntry.objects.filter(action="contacts.inquiry.assigned").count() == 1


def test_reopened_message_gets_a_new_due_date(staff: Client, inquiry: Inquiry) -> None:
    Inquiry.objects.update(state="closed", due_at=NOON - timedelta(days=9))
    form = {f"{prefix}-{name}": "0" for prefix in ("replies", "replies-2") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    staff.post(page_of(inquiry), {"state": "open", **form})
    inquiry.refresh_from_db()
    assert inquiry.state == "open"
    assert inquiry.due_at is not None
    assert inquiry.due_at > NOON


def test_received_message_is_audited(post: Post) -> None:
    post()
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.actor) == ("contacts.inquiry.received", None)


def test_long_inquiry_list_needs_few_queries(
    staff: Client, bob: User, clock: object, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        factories.inquiry(assigned_to=bob, due_at=NOON)
    with django_assert_max_num_queries(15):
        assert staff.get("/admin/contacts/inquiry/").status_code == 200


def test_expired_message_is_unreachable_before_the_purge(
    staff: Client, inquiry: Inquiry, clock: time_machine.Traveller
) -> None:
    Reply.objects.create(inquiry=inquiry, body="Good day.")
    Correspondence.objects.create(inquiry=inquiry, way="call_in", notes="He called.")
    clock.shift(timedelta(days=730) - timedelta(seconds=1))
    assert (Inquiry.objects.count(), Reply.objects.count(), Correspondence.objects.count()) == (1, 1, 1)
    clock.shift(timedelta(seconds=1))
    assert (Inquiry.objects.count(), Reply.objects.count(), Correspondence.objects.count()) == (0, 0, 0)
    purge_expired(now=NOON + timedelta(days=730))
    assert not Inquiry._base_manager.exists()
    assert not Reply._base_manager.exists()
