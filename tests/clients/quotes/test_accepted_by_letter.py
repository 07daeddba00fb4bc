"""Staff record that a client signed a quote on paper."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from clients.models import Quote
from shop.models import Order
from tests.clients.quotes.offers import HALVES, accept, orders_of, sent
from tests.staff_pages import Page

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
