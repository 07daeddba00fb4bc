"""Staff record that a client signed a quote on paper."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clients.models import Quote
from clients.quotes.decisions import expire_quotes
from clients.quotes.drafting import revise_quote
from clients.quotes.sending import send_quote
from shop.models import Order
from tests import factories
from tests.clients.quotes.offers import HALVES, accept, draft, orders_of, sent
from tests.staff_pages import Page
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("clock", "db")

LETTER = {"name": "Carol C. Customer", "signed_on": "2026-03-02", "code": ""}


def record_page(staff: Client, quote: Quote) -> Page:
    return Page(staff, f"/admin/clients/quote/{quote.pk}/accept/")


def test_letter_is_recorded_with_its_date_and_scan(staff: Client, bob: User) -> None:
    quote = sent(bob, HALVES)
    scan = SimpleUploadedFile("letter.pdf", b"%PDF-1.4 signed")
    done = record_page(staff, quote).press("Record a signed letter", **LETTER, scan=scan)
    assert "The quote is accepted. Orders: B" in done.text
    quote.refresh_from_db()
    assert (quote.state, quote.recorded_by, quote.signed_on) == (Quote.State.ACCEPTED, bob, date(2026, 3, 2))
    assert len(orders_of(quote)) == 2
    assert quote.inquiry is not None
    page = Page(staff, f"/admin/contacts/inquiry/{quote.inquiry.pk}/change/").text
    assert "letter received" in page
    assert f"Signed quote {quote.reference}" in page
    assert "letter.pdf" in page
    assert "not sent yet" not in page


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"signed_on": "2026-03-03"}, "dated in the future"),
        ({"signed_on": "2026-03-01"}, "the letter can't be older"),
        ({"signed_on": "yesterday"}, "Enter a valid date."),
        ({"name": ""}, "This field is required."),
        ({"code": "NOBODY"}, "This code doesn't exist"),
        ({"scan": SimpleUploadedFile("letter.exe", b"MZ")}, "files can be added"),
        ({"scan": SimpleUploadedFile("letter.pdf", b"not a PDF")}, "content doesn't match its name"),
    ],
)
def test_impossible_letter_is_refused_and_nothing_is_ordered(
    staff: Client, bob: User, typed: dict[str, str], problem: str
) -> None:
    quote = sent(bob)
    again = record_page(staff, quote).press("Record a signed letter", **{**LETTER, **typed})
    assert problem in again.text
    assert again.field("name") == {**LETTER, **typed}["name"]
    assert not Order.objects.exists()
    quote.refresh_from_db()
    assert quote.state == Quote.State.SENT


def test_letter_and_page_accept_a_quote_once(staff: Client, client: Client, bob: User) -> None:
    quote = sent(bob)
    page = record_page(staff, quote)
    accept(client, quote)
    assert "no longer available" in page.press("Record a signed letter", **LETTER).text
    assert Order.objects.count() == 1


@pytest.fixture
def by_letter(bob: User) -> Quote:
    """A quote for somebody without an email address, in two halves."""
    asked = factories.inquiry(None, name="Carol Customer", kind="quote", channel="letter", address="2 Main Street")
    quote = draft(bob, asked, HALVES)
    quote.title = "A site for a bakery"
    quote.save()
    send_quote(quote=quote, now=timezone.now(), actor=bob, by_letter=True)
    quote.refresh_from_db()
    return quote


def test_letter_of_a_client_without_an_email_address_is_recorded(
    staff: Client, client: Client, by_letter: Quote
) -> None:
    done = record_page(staff, by_letter).press("Record a signed letter", **LETTER)
    assert "The quote is accepted. Orders: B" in done.text
    deposit, rest = orders_of(by_letter)
    assert (deposit.name, deposit.email, deposit.is_erased) == ("Carol Customer", None, False)
    Page(staff, f"/admin/clients/quote/{by_letter.pk}/next-due/").press("Next installment is due")
    rest.refresh_from_db()
    assert rest.is_payable
    run_due_tasks()
    assert not mail.outbox
    assert "Pay $600.00 with PayPal" in client.get(deposit.get_absolute_url()).content.decode()
    order_page = Page(staff, f"/admin/shop/order/{deposit.pk}/change/").text
    assert "Carol Customer" in order_page
    assert "Correct the email address" in order_page


def test_decline_of_a_client_without_an_email_address_is_recorded(staff: Client, by_letter: Quote) -> None:
    page = Page(staff, f"/admin/clients/quote/{by_letter.pk}/decline/")
    page.press("Record that it was declined", name="Carol Customer", reason="Too much.")
    by_letter.refresh_from_db()
    assert by_letter.state == Quote.State.DECLINED


@pytest.mark.parametrize("expired", [False, True])
def test_letter_signed_in_time_is_recorded_after_the_last_day(
    staff: Client, bob: User, clock: time_machine.Traveller, expired: bool
) -> None:
    quote = sent(bob)
    clock.shift(timedelta(days=33))
    assert expire_quotes(now=timezone.now()) == 1 if expired else True
    quote.refresh_from_db()
    late = record_page(staff, quote).press("Record a signed letter", **{**LETTER, "signed_on": "2026-04-02"})
    assert "The last day of the quote was April 1, 2026: the letter is too late." in late.text
    assert not Order.objects.exists()
    done = record_page(staff, quote).press("Record a signed letter", **{**LETTER, "signed_on": "2026-04-01"})
    assert "The quote is accepted." in done.text
    quote.refresh_from_db()
    assert (quote.state, quote.signed_on) == (Quote.State.ACCEPTED, date(2026, 4, 1))


def test_database_accepts_an_expired_quote_by_a_letter_in_time_alone(bob: User, clock: time_machine.Traveller) -> None:
    quote = sent(bob)
    clock.shift(timedelta(days=33))
    expire_quotes(now=timezone.now())
    for signed_on in (None, date(2026, 4, 2)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Quote.objects.filter(pk=quote.pk).update(state="accepted", signed_on=signed_on)


def test_letter_for_an_expired_version_is_refused_once_there_is_a_newer_one(
    staff: Client, bob: User, clock: time_machine.Traveller
) -> None:
    old = sent(bob)
    clock.shift(timedelta(days=33))
    expire_quotes(now=timezone.now())
    send_quote(quote=revise_quote(quote=old, actor=bob), now=timezone.now(), actor=bob)
    refused = record_page(staff, old).press("Record a signed letter", **LETTER)
    assert "The client has a newer version of this quote." in refused.text
    assert not Order.objects.exists()
