"""A telephone call becomes a quote, an order and a paid invoice, in the admin and behind the client's link alone."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from affiliates.models import Commission
from clients.models import Quote
from shop.models import Order, Payment, RefundRequest
from shop.money import Money
from shop.payments.refunds import refund_payment
from tests.clients.quotes.offers import HALVES, accepted, orders_of
from tests.shop.purchases import approve
from tests.staff_pages import Page
from tests.standin_process import Standin
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("db")

CALL = {
    "channel": "call",
    "kind": "quote",
    "name": "Carol Customer",
    "email": "carol@example.org",
    "phone": "805-651-8516",
    "project": "A site for a bakery",
    "message": "She wants ten pages and a logo, and pays in two parts.",
}
LINES = {
    "lines-0-description": "Ten pages about the bakery",
    "lines-0-quantity": "10",
    "lines-0-unit_price_minor": "100",
    "lines-1-description": "A logo",
    "lines-1-quantity": "1",
    "lines-1-unit_price_minor": "200",
    "installments-0-label": "Deposit",
    "installments-0-percent": "50",
    "installments-0-due": "acceptance",
    "installments-1-label": "When the site is on-line",
    "installments-1-due": "release",
}


def link_of(subject: str, below: str) -> str:
    """The private link in the client's mail with this subject, as a path."""
    run_due_tasks()
    [message] = [each for each in mail.outbox if subject in str(each.subject) and each.to == ["carol@example.org"]]
    found = re.search(rf"{below}[\w-]+/", str(message.body))
    assert found, message.body
    return found.group()


def pay_button(page: Page) -> str:
    """The address of the form that leads to PayPal."""
    button = next(button for button in page.soup.select("main form button") if "with PayPal" in button.get_text())
    form = button.find_parent("form")
    assert form is not None
    return str(form["action"])


def pay(client: Client, paypal: Standin, page: Page) -> None:
    client.post(pay_button(page))
    payment = Payment.objects.get(state=Payment.State.CREATED)
    client.get(approve(paypal, payment))
    payment.refresh_from_db()
    assert payment.state == Payment.State.PAID


def test_call_becomes_a_paid_invoice(staff: Client, client: Client, paypal: Standin) -> None:
    message = Page(staff, "/admin/contacts/inquiry/add/").submit(**CALL)
    assert "She wants ten pages and a logo" in message.text
    draft = message.press("New quote")
    draft = draft.submit(**LINES)
    quote = Quote.objects.get()
    assert (str(quote.total), quote.name) == ("$1,200.00", "Carol Customer")
    sending = Page(staff, f"/admin/clients/quote/{quote.pk}/send/")
    assert "on its way to the client" in sending.press("Send").text

    offer = link_of("Our quote for you", "/quotes/")
    page = Page(client, offer)
    assert "Ten pages about the bakery" in page.text
    assert "Accept the quote" in page.text
    accepted = client.post(f"{offer}accept/", {"name": "Carol C. Customer", "code": ""}, follow=True)
    assert "Accepted on" in accepted.content.decode()
    pay(client, paypal, Page(client, offer))

    deposit = Order.objects.get(state=Order.State.PAID)
    receipt = Page(client, f"{link_of('Your receipt', '/orders/')}receipt/")
    for shown in (deposit.reference, "Ten pages about the bakery", "A logo", "Total paid", "$600.00", "$1,200.00"):
        assert shown in receipt.text

    due = Page(staff, f"/admin/clients/quote/{quote.pk}/next-due/").press("Next installment is due")
    assert "$600.00 is due" in due.text
    pay(client, paypal, Page(client, link_of("$600.00 is due", "/orders/")))
    assert [order.state for order in Order.objects.all()] == [Order.State.PAID] * 2
    page = Page(client, offer)
    assert page.text.count("Receipt and invoice of $600.00") == 2
    assert "with PayPal" not in page.text

    order_page = Page(staff, f"/admin/shop/order/{deposit.pk}/change/").text
    assert quote.reference in order_page
    assert "Quote accepted on its page" in order_page
    assert not Commission.objects.exists()


def test_refunded_installment_says_so_on_the_quote(client: Client, bob: User, paypal: Standin) -> None:
    quote = accepted(bob, HALVES)
    deposit, _ = orders_of(quote)
    pay(client, paypal, Page(client, quote.get_absolute_url()))
    refund_payment(payment=deposit.payments.get(), amount=Money(20_000, "USD"), actor=bob)
    page = Page(client, quote.get_absolute_url()).text
    assert "$600.00 partially refunded $200.00, paid on" in page
    refund_payment(payment=deposit.payments.get(), amount=Money(40_000, "USD"), actor=bob)
    page = Page(client, quote.get_absolute_url()).text
    assert "$600.00 refunded $600.00, paid on" in page
    assert "Receipt and invoice of $600.00" in page


def test_paid_installment_promises_no_refund_without_a_reason(client: Client, bob: User, paypal: Standin) -> None:
    quote = accepted(bob, HALVES)
    deposit, _ = orders_of(quote)
    pay(client, paypal, Page(client, quote.get_absolute_url()))
    page = Page(client, deposit.get_absolute_url())
    assert "there is no refund window" in page.text
    assert "without giving a reason" not in page.text
    client.post(f"{deposit.get_absolute_url()}refund/", {"reason": "I changed my mind."})
    assert not RefundRequest.objects.exists()
    run_due_tasks()
    [receipt] = [str(message.body) for message in mail.outbox if "Your receipt" in str(message.subject)]
    assert "View your order" in receipt
    assert "You can request a refund" not in receipt
