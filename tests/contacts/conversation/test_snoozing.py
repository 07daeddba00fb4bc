"""Snoozed messages leave the queue until a day, without a job; their senders wait meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from contacts.evidence import we_can_be_reached
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from tests import factories
from tests.contacts.conftest import form_of, press, send

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIST = "/admin/contacts/inquiry/"


def queue(staff: Client, name: str) -> str:
    return staff.get(LIST, {"queue": name} if name else {}).content.decode()


def test_snoozed_message_comes_back_on_its_day(staff: Client, inquiry: Inquiry, clock: time_machine.Traveller) -> None:
    Inquiry.objects.update(due_at=NOON + timedelta(days=30))
    assert "comes back on March 5, 2026" in send(staff, inquiry, "", "_save", snooze="2026-03-05")
    assert str(inquiry.snoozed_until) == "2026-03-05 08:00:00+00:00"  # midnight in California
    assert inquiry.reference not in queue(staff, "")
    assert "snoozed until Mar 5, 2026" in queue(staff, "snoozed")
    assert AuditEntry.objects.filter(action="contacts.inquiry.snoozed").count() == 1
    clock.move_to(datetime(2026, 3, 5, 8, 0, 1, tzinfo=UTC))
    staff.force_login(factories.user("later@example.com", is_staff=True, is_superuser=True))
    assert inquiry.reference in queue(staff, "")
    assert inquiry.reference not in queue(staff, "snoozed")


def test_a_day_after_the_due_date_is_pointed_out(staff: Client, inquiry: Inquiry) -> None:
    Inquiry.objects.update(due_at=datetime(2026, 3, 6, 7, 59, 59, tzinfo=UTC))  # the end of March 5 in California
    page = send(staff, inquiry, "", "_save", snooze="2026-03-06")
    assert "comes back on March 6, 2026, after it is due on March 5, 2026." in page
    assert "comes back on March 5, 2026." in send(staff, inquiry, "", "_save", snooze="2026-03-05")


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-01", "1900-01-01", "2026-06-01"])
def test_a_day_in_the_past_or_far_away_is_refused_and_nothing_lost(staff: Client, inquiry: Inquiry, day: str) -> None:
    page = send(staff, inquiry, "Hi.", "_save", snooze=day, note="Wait.")
    assert "Choose a day from tomorrow to May 31, 2026." in page
    assert "Hi.</textarea>" in page
    assert "Wait.</textarea>" in page
    assert inquiry.snoozed_until is None


def test_the_last_day_of_the_calendar_is_refused_and_nothing_lost(staff: Client, inquiry: Inquiry) -> None:
    page = send(staff, inquiry, "Hi.", "_save", snooze="9999-12-31")
    assert "Enter a date between the years 1900 and 9998." in page
    assert "Hi.</textarea>" in page
    assert inquiry.snoozed_until is None


def test_no_day_at_all_is_explained(staff: Client, inquiry: Inquiry) -> None:
    assert "Enter a day as YYYY-MM-DD." in send(staff, inquiry, "Hi.", "_save", snooze="next week")


def test_a_snoozed_message_that_is_overdue_is_to_do_and_counted(
    staff: Client, inquiry: Inquiry, clock: time_machine.Traveller
) -> None:
    Inquiry.objects.update(due_at=NOON + timedelta(days=1))
    send(staff, inquiry, "", "_save", snooze="2026-03-20")
    clock.shift(timedelta(days=1, seconds=1))
    staff.force_login(factories.user("later@example.com", is_staff=True, is_superuser=True))
    assert "overdue since Mar 3, 2026" in queue(staff, "")
    waiting = (staff.get("/admin/").context_data or {})["waiting"]
    [line] = (each for each in waiting if each.text == "message to answer")
    assert line.urgency.startswith("needs attention")
    assert not we_can_be_reached(NOON + timedelta(days=1, seconds=1)).kept


def test_answer_and_day_together_bring_an_answered_message_back(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, "We will look into it.", "_send", snooze="2026-03-05")
    assert (inquiry.state, inquiry.answered_at is not None) == ("open", True)
    assert str(inquiry.due_at) == "2026-03-10 06:59:59+00:00"  # two business days after Thursday


def test_a_closed_message_cannot_be_snoozed(staff: Client, inquiry: Inquiry) -> None:
    press(staff, inquiry, "close")
    assert "Reopen this one first." in send(staff, inquiry, "Hi.", "_save", snooze="2026-03-05")


def test_emptying_the_day_ends_it(staff: Client, inquiry: Inquiry) -> None:
    send(staff, inquiry, "", "_save", snooze="2026-03-05")
    page = form_of(staff, inquiry)
    assert page.field("snooze") == "2026-03-05"
    assert "no longer snoozed" in page.press("Save", snooze="").text
    inquiry.refresh_from_db()
    assert inquiry.snoozed_until is None
