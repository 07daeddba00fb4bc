"""A quote from the message to the client's page: staff press buttons, Dave has the link of his mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from clients.models import Quote
from contacts.models import Inquiry
from privacy.evidence.rehearsal.browser import defaults_of
from tests import factories
from tests.shop.paypal_fixtures import paypal, paypal_down, paypal_process
from tests.staff_pages import Page

__all__ = ["paypal", "paypal_down", "paypal_process"]

Work = Callable[[], int]


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    """Dave asks for a quote."""
    return factories.inquiry(kind="quote", project="A new shop", address="1 Main Street\nVentura")


def page_of(quote: Quote, step: str = "change") -> str:
    return f"/admin/clients/quote/{quote.pk}/{step}/"


def draft(staff: Client, inquiry: Inquiry) -> Quote:
    """By the button of the message."""
    response = staff.post(f"/admin/contacts/inquiry/{inquiry.pk}/quote/")
    quote: Quote = Quote.objects.latest("created_at", "pk")
    assert response.status_code == 302, response.content
    assert response["Location"] == page_of(quote)
    return quote


def fill_in(staff: Client, quote: Quote, **changes: str) -> str:
    """Two lines that add up to $1,200 and, unless `changes` say otherwise, 30% as a deposit and the rest on the last
    day of April. Returns the page that follows."""
    typed = {
        "title": "A new shop",
        "name": "Dave Dorn",
        "text": "Design and set-up.",
        "valid_until": "2026-04-01",
        "lines-TOTAL_FORMS": "2",
        "lines-0-description": "Design",
        "lines-0-quantity": "10",
        "lines-0-unit_price_minor": "100.00",
        "lines-1-description": "Hosting for a year",
        "lines-1-quantity": "1",
        "lines-1-unit_price_minor": "200.00",
        "installments-TOTAL_FORMS": "2",
        "installments-0-label": "Deposit",
        "installments-0-percent": "30",
        "installments-0-due": "acceptance",
        "installments-1-label": "On launch",
        "installments-1-due": "date",
        "installments-1-due_on": "2026-04-30",
    }
    return Page(staff, page_of(quote)).submit(**{**typed, **changes}).html


def press(staff: Client, quote: Quote, step: str, **fields: Any) -> str:
    """The page that a button leads to, by its confirmation page if it has one."""
    page = Page(staff, page_of(quote, step))
    shown = defaults_of(page.main_form) if page.status == 200 else {}
    response = staff.post(page_of(quote, step), {**shown, **fields}, follow=True)
    quote.refresh_from_db()
    return response.content.decode()


@pytest.fixture
def quote(staff: Client, inquiry: Inquiry) -> Quote:
    """A draft of $1,200.00, ready to be sent."""
    made = draft(staff, inquiry)
    fill_in(staff, made)
    made.refresh_from_db()
    return made


@pytest.fixture
def sent(staff: Client, quote: Quote, work: Work) -> Quote:
    """The same, sent to Dave."""
    press(staff, quote, "send")
    work()
    return quote


def link(number: int = -1) -> str:
    """The path of the quote in a mail to Dave."""
    found = re.search(r"/quotes/[\w-]+/", str(mail.outbox[number].body))
    assert found, mail.outbox[number].body
    return found.group()
