"""A quote from the draft to the client's answer, through HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clients.models import Installment, Quote
from clients.quotes.decisions import expire_quotes
from contacts.models import Correspondence, Inquiry
from privacy.audit.models import AuditEntry
from shop.models import ShopTerms
from shop.terms.publishing import publish_terms
from tests import factories
from tests.clients.conftest import Work, draft, fill_in, link, page_of, press
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db


def test_draft_takes_the_contact_points_of_the_message(staff: Client, inquiry: Inquiry) -> None:
    quote = draft(staff, inquiry)
    assert (quote.name, quote.email, quote.address) == ("Dave", "dave@example.org", "1 Main Street\nVentura")
    assert quote.title == "A new shop"
    assert str(quote.valid_until) == "2026-04-01"  # thirty days


def test_message_shows_its_quote(staff: Client, quote: Quote) -> None:
    page = staff.get(f"/admin/contacts/inquiry/{quote.inquiry_id}/change/").content.decode()
    assert f"{quote.reference}</a>, $1,200.00, draft" in page


def test_lines_and_installments_add_up(staff: Client, quote: Quote) -> None:
    assert str(quote.total) == "$1,200.00"
    assert [str(each.amount) for each in quote.installments.all()] == ["$360.00", "$840.00"]
    assert "It can&#x27;t be sent yet" not in staff.get(page_of(quote)).content.decode()


def test_installments_that_dont_add_up_are_kept_and_named(staff: Client, inquiry: Inquiry) -> None:
    quote = draft(staff, inquiry)
    page = fill_in(staff, quote, **{"installments-1-percent": "60"})
    assert "The installments add up to $1,080.00, and the quote to $1,200.00" in page
    assert quote.installments.count() == 2
    assert "The installments add up to" in press(staff, quote, "send")
    assert quote.is_draft


def test_bad_amount_keeps_what_was_typed(staff: Client, inquiry: Inquiry) -> None:
    quote = draft(staff, inquiry)
    page = fill_in(staff, quote, **{"lines-0-unit_price_minor": "a lot"})
    assert 'value="a lot"' in page
    assert "Hosting for a year" in page
    assert not quote.lines.exists()


def test_empty_draft_isnt_sent(staff: Client, inquiry: Inquiry) -> None:
    quote = draft(staff, inquiry)
    assert "Add at least one line" in press(staff, quote, "send")
    assert quote.is_draft


def test_client_gets_a_link_and_reads_the_quote(client: Client, sent: Quote) -> None:
    assert mail.outbox[-1].to == ["dave@example.org"]
    page = client.get(link())
    text = page.content.decode()
    assert page["X-Robots-Tag"].startswith("noindex")
    assert page["Referrer-Policy"] == "same-origin"
    assert "no-store" in page["Cache-Control"]
    for shown in ("A new shop", "Design", "$1,000.00", "$1,200.00", "Deposit", "$360.00", "April 30, 2026"):
        assert shown in text
    sent.refresh_from_db()
    assert sent.state == "viewed"


def test_staff_read_a_sent_quote_in_amounts_and_arent_taken_for_the_client(staff: Client, sent: Quote) -> None:
    assert "A new shop" in staff.get(link()).content.decode()
    sent.refresh_from_db()
    assert sent.state == "sent"
    page = Page(staff, page_of(sent))
    lines = page.soup.select("#lines-group td.field-unit_price")
    assert [line.get_text(strip=True) for line in lines] == ["$100.00", "$200.00"]
    assert "In a few words. The client's email shows them." not in page.text


def test_nothing_in_the_database_opens_the_link(sent: Quote) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM clients_quote")
        stored = b" ".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for value in cursor.fetchone()
        )
    assert b"USD" in stored
    assert sent.link_token.encode() not in stored


def test_staff_hear_of_a_decline_without_personal_data(client: Client, sent: Quote, work: Work) -> None:
    address = f"{link()}decline/"
    page = client.post(address, {"name": "Dave Dorn", "reason": "Too much for us."}, follow=True)
    assert "Declined on March 2, 2026 by Dave Dorn" in page.content.decode()
    sent.refresh_from_db()
    assert (sent.state, sent.decline_reason) == ("declined", "Too much for us.")
    work()
    assert sent.reference in mail.outbox[-1].subject
    assert "Dave" not in str(mail.outbox[-1].body)


def test_second_decline_changes_nothing_and_says_so(client: Client, sent: Quote) -> None:
    pages = [client.post(f"{link()}decline/", {"name": name}) for name in ("Dave", "Dave", "Somebody else")]
    assert [page.status_code for page in pages] == [302, 302, 409]
    assert "your answer wasn't recorded" in pages[-1].content.decode().lower()
    sent.refresh_from_db()
    assert sent.decided_name == "Dave"
    assert AuditEntry.objects.filter(action="clients.quote.declined").count() == 1


def test_decline_after_an_acceptance_says_that_it_was_not_recorded(client: Client, sent: Quote) -> None:
    client.post(f"{link()}accept/", {"name": "Dave Dorn", "code": ""})
    late = client.post(f"{link()}decline/", {"name": "Dave Dorn"})
    assert late.status_code == 409
    assert "your answer wasn't recorded" in late.content.decode().lower()
    assert "by Dave Dorn" in late.content.decode()
    sent.refresh_from_db()
    assert sent.state == "accepted"


def test_dates_are_the_days_of_the_business(
    client: Client, staff: Client, quote: Quote, work: Work, clock: time_machine.Traveller
) -> None:
    """Five in the afternoon of March 5 in Los Angeles is March 6 in UTC."""
    clock.move_to(datetime(2026, 3, 6, 1, tzinfo=UTC), tick=False)
    press(staff, quote, "send")
    work()
    address = link()
    assert "March 5, 2026" in client.get(address).content.decode()
    client.post(f"{address}accept/", {"name": "Dave Dorn", "code": ""})
    page = client.get(address).content.decode()
    assert "Accepted on March 5, 2026 by Dave Dorn" in page
    assert "March 6, 2026" not in page


def test_accepted_quote_asks_for_no_answer(client: Client, sent: Quote) -> None:
    before = client.get(link()).content.decode()
    client.post(f"{link()}accept/", {"name": "Dave Dorn", "code": ""})
    after = client.get(link()).content.decode()
    for shown in ("Can be accepted until", "to sign it on paper"):
        assert shown in before
        assert shown not in after


def test_quote_answers_the_mail_that_asked_as_a_person(
    staff: Client, work: Work, clock: time_machine.Traveller
) -> None:
    asked = factories.inquiry(channel="email", kind="quote")
    factories.incoming_mail(inquiry=asked, message_id="<asked@example.org>", state="filed")
    quote = draft(staff, asked)
    fill_in(staff, quote)
    press(staff, quote, "send")
    work()
    [message] = mail.outbox
    assert message.extra_headers["In-Reply-To"] == "<asked@example.org>"
    assert "Auto-Submitted" not in message.extra_headers


def test_decline_without_a_name_keeps_the_reason(client: Client, sent: Quote) -> None:
    page = client.post(f"{link()}decline/", {"name": "", "reason": "Too much."}).content.decode()
    assert "Too much." in page
    assert "This field is required." in page
    sent.refresh_from_db()
    assert sent.decided_at is None


def test_withdrawn_quote_shows_nothing(client: Client, staff: Client, sent: Quote) -> None:
    address = link()
    assert client.get(address).status_code == 200
    press(staff, sent, "withdraw")
    assert sent.state == "withdrawn"
    for path in (address, f"{address}decline/", f"{address}quote.pdf"):
        page = client.get(path)
        assert page.status_code == 410
        assert "A new shop" not in page.content.decode()


def test_unknown_link_is_not_found(client: Client, sent: Quote) -> None:
    assert client.get("/quotes/unknown/").status_code == 404


def test_link_of_a_draft_shows_nothing(client: Client, quote: Quote) -> None:
    assert client.get(f"/quotes/{quote.link_token}/").status_code == 410


def test_new_version_replaces_the_one_that_the_client_has(
    client: Client, staff: Client, sent: Quote, work: Work
) -> None:
    first = link()
    press(staff, sent, "revise")
    second = Quote.objects.get(version=2)
    assert client.get(first).status_code == 200  # until the new one is sent
    assert [line.description for line in second.lines.all()] == ["Design", "Hosting for a year"]
    press(staff, second, "send")
    work()
    sent.refresh_from_db()
    assert sent.state == "replaced"
    assert client.get(first).status_code == 410
    assert "version 2" in client.get(link()).content.decode()


def test_second_press_opens_the_same_new_version(staff: Client, sent: Quote) -> None:
    press(staff, sent, "revise")
    press(staff, sent, "revise")
    assert Quote.objects.count() == 2


def test_sent_quote_cant_be_edited(staff: Client, sent: Quote) -> None:
    assert staff.post(page_of(sent), {"title": "Other"}).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clients_quote SET total_minor = 1",
        "UPDATE clients_quote SET valid_until = '2030-01-01'",
        "UPDATE clients_quote SET state = 'draft', sent_at = NULL",
        "UPDATE clients_quoteline SET unit_price_minor = 1",
        "UPDATE clients_installment SET amount_minor = 1",
    ],
)
def test_database_refuses_to_change_a_sent_quote(sent: Quote, change: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_database_refuses_another_line_of_a_sent_quote(sent: Quote) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sent.lines.create(description="More", unit_price_minor=100)


def test_a_decision_is_final(client: Client, sent: Quote) -> None:
    client.post(f"{link()}decline/", {"name": "Dave"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.filter(pk=sent.pk).update(state="accepted")


def test_last_day_counts_and_the_next_does_not(client: Client, sent: Quote, clock: time_machine.Traveller) -> None:
    """By the business's time: Los Angeles is seven hours behind on April 1."""
    clock.move_to(datetime(2026, 4, 2, 6, 59, tzinfo=UTC), tick=False)
    assert "Decline the quote" in client.get(link()).content.decode()
    clock.move_to(datetime(2026, 4, 2, 7, 1, tzinfo=UTC), tick=False)
    page = client.get(link()).content.decode()
    assert "This quote expired on April 1, 2026" in page
    assert "Decline the quote" not in page
    client.post(f"{link()}decline/", {"name": "Dave"})
    assert expire_quotes(now=datetime.now(UTC)) == 1
    assert expire_quotes(now=datetime.now(UTC)) == 0
    sent.refresh_from_db()
    assert sent.state == "expired"


