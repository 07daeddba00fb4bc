"""The PDF of a quote: all of its text, in any script, and nothing personal around it."""

from __future__ import annotations

import io
import logging

import pytest
from django.test import Client
from pypdf import PdfReader

from clients.models import Quote
from contacts.models import Inquiry
from tests.clients.conftest import draft, fill_in, link, page_of, press

pytestmark = pytest.mark.django_db


def text_of(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    text = " ".join(page.extract_text() for page in pages).replace("\0", "")  # between letters of the second font
    return " ".join(text.split())


def test_pdf_has_everything_that_the_page_has(client: Client, sent: Quote) -> None:
    response = client.get(f"{link()}quote.pdf")
    assert response["Content-Disposition"] == f'attachment; filename="{sent.reference}.pdf"'
    assert "no-store" in response["Cache-Control"]
    text = text_of(response.content)
    for shown in ("AITpro", "A new shop", "Dave Dorn", "Design and set-up.", "Hosting for a year", "$1,000.00"):
        assert shown in text
    for shown in ("Total $1,200.00", "Deposit on acceptance $360.00", "On launch April 30, 2026 $840.00", "signed"):
        assert shown in text
    assert sent.link_token not in text


def test_pdf_of_an_accepted_quote_says_by_whom_and_asks_for_no_signature(client: Client, sent: Quote) -> None:
    client.post(f"{link()}accept/", {"name": "Dave Dorn", "code": ""})
    text = text_of(client.get(f"{link()}quote.pdf").content)
    assert "Accepted on March 2, 2026 by Dave Dorn." in text
    assert "signed" not in text
    assert "can be accepted" not in text


def test_draft_says_that_it_is_no_offer(staff: Client, quote: Quote) -> None:
    text = text_of(staff.get(page_of(quote)[: -len("change/")] + "quote.pdf").content)
    assert "This is a draft and not an offer." in text
    assert "signed" not in text


@pytest.mark.parametrize("name", ["Σωκράτης Παπαδόπουλος", "Øyvind Ångström", "Владимир Ильич", "山田太郎", "김철수"])
def test_pdf_writes_names_in_any_script(staff: Client, inquiry: Inquiry, name: str) -> None:
    quote = draft(staff, inquiry)
    fill_in(staff, quote, name=name)
    assert name in text_of(staff.get(page_of(quote)[: -len("change/")] + "quote.pdf").content)


def test_letters_without_a_glyph_neither_fail_nor_reach_the_log(
    staff: Client, inquiry: Inquiry, caplog: pytest.LogCaptureFixture
) -> None:
    quote = draft(staff, inquiry)
    fill_in(staff, quote, name="Zoë 🦄 𓂀 Müller")
    with caplog.at_level(logging.DEBUG):
        content = staff.get(page_of(quote)[: -len("change/")] + "quote.pdf").content
    assert "Müller" in text_of(content)
    assert "Zoë" not in caplog.text
    assert "🦄" not in caplog.text
    assert "𓂀" not in caplog.text


def test_same_quote_makes_the_same_pdf(client: Client, sent: Quote) -> None:
    first, second = (client.get(f"{link()}quote.pdf").content for _ in range(2))
    assert first.startswith(b"%PDF")
    assert text_of(first) == text_of(second)


def test_pdfs_of_one_quote_are_limited(client: Client, sent: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.quotes.views.PDFS_PER_HOUR", 1)
    assert client.get(f"{link()}quote.pdf").status_code == 200
    refused = client.get(f"{link()}quote.pdf")
    assert refused.status_code == 429
    assert "Retry-After" in refused
    assert "A new shop" in refused.content.decode()


def test_long_quote_runs_over_several_pages(staff: Client, inquiry: Inquiry) -> None:
    quote = draft(staff, inquiry)
    fill_in(staff, quote, text="A sentence of the quote. " * 350)
    press(staff, quote, "send")
    content = staff.get(page_of(quote)[: -len("change/")] + "quote.pdf").content
    assert len(PdfReader(io.BytesIO(content)).pages) > 1
