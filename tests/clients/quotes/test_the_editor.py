"""The editor of a draft, and the page that asks before it is sent, as staff use them."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from clients.models import Agreement, Quote
from contacts.models import Inquiry
from tests.cast import signed_in
from tests.clients.conftest import Work, draft, fill_in, page_of
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db


def test_every_field_of_a_row_has_a_name(staff: Client, quote: Quote) -> None:
    page = Page(staff, page_of(quote))
    fields = page.soup.select(".tabular :is(input:not([type=hidden]), select, textarea)")
    assert len(fields) > 20
    labels = {str(each["for"]): " ".join(each.get_text().split()) for each in page.soup.select("label[for]")}
    names = {str(field["name"]): labels.get(str(field.get("id")), "") for field in fields}
    assert [name for name, label in names.items() if not label] == []
    assert names["lines-1-description"] == "Line 2: Description"
    assert names["installments-0-percent"] == "Installment 1: Percent"
    assert names["lines-0-DELETE"] == "Line 1: Delete?"
    assert names["lines-__prefix__-quantity"] == "New line: Quantity"


def test_rows_are_numbered_and_the_button_says_what_it_adds(staff: Client, quote: Quote) -> None:
    page = Page(staff, page_of(quote))
    titles = [" ".join(cell.get_text().split()) for cell in page.soup.select("#lines-group td.original p")]
    assert titles == ["Line 1", "Line 2"]
    assert "Add another line" in str(page.soup.select_one("#lines-group")["data-inline-formset"])  # type: ignore[index]


def test_send_button_saves_what_was_typed_and_shows_it_before_anybody_is_mailed(
    staff: Client, quote: Quote, work: Work
) -> None:
    page = Page(staff, page_of(quote)).press("Send…", title="A shop for pots")
    assert page.address == page_of(quote, "send")
    shown = ("A shop for pots", "dave@example.org", "$1,200.00", "$360.00, Deposit", "$840.00", "Apr 1, 2026")
    assert [each for each in shown if each not in page.text] == []
    work()
    assert mail.outbox == []
    page.press("Send")
    work()
    quote.refresh_from_db()
    assert (quote.state, quote.title) == ("sent", "A shop for pots")
    assert mail.outbox[-1].to == ["dave@example.org"]


def test_mistake_in_the_draft_is_named_before_it_can_be_sent(staff: Client, quote: Quote) -> None:
    page = Page(staff, page_of(quote)).press("Send…", **{"lines-0-unit_price_minor": "a lot"})
    assert page.field("lines-0-unit_price_minor") == "a lot"
    quote.refresh_from_db()
    assert quote.is_draft


def test_letter_shows_the_postal_address_before_it_counts_as_sent(staff: Client, quote: Quote) -> None:
    page = Page(staff, page_of(quote)).press("Sent by letter…")
    assert "1 Main Street" in page.text
    assert "dave@example.org" not in page.text


@pytest.mark.parametrize("by", ["a colleague", "the same person in another window"])
@pytest.mark.parametrize("changes", [{"title": "Everything"}, {"lines-0-unit_price_minor": "1.00"}])
def test_draft_that_changed_after_the_question_is_not_sent(
    staff: Client, grace: User, quote: Quote, work: Work, by: str, changes: dict[str, str]
) -> None:
    asked = Page(staff, page_of(quote, "send"))
    other = signed_in(grace) if by == "a colleague" else staff
    Page(other, page_of(quote)).submit(**changes)
    answer = asked.press("Send")
    assert "changed after you opened the page" in answer.text or "Changed since you opened the page" in answer.text
    quote.refresh_from_db()
    assert quote.is_draft
    work()
    assert mail.outbox == []


def test_new_quote_opens_the_draft_that_nobody_wrote_in(staff: Client, inquiry: Inquiry) -> None:
    first = draft(staff, inquiry)
    assert draft(staff, inquiry) == first
    assert Quote.objects.count() == 1
    fill_in(staff, first)
    staff.post(f"/admin/contacts/inquiry/{inquiry.pk}/quote/")
    assert Quote.objects.count() == 2


def test_form_with_a_bad_email_says_one_thing(staff: Client) -> None:
    typed = {"name": "Dave", "email": "bad", "subject": "Maintenance", "starts_on": "2026-02-01"}
    page = Page(staff, "/admin/clients/agreement/add/").press("Save", **typed)
    assert "Enter a valid email address." in page.text
    assert "a phone number or a postal address" not in page.text


def test_conversation_tells_what_became_of_the_quote(staff: Client, client: Client, sent: Quote) -> None:
    client.get(sent.get_absolute_url())
    client.post(f"{sent.get_absolute_url()}decline/", {"name": "Dave Dorn", "reason": "Too much for us."})
    page = Page(staff, f"/admin/contacts/inquiry/{sent.inquiry_id}/change/")
    told = " ".join(page.soup.select_one(".inbox-events").get_text(" ").split())  # type: ignore[union-attr]
    for fact in ("sent", "opened for the first time", "declined by Dave Dorn"):
        assert f"quote {sent.number}, $1,200.00: {fact}" in told
    assert "Too much for us." in told


def test_agreement_from_a_message_knows_who_it_is_with(staff: Client, inquiry: Inquiry) -> None:
    page = Page(staff, f"/admin/contacts/inquiry/{inquiry.pk}/change/")
    assert 'value="agreement"' in page.html
    form = Page(staff, f"/admin/clients/agreement/add/?inquiry={inquiry.pk}")
    response = staff.post(f"/admin/contacts/inquiry/{inquiry.pk}/agreement/")
    assert response["Location"] == form.address
    known = {name: form.field(name).strip() for name in ("name", "email", "address", "subject", "starts_on")}
    assert known == {
        "name": "Dave",
        "email": "dave@example.org",
        "address": "1 Main Street\nVentura",
        "subject": "A new shop",
        "starts_on": "2026-03-02",
    }
    form.press("Save")
    agreement = Agreement.objects.get()
    assert agreement.inquiry == inquiry
    found = Page(staff, "/admin/clients/agreement/").text
    assert agreement.reference in found


def test_agreement_from_an_accepted_quote(staff: Client, client: Client, sent: Quote) -> None:
    assert staff.post(page_of(sent, "agreement"))["Location"] == page_of(sent)
    client.post(f"{sent.get_absolute_url()}accept/", {"name": "Dave Dorn", "code": ""})
    form = Page(staff, page_of(sent)).press("New agreement")
    assert form.field("name") == "Dave Dorn"
    assert form.field("subject") == "A new shop"
    form.press("Save")
    assert Agreement.objects.get().inquiry_id == sent.inquiry_id
