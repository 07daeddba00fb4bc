"""A client asks for a quote, gets it, and declines it; a stranger follows links that show nothing any more."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from contacts.probes.writing import Writer, writers_whose_message_arrived
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

QUOTES = "/admin/clients/quote/"


def draft(rehearsal: Rehearsal, staff: SiteBrowser, writer: Writer) -> None:
    """Leaves the browser on the page of the draft, which could be sent."""
    words = {
        name: rehearsal.canary(writer.who, f"{name} of a quote")
        for name in ("title", "company", "address", "text", "name")
    }
    staff.open_first_row(writer.inbox)
    staff.submit("New quote")
    staff.submit(
        "Save",
        **words,
        **{
            "lines-0-description": rehearsal.canary(writer.who, "line of a quote"),
            "lines-0-quantity": "2.5",
            "lines-0-unit_price_minor": "400",
            "installments-0-label": rehearsal.canary(writer.who, "installment of a quote"),
            "installments-0-percent": "30",
            "installments-1-label": "On launch",
            "installments-1-fixed_minor": "700",
            "installments-1-due": "date",
            "installments-1-due_on": f"{timezone.now() + timedelta(days=60):%Y-%m-%d}",
        },
    )
    rehearsal.expect("The draft is saved." in staff.text, "staff can prepare a quote")


def send(rehearsal: Rehearsal, staff: SiteBrowser, writer: Writer) -> str:
    """The private link that the client gets."""
    staff.submit("Send…")
    staff.submit("Send")
    rehearsal.expect("on its way to the client" in staff.text, "staff can send a quote")
    return rehearsal.link_in(rehearsal.mail(writer.address, "Our quote for you"), "/quotes/")


@probe("correspondence-private", stage=Stage.PLANT)
def client_gets_a_quote_and_declines_it(rehearsal: Rehearsal) -> None:
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        draft(rehearsal, staff, writer)
        staff.follow("Download the PDF")
        rehearsal.expect(staff.content.startswith(b"%PDF"), "staff can print a quote")
        staff.open_first_row(f"{QUOTES}?q={writer.address}")
        link = send(rehearsal, staff, writer)
        client = writer.browser
        client.open(link)
        client.follow("Download the quote")
        rehearsal.expect(client.content.startswith(b"%PDF"), "the client can read the quote")
        client.open(link)
        client.follow("Decline the quote")
        words = {name: rehearsal.canary(writer.who, f"{name} of a decline") for name in ("name", "reason")}
        client.submit("Confirm: decline", **words)
        rehearsal.expect("Declined on" in client.text, "the client can decline a quote")
        rehearsal.tried()


@probe("correspondence-private", stage=Stage.BREAK_IN)
def link_of_a_withdrawn_quote_shows_nothing(rehearsal: Rehearsal) -> None:
    staff, stranger = rehearsal.things[STAFF][Role.MAIL].sign_in(), rehearsal.browser("stranger with a client's link")
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        draft(rehearsal, staff, writer)
        link = send(rehearsal, staff, writer)
        writer.browser.open(link)
        rehearsal.expect(writer.browser.status == 200, "the link of a quote works until it is withdrawn")
        staff.follow("Withdraw…")
        staff.submit("Withdraw")
        for address in (link, f"{link}quote.pdf", f"{link}decline/"):
            stranger.open(address)
            rehearsal.tried()
            if stranger.status != 410:
                rehearsal.breach("correspondence-private", "the link of a withdrawn quote still opens it")
