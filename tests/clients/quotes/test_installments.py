"""When the installments of an accepted quote can be paid, and the reminders of those that aren't."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clients.models import Installment
from clients.quotes.payments import make_dated_installments_due, remind_of_installments
from privacy.consent.opt_outs import suppress
from shop.checkout.orders import make_due
from shop.delivery.order_links import correct_address
from shop.models import Order, Payment
from tests.clients.quotes.offers import HALVES, accepted, on, orders_of
from tests.staff_pages import Page
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("clock", "db", "paypal_down")


def housekeep() -> None:
    """The two jobs, and the mail that they queue."""
    make_dated_installments_due(now=timezone.now())
    remind_of_installments(now=timezone.now())
    run_due_tasks()


def subjects() -> list[str]:
    found = [str(message.subject) for message in mail.outbox]
    mail.outbox.clear()
    return found


def test_planned_installment_can_not_be_paid(client: Client, bob: User) -> None:
    _, rest = orders_of(accepted(bob, HALVES))
    page = client.get(rest.get_absolute_url()).content.decode()
    assert "This installment isn&#x27;t due yet" in page or "This installment isn't due yet" in page
    client.post(f"{rest.get_absolute_url()}pay/")
    assert not Payment.objects.exists()


def test_staff_let_the_next_installment_be_paid_and_the_client_is_mailed(staff: Client, bob: User) -> None:
    quote = accepted(bob, HALVES)
    _, rest = orders_of(quote)
    run_due_tasks()
    mail.outbox.clear()
    address = f"/admin/clients/quote/{quote.pk}/next-due/"
    first, second = Page(staff, address), Page(staff, address)
    assert "When the site is on-line: $600.00" in first.text
    assert "$600.00 is due; the client is mailed the link." in first.press("Next installment is due").text
    assert "This action is no longer available" in second.press("Next installment is due").text
    run_due_tasks()
    [message] = mail.outbox
    assert message.subject == f"$600.00 is due ({rest.reference})"
    assert rest.get_absolute_url() in str(message.body)
    rest.refresh_from_db()
    assert rest.is_payable


def test_dated_installment_is_due_on_its_day(bob: User, clock: time_machine.Traveller) -> None:
    quote = accepted(bob, ({"label": "Deposit", "percent": 25}, on(date(2026, 3, 20))))
    _, rest = orders_of(quote)
    run_due_tasks()
    mail.outbox.clear()
    clock.move_to(date(2026, 3, 19).isoformat() + "T22:00:00-07:00")
    housekeep()
    assert Order.objects.get(pk=rest.pk).state == Order.State.PLANNED
    mail.outbox.clear()
    clock.move_to(date(2026, 3, 20).isoformat() + "T01:00:00-07:00")
    housekeep()
    housekeep()
    assert Order.objects.get(pk=rest.pk).state == Order.State.OPEN
    assert subjects().count(f"$900.00 is due ({rest.reference})") == 1


def test_unpaid_installment_is_reminded_of_twice_at_most(bob: User, clock: time_machine.Traveller) -> None:
    [order] = orders_of(accepted(bob))
    run_due_tasks()
    mail.outbox.clear()
    clock.shift(timedelta(days=7) - timedelta(seconds=1))
    housekeep()
    assert not subjects()
    for _ in range(4):
        clock.shift(timedelta(days=7))
        housekeep()
        housekeep()
    assert subjects() == [f"Reminder: $1,200.00 is due ({order.reference})"] * 2


def test_paid_installment_is_not_reminded_of(bob: User, clock: time_machine.Traveller) -> None:
    [order] = orders_of(accepted(bob))
    run_due_tasks()
    mail.outbox.clear()
    Order.objects.filter(pk=order.pk).update(state=Order.State.PENDING)
    clock.shift(timedelta(days=8))
    housekeep()
    assert not subjects()
    Order.objects.filter(pk=order.pk).update(state=Order.State.OPEN)
    housekeep()
    assert len(subjects()) == 1


def test_client_who_opted_out_is_not_reminded(bob: User, clock: time_machine.Traveller) -> None:
    accepted(bob)
    run_due_tasks()
    mail.outbox.clear()
    clock.shift(timedelta(days=1))
    suppress("carol@example.org")
    clock.shift(timedelta(days=8))
    housekeep()
    assert not subjects()
    assert Installment.objects.get().reminders == 1  # counted, so that it isn't tried every minute


def test_quote_no_longer_leads_to_an_order_whose_address_was_corrected(client: Client, bob: User) -> None:
    quote = accepted(bob)
    [order] = orders_of(quote)
    assert order.get_absolute_url() in client.get(quote.get_absolute_url()).content.decode()
    correct_address(order=order, email="carola@example.org", actor=bob)
    order.refresh_from_db()
    page = client.get(quote.get_absolute_url()).content.decode()
    assert "We emailed you the link of its order" in page
    assert order.get_absolute_url() not in page
    assert quote.get_absolute_url() not in client.get(order.get_absolute_url()).content.decode()


def test_installment_that_is_due_is_not_made_due_again(bob: User) -> None:
    [order] = orders_of(accepted(bob))
    assert not make_due(order=order, actor=bob)
