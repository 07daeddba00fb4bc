"""Assigning messages to colleagues who can answer them, and who is answering now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.models import User
from contacts.models import Inquiry, Presence
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from privacy.models import Suppression
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in
from tests.contacts.conftest import form_of, page_of, press, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Work = Callable[[], int]


@pytest.fixture
def carl() -> User:
    """A colleague who may only answer mail."""
    user = member(Role.MAIL, "carl@example.com")
    user.name = "Carl"
    user.save()
    return user


def test_colleague_gets_a_mail_that_names_nobody(staff: Client, inquiry: Inquiry, carl: User, work: Work) -> None:
    assert "is assigned" in send(staff, inquiry, "", "_save", assigned_to=str(carl.pk))
    assert inquiry.assigned_to == carl
    work()
    [message] = mail.outbox
    assert message.to == ["carl@example.com"]
    for text in (inquiry.reference, f"/admin/contacts/inquiry/{inquiry.pk}/change/"):
        assert text in str(message.body)
    for text in ("Dave", "dave@example.org", "Hello?"):
        assert text not in str(message.message())
    assert AuditEntry.objects.filter(action="contacts.inquiry.assigned").count() == 1


def test_an_opt_out_as_a_customer_does_not_stop_it(staff: Client, inquiry: Inquiry, carl: User, work: Work) -> None:
    Suppression.objects.create(fingerprint="carl@example.com", channel="email")
    send(staff, inquiry, "", "_save", assigned_to=str(carl.pk))
    work()
    assert len(mail.outbox) == 1


def test_taking_a_message_mails_nobody(staff: Client, bob: User, inquiry: Inquiry, work: Work) -> None:
    press(staff, inquiry, "take")
    assert inquiry.assigned_to == bob
    work()
    assert mail.outbox == []


@pytest.mark.parametrize("who", ["inactive", "shop", "customer", "nobody"])
def test_who_cannot_answer_is_refused_and_nothing_lost(staff: Client, inquiry: Inquiry, carl: User, who: str) -> None:
    if who == "inactive":
        User.objects.filter(pk=carl.pk).update(is_active=False)
    others = {"shop": lambda: member(Role.SHOP), "customer": lambda: factories.user("x@example.org")}
    target = others[who]() if who in others else carl
    value = "00000000-0000-0000-0000-000000000000" if who == "nobody" else str(target.pk)
    page = send(staff, inquiry, "Hi.", "_save", assigned_to=value, note="For you.")
    assert "can&#x27;t answer messages" in page
    assert "Hi.</textarea>" in page
    assert "For you.</textarea>" in page
    assert inquiry.assigned_to is None


def test_message_of_a_former_colleague_keeps_its_page(staff: Client, inquiry: Inquiry, carl: User) -> None:
    Inquiry.objects.update(assigned_to=carl)
    User.objects.filter(pk=carl.pk).update(is_active=False)
    page = form_of(staff, inquiry)
    assert page.field("assigned_to") == str(carl.pk)
    assert "Note added." in page.press("Save", note="Carl has left.").text


# --- Who is answering -------------------------------------------------------------------------------------------------
def test_colleagues_see_who_is_answering(
    staff: Client, inquiry: Inquiry, carl: User, clock: time_machine.Traveller
) -> None:
    assert "is answering" not in form_of(signed_in(carl), inquiry).text
    page = form_of(staff, inquiry)
    assert "Carl is answering" in page.text
    clock.shift(timedelta(minutes=5, seconds=1))
    assert "Carl is answering" not in form_of(staff, inquiry).text


def test_who_has_answered_is_no_longer_answering(staff: Client, inquiry: Inquiry, carl: User) -> None:
    send(signed_in(carl), inquiry, "Hi.")
    assert "Carl is answering" not in form_of(staff, inquiry).text


def test_opening_the_page_twice_is_one_presence_which_expires(
    staff: Client, inquiry: Inquiry, clock: time_machine.Traveller
) -> None:
    for _ in range(2):
        staff.get(page_of(inquiry))
    presence = Presence.objects.get()
    purge_expired(now=presence.seen_at + timedelta(days=1))
    assert not Presence.objects.exists()
