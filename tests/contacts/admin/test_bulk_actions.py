"""Many messages at once: closed, marked as spam, assigned; a row that a colleague changed meanwhile is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client

from accounts.models import User
from contacts.models import Inquiry
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in, superuser
from tests.contacts.conftest import press

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LIST = "/admin/contacts/inquiry/"


def token_of(staff: Client, address: str = LIST) -> str:
    page = BeautifulSoup(staff.get(address).content, "html.parser")
    return str(page.select("#changelist-form input[name=seen_list]")[0]["value"])


def act(staff: Client, action: str, *inquiries: Inquiry, **fields: Any) -> str:
    data = {"action": action, "_selected_action": [str(each.pk) for each in inquiries], **fields}
    page = staff.post(LIST, data, follow=True).content.decode()
    for each in inquiries:
        each.refresh_from_db()
    return page


@pytest.mark.parametrize(("action", "state"), [("close_selected", "closed"), ("spam_selected", "spam")])
def test_messages_are_closed_or_marked_at_once(staff: Client, action: str, state: str) -> None:
    both = factories.inquiry(), factories.inquiry("erin@example.org")
    assert "2 messages" in act(staff, action, *both, seen_list=token_of(staff))
    assert {each.state for each in both} == {state}
    assert AuditEntry.objects.filter(action__startswith="contacts.inquiry.").count() == 2


def test_what_is_not_possible_is_left_out_and_counted(staff: Client) -> None:
    held, other = factories.inquiry(state="held"), factories.inquiry()
    page = act(staff, "close_selected", held, other)
    assert "1 message closed." in page
    assert "1 left out" in page
    assert (held.state, other.state) == ("held", "closed")


def test_a_row_that_a_colleague_changed_meanwhile_is_left_out_and_named(staff: Client) -> None:
    taken, other = factories.inquiry(), factories.inquiry("erin@example.org")
    token = token_of(staff)
    press(signed_in(superuser("grace@example.com")), taken, "take")
    page = act(staff, "close_selected", taken, other, seen_list=token)
    assert f"Left out, because it changed after you opened the list: inquiry {taken.reference}." in page
    assert "1 message closed." in page
    assert (taken.state, other.state) == ("open", "closed")
    assert "1 message closed." in act(staff, "close_selected", taken, seen_list=token_of(staff))


def test_nothing_is_done_if_all_of_them_changed(staff: Client) -> None:
    taken = factories.inquiry()
    token = token_of(staff)
    press(signed_in(superuser("grace@example.com")), taken, "take")
    assert "Left out" in act(staff, "close_selected", taken, seen_list=token)
    assert taken.state == "open"


def test_own_steps_since_are_no_conflict(staff: Client) -> None:
    inquiry = factories.inquiry()
    token = token_of(staff)
    press(staff, inquiry, "take")
    assert "1 message closed." in act(staff, "close_selected", inquiry, seen_list=token)


def test_forged_token_of_a_list_is_refused(staff: Client) -> None:
    data = {"action": "close_selected", "_selected_action": [str(factories.inquiry().pk)], "seen_list": "forged"}
    assert staff.post(LIST, data).status_code == 400


def test_messages_are_assigned_with_one_mail(staff: Client, work: Callable[[], int]) -> None:
    carl = member(Role.MAIL, "carl@example.com")
    both = factories.inquiry(), factories.inquiry("erin@example.org")
    token = token_of(staff)
    assert "2 messages selected." in act(staff, "assign_selected", *both, seen_list=token)
    page = act(staff, "assign_selected", *both, seen_list=token, colleague=str(carl.pk))
    assert "2 messages assigned." in page
    assert {each.assigned_to for each in both} == {carl}
    work()
    assert "and 1 other" in str(mail.outbox[0].body)
    assert len(mail.outbox) == 1


def test_messages_are_not_assigned_to_who_cannot_answer(staff: Client) -> None:
    User.objects.filter(pk=member(Role.MAIL, "carl@example.com").pk).update(is_active=False)
    inquiry, carl = factories.inquiry(), User.objects.get(email_index="carl@example.com")
    act(staff, "assign_selected", inquiry, colleague=str(carl.pk))
    assert inquiry.assigned_to is None


def test_a_searched_list_can_be_acted_on(staff: Client) -> None:
    inquiry = factories.inquiry()
    data = {"action": "close_selected", "_selected_action": [str(inquiry.pk)], "seen_list": token_of(staff)}
    page = staff.post(f"{LIST}?q=dave@example.org", data, follow=True).content.decode()
    assert "1 message closed." in page
