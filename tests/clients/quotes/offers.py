"""Quotes at any stage, made by the application's own functions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from clients.models import Installment, Quote, QuoteLine
from clients.quotes.drafting import add_up, draft_quote
from clients.quotes.sending import send_quote
from contacts.models import Inquiry
from shop.models import Order
from tests import factories

Due = Installment.Due
HALVES: tuple[dict[str, Any], ...] = (
    {"label": "Deposit", "percent": 50, "due": Due.ACCEPTANCE},
    {"label": "When the site is on-line", "due": Due.RELEASE},
)


def draft(staff: User, inquiry: Inquiry | None = None, installments: tuple[dict[str, Any], ...] = ()) -> Quote:
    """$1,200.00: ten pages at $100.00, and $200.00 for a logo."""
    asked = inquiry or factories.inquiry("carol@example.org", name="Carol Customer", kind="quote", project="A site")
    quote = draft_quote(inquiry=asked, actor=staff)
    lines = [("Ten pages about Carol's bakery", 10, 10_000), ("A logo", 1, 20_000)]
    for position, (description, quantity, price) in enumerate(lines):
        QuoteLine.objects.create(
            quote=quote, position=position, description=description, quantity=quantity, unit_price_minor=price
        )
    for position, fields in enumerate(installments):
        Installment.objects.create(quote=quote, position=position, **fields)
    add_up(quote=quote)
    return quote


def sent(staff: User, installments: tuple[dict[str, Any], ...] = (), inquiry: Inquiry | None = None) -> Quote:
    quote = draft(staff, inquiry, installments)
    send_quote(quote=quote, now=timezone.now(), actor=staff)
    quote.refresh_from_db()
    return quote


def accept(client: Client, quote: Quote, **fields: str) -> Any:
    """On its page, as the client."""
    return client.post(f"{quote.get_absolute_url()}accept/", {"name": "Carol C. Customer", "code": "", **fields})


def accepted(staff: User, installments: tuple[dict[str, Any], ...] = ()) -> Quote:
    quote = sent(staff, installments)
    assert accept(Client(), quote).status_code == 302
    quote.refresh_from_db()
    return quote


def orders_of(quote: Quote) -> list[Order]:
    """In the order of the installments."""
    return [each.order for each in quote.installments.select_related("order") if each.order]


def on(day: date) -> dict[str, Any]:
    return {"label": "On a day", "due": Due.DATE, "due_on": day}