def test_quote_without_installments_is_due_in_full(staff: Client, inquiry: Inquiry) -> None:
    quote = draft(staff, inquiry)
    fill_in(staff, quote, **{"installments-TOTAL_FORMS": "0"})
    press(staff, quote, "send")
    whole = Installment.objects.get()
    assert (whole.amount, whole.due) == (quote.total, "acceptance")


def test_terms_are_those_of_the_day_it_was_sent(client: Client, staff: Client, quote: Quote, work: Work) -> None:
    for draft_of_terms in ShopTerms.objects.filter(effective_from=None):
        publish_terms(version=draft_of_terms, effective_from=None, actor=None)
    press(staff, quote, "send")
    work()
    page = client.get(link()).content.decode()
    assert "terms of sale, version 1" in page
    for document in ("refund policy", "license terms"):  # of what the shop sells
        assert document not in page


def test_draft_is_discarded_with_its_lines(staff: Client, quote: Quote) -> None:
    staff.post(page_of(quote, "discard"))
    assert not Quote.objects.exists()


def test_quote_sent_by_letter_is_logged_and_mails_nobody(staff: Client, quote: Quote, work: Work) -> None:
    press(staff, quote, "send-by-letter")
    work()
    assert quote.state == "sent"
    assert mail.outbox == []
    assert Correspondence.objects.get().way == "letter_out"
    assert Inquiry.objects.get().state == "answered"


def test_quote_goes_by_letter_only_to_an_address_that_was_given(staff: Client, inquiry: Inquiry, quote: Quote) -> None:
    inquiry.address = ""
    inquiry.save()
    press(staff, quote, "send-by-letter")
    assert quote.state == "draft"
    assert not Correspondence.objects.exists()


def test_quote_answers_its_message(staff: Client, quote: Quote) -> None:
    assert Inquiry.objects.get().state == "open"
    press(staff, quote, "send")
    assert Inquiry.objects.get().state == "answered"


def test_list_sums_latest_versions(staff: Client, sent: Quote) -> None:
    press(staff, sent, "revise")
    page = " ".join(staff.get("/admin/clients/quote/").content.decode().split())
    assert '<td>draft</td> <td class="amount">1</td> <td class="amount">$1,200.00</td>' in page
    assert "<td>sent</td>" not in page


def test_opened_after_a_month_is_still_kept_two_years(sent: Quote, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=729))
    assert Quote.objects.filter(pk=sent.pk).exists()
    clock.shift(timedelta(days=2))
    assert not Quote.objects.filter(pk=sent.pk).exists()
