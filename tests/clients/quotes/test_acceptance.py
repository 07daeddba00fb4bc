"""A client accepts a quote on its page, and each installment becomes an order, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clients.models import Quote
from clients.quotes.drafting import revise_quote
from clients.quotes.sending import send_quote, withdraw_quote
from privacy.audit.models import AuditEntry
from shop.models import Order
from tests.clients.quotes.offers import HALVES, accept, accepted, orders_of, sent
from tests.shop.terms.published import publish_first_terms, publish_next
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("clock", "db")


def test_accepted_quote_becomes_one_order_of_each_installment(client: Client, bob: User) -> None:
    quote = sent(bob, HALVES)
    assert not Order.objects.exists()
    page = client.get(f"{quote.get_absolute_url()}accept/").content.decode()
    assert "Accept and order for $1,200.00" in page
    assert "When the site is on-line" in page

    answer = accept(client, quote)
    assert answer["Location"] == f"{quote.get_absolute_url()}#payment"
    deposit, rest = orders_of(quote)
    assert [str(order.total) for order in (deposit, rest)] == ["$600.00", "$600.00"]
    assert [order.state for order in (deposit, rest)] == [Order.State.OPEN, Order.State.PLANNED]
    assert deposit.product_name == f"Services, quote {quote.reference}, installment 1 of 2"
    assert (deposit.name, deposit.email, deposit.product.is_service) == ("Carol Customer", "carol@example.org", True)

    quote.refresh_from_db()
    assert (quote.state, quote.decided_name, quote.recorded_by) == (Quote.State.ACCEPTED, "Carol C. Customer", None)
    shown = client.get(quote.get_absolute_url()).content.decode()
    assert "Pay $600.00 with PayPal" in shown
    assert "not due yet" in shown


def test_quote_without_installments_is_one_order(client: Client, bob: User) -> None:
    quote = accepted(bob)
    [order] = orders_of(quote)
    assert (str(order.total), order.product_name) == ("$1,200.00", f"Services, quote {quote.reference}")


def test_accepting_twice_orders_once(client: Client, bob: User) -> None:
    quote = sent(bob, HALVES)
    first, second = accept(client, quote), accept(client, quote, name="Somebody else")
    assert (first.status_code, second.status_code) == (302, 409)
    assert "Your answer wasn&#x27;t recorded" in second.content.decode().replace("'", "&#x27;")
    assert "by Carol C. Customer." in second.content.decode()
    assert accept(client, quote).status_code == 302  # a double click
    assert Order.objects.count() == 2
    quote.refresh_from_db()
    assert quote.decided_name == "Carol C. Customer"


def test_orders_are_placed_under_the_terms_of_the_quote(client: Client, bob: User) -> None:
    publish_first_terms()
    quote = sent(bob, HALVES)
    publish_next("sale")
    accept(client, quote)
    assert len(orders_of(quote)) == 2
    for order in orders_of(quote):
        accepted_versions = {each.document: each.version.number for each in order.accepted_terms.all()}
        assert accepted_versions == {"sale": 1}


def test_withdrawn_quote_is_not_accepted(client: Client, bob: User) -> None:
    quote = sent(bob)
    withdraw_quote(quote=quote, actor=bob)
    assert accept(client, quote).status_code == 410
    assert not Order.objects.exists()


def test_replaced_version_is_not_accepted_and_the_new_one_is(client: Client, bob: User) -> None:
    old = sent(bob)
    new = revise_quote(quote=old, actor=bob)
    send_quote(quote=new, now=timezone.now(), actor=bob)
    assert accept(client, old).status_code == 410
    assert not Order.objects.exists()
    accept(client, new)
    [order] = orders_of(new)
    assert order.product_name == f"Services, quote {new.reference}"


def test_quote_is_accepted_on_its_last_day_and_not_after_it(
    client: Client, bob: User, clock: time_machine.Traveller
) -> None:
    early, late = sent(bob), sent(bob)
    clock.shift(timedelta(days=30))
    accept(client, early)
    assert len(orders_of(early)) == 1
    clock.shift(timedelta(days=1))
    assert accept(client, late).status_code == 409
    assert not orders_of(late)
    assert "This quote expired" in client.get(late.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "C" * 151}, "at most 150 characters"),
        ({"code": "NOBODY"}, "This code doesn"),
    ],
)
def test_bad_input_is_explained_and_nothing_is_ordered(
    client: Client, bob: User, typed: dict[str, str], problem: str
) -> None:
    quote = sent(bob)
    answer = accept(client, quote, **typed)
    assert answer.status_code == 200
    assert problem in answer.content.decode()
    assert all(value in answer.content.decode() for value in typed.values())
    assert not Order.objects.exists()


def test_client_and_staff_are_mailed(client: Client, bob: User) -> None:
    quote = sent(bob, HALVES)
    run_due_tasks()
    mail.outbox.clear()
    accept(client, quote)
    run_due_tasks()
    to_client, to_staff = sorted(mail.outbox, key=lambda message: message.to != ["carol@example.org"])
    assert to_client.subject == f"You accepted our quote ({quote.reference})"
    assert quote.get_absolute_url() in str(to_client.body)
    assert f"A client accepted quote {quote.reference}" in str(to_staff.body)
    assert "Carol" not in str(to_staff.body)


def test_acceptance_is_audited_without_a_name(client: Client, bob: User) -> None:
    quote = accepted(bob)
    entry = AuditEntry.objects.get(action="clients.quote.accepted")
    assert (entry.object_id, entry.actor) == (str(quote.pk), None)


def test_accepted_quote_is_kept_as_long_as_its_orders(client: Client, bob: User) -> None:
    quote = accepted(bob)
    assert quote.keep_until == timezone.now() + timedelta(days=7 * 365)
