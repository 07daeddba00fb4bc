"""Quotes of the demo: one that the client has, one that was declined, and a draft."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from clients.models import Installment, Quote, QuoteLine
from clients.quotes.decisions import decline_quote
from clients.quotes.drafting import add_up, draft_quote
from clients.quotes.sending import send_quote
from contacts.inquiries.workflow import receive_inquiry
from contacts.models import Inquiry
from shop.money import Money

from .timeline import Timeline

Due = Installment.Due


def plan_quotes(timeline: Timeline, *, asked: Inquiry, staff: User) -> None:
    bakery = [("Design of the pages, with pictures", "3", "420"), ("Set-up and training, hours", "4.5", "95")]
    timeline.at(
        timeline.now - timedelta(days=3.2),
        lambda: _sent(asked, staff, "A site for the bakery", bakery),
    )
    declined_at = timeline.now - timedelta(days=30.3)
    repair = _message(timeline, 33.1, "Ned No", "Our shop is slow. Can you make it faster?", "A faster shop")
    timeline.at(
        timeline.now - timedelta(days=32), lambda: _sent(repair, staff, "A faster shop", [("Review", "1", "900")])
    )
    timeline.at(declined_at, lambda: _declined(repair))
    rebuild = _message(timeline, 0.8, "Rita Rebuild", "What would it cost to rebuild our site?", "A new site")
    timeline.at(
        timeline.now - timedelta(days=0.4), lambda: _drafted(rebuild, staff, "A new site", [("Concept", "1", "600")])
    )


def _message(timeline: Timeline, ago: float, name: str, message: str, project: str) -> Inquiry:
    received_at = timeline.now - timedelta(days=ago)
    email = f"{name.partition(' ')[0].lower()}@example.org"
    inquiry = Inquiry(
        name=name, email=email, message=message, kind=Inquiry.Kind.QUOTE, project=project, received_at=received_at
    )
    timeline.at(received_at, lambda: receive_inquiry(inquiry=inquiry))
    return inquiry


def _drafted(inquiry: Inquiry, staff: User, title: str, lines: list[tuple[str, str, str]]) -> Quote:
    quote = draft_quote(inquiry=inquiry, actor=staff)
    quote.title = title
    quote.save(update_fields=["title"])
    for position, (description, quantity, price) in enumerate(lines):
        line = QuoteLine(quote=quote, position=position, description=description, quantity=Decimal(quantity))
        line.unit_price_minor = Money.of(price, quote.currency).minor
        line.save()
    Installment.objects.create(quote=quote, position=0, label="Deposit", percent=Decimal(30))
    Installment.objects.create(quote=quote, position=1, label="When the site is on line", due=Due.RELEASE)
    add_up(quote=quote)
    return quote


def _sent(inquiry: Inquiry, staff: User, title: str, lines: list[tuple[str, str, str]]) -> None:
    quote = _drafted(inquiry, staff, title, lines)
    send_quote(quote=quote, now=timezone.now(), actor=staff)


def _declined(inquiry: Inquiry) -> None:
    quote = Quote.objects.get(inquiry=inquiry)
    decline_quote(quote=quote, name=inquiry.name, reason="We will wait until the summer.", now=timezone.now())
