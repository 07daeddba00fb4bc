"""The inbox queues: to do, mine, unassigned, overdue, held, and what is done; and the way to the next message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from contacts.models import Correspondence, Inquiry, Reply
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import superuser
from tests.contacts.conftest import Post, page_of, press

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def listed(staff: Client, queue: str) -> set[str]:
    page = staff.get("/admin/contacts/inquiry/", {"queue": queue} if queue else {}).content.decode()
    return {reference for reference in Inquiry.objects.values_list("reference", flat=True) if reference in page}


def test_each_queue_lists_its_own_messages(staff: Client, bob: User, clock: object) -> None:
    carl = factories.user("carl@example.com", is_staff=True)
    mine = factories.inquiry(assigned_to=bob, due_at=NOON + timedelta(days=1))
    his = factories.inquiry(assigned_to=carl, due_at=NOON - timedelta(seconds=1))
    nobodys = factories.inquiry(due_at=NOON)
    held = factories.inquiry(state="held", due_at=NOON - timedelta(days=1))
    done = factories.inquiry(assigned_to=bob, state="answered", due_at=NOON - timedelta(days=1))
    spam, closed = factories.inquiry(state="spam"), factories.inquiry(state="closed")
    assert listed(staff, "mine") == {mine.reference}
    assert listed(staff, "unassigned") == {nobodys.reference, held.reference}
    assert listed(staff, "overdue") == {his.reference, held.reference}
    assert listed(staff, "held") == {held.reference}
    waiting = {mine.reference, his.reference, nobodys.reference, held.reference}
    assert listed(staff, "") == waiting
    assert [listed(staff, queue) for queue in ("answered", "closed", "spam")] == [
        {done.reference},
        {closed.reference},
        {spam.reference},
    ]
    assert listed(staff, "all") == waiting | {done.reference, closed.reference, spam.reference}


def test_a_search_finds_what_is_done_too(staff: Client, clock: object) -> None:
    closed = factories.inquiry(state="closed")
    page = staff.get("/admin/contacts/inquiry/", {"q": "dave@example.org"}).content.decode()
    assert closed.reference in page
    assert "Everything found" in page


def test_waiting_messages_are_listed_by_due_date(staff: Client, clock: object) -> None:
    later = factories.inquiry(due_at=NOON + timedelta(days=2))
    sooner = factories.inquiry(due_at=NOON + timedelta(days=1))
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    assert page.index(sooner.reference) < page.index(later.reference)


def test_age_and_due_date_are_told_in_words(staff: Client, clock: object) -> None:
    three_days = NOON - timedelta(days=3)
    factories.inquiry(received_at=three_days, due_at=NOON + timedelta(days=1))
    factories.inquiry(received_at=three_days, due_at=NOON)
    factories.inquiry(received_at=NOON - timedelta(hours=1), due_at=NOON + timedelta(days=9))
    page = staff.get("/admin/contacts/inquiry/").content.decode().replace("\xa0", " ")
    for text in ("3 days, due tomorrow", "3 days, due today", "1 hour, due Mar 11, 2026"):
        assert text in page
    assert "overdue</strong>" not in page
    factories.inquiry(received_at=three_days, due_at=NOON - timedelta(days=3))
    page = staff.get("/admin/contacts/inquiry/").content.decode()
    assert '<strong class="overdue">overdue since Feb 27, 2026</strong>' in page


def test_after_an_answer_the_next_message_by_due_date_opens(staff: Client, bob: User, clock: object) -> None:
    grace = superuser("grace@example.com")
    first, second = (factories.inquiry(due_at=NOON + timedelta(days=days)) for days in (1, 2))
    factories.inquiry(due_at=NOON, assigned_to=grace)
    mine = factories.inquiry(due_at=None, assigned_to=bob)
    ways = [(first, "_send", second), (second, "_next", mine), (mine, "_send_close", second)]
    for inquiry, button, following in ways:
        response: Any = staff.post(page_of(inquiry), {"answer": "Hi.", button: ""})
        assert response.url == page_of(following)
    response = staff.post(page_of(second), {"answer": "Hi.", "_send": ""}, follow=True)
    assert "No other message waits for you." in response.content.decode()


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


def test_only_colleagues_who_can_answer_are_offered(staff: Client, inquiry: Inquiry) -> None:
    carl = member(Role.MAIL, "carl@example.com")
    others = factories.user("erin@example.org", name="Erin"), member(Role.SHOP)
    page = staff.get(page_of(inquiry)).content.decode()
    assert f'value="{carl.pk}"' in page
    assert not [other for other in others if f'value="{other.pk}"' in page]


@pytest.mark.parametrize("state", ["closed", "answered"])
def test_answered_message_gets_a_new_due_date_when_it_is_reopened(staff: Client, inquiry: Inquiry, state: str) -> None:
    Inquiry.objects.update(state=state, due_at=NOON - timedelta(days=9), answered_at=NOON - timedelta(days=8))
    press(staff, inquiry, "reopen")
    assert (inquiry.state, inquiry.answered_at) == ("open", None)
    assert inquiry.due_at is not None
    assert inquiry.due_at > NOON


@pytest.mark.parametrize("way_out", ["close", "discard"])
def test_closing_and_reopening_leaves_an_unanswered_message_overdue(
    staff: Client, inquiry: Inquiry, way_out: str
) -> None:
    Inquiry.objects.update(due_at=NOON - timedelta(days=9))
    press(staff, inquiry, way_out)
    assert inquiry.state != "open"
    press(staff, inquiry, "reopen")
    assert inquiry.state == "open"
    assert inquiry.due_at == NOON - timedelta(days=9)
    assert Inquiry.objects.overdue(NOON).count() == 1


def test_closing_twice_is_explained(staff: Client, inquiry: Inquiry) -> None:
    press(staff, inquiry, "close")
    assert "Not possible (any more): this message is closed." in press(staff, inquiry, "close")


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
