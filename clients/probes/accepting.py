"""A client accepts a quote on its page and pays its deposit; staff record another client's letter, and the next
installment is due."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contacts.probes.writing import Writer, writers_whose_message_arrived
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.registry.deadlines import local_day

from .quotes import draft, send

NO_CODE = "NOBODYS-CODE"


@probe("encrypted", "correspondence-private", "paypal-only", stage=Stage.PLANT)
def client_accepts_a_quote_and_pays(rehearsal: Rehearsal) -> None:
    staff = rehearsal.things[STAFF][Role.MAIL].sign_in()
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        client, link = writer.browser, _offer(rehearsal, staff, writer)
        client.open(link)
        client.follow("Accept the quote")
        name = rehearsal.canary(writer.who, "name of who accepts")
        client.submit("Accept and order", name=name, code=NO_CODE)
        rehearsal.expect("This code doesn" in client.text, "an unknown code is refused")
        client.submit("Accept and order", name=name, code="")
        rehearsal.expect("Accepted on" in client.text, "a client can accept a quote")
        client.submit("Pay ")
        rehearsal.expect("checkoutnow" in client.url, "the page of the quote leads to PayPal")
        payer = {key: rehearsal.canary(writer.who, "name at PayPal", kept=False) for key in ("given_name", "surname")}
        client.submit("Pay", **payer, email=rehearsal.address(writer.who, "email address at PayPal", kept=False))
        rehearsal.expect("your order is paid" in client.text, "an installment can be paid")
        rehearsal.tried()


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def staff_record_a_signed_letter(rehearsal: Rehearsal) -> None:
    staff = rehearsal.things[STAFF][Role.MAIL].sign_in()
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        link = _offer(rehearsal, staff, writer)
        page = staff.url
        staff.follow("Record a signed letter")
        scan = rehearsal.canary(writer.who, "file name of a scan")
        words = rehearsal.canary(writer.who, "text of a scan")
        letter = {"name": rehearsal.canary(writer.who, "name below a letter"), "signed_on": _today().isoformat()}
        file = SimpleUploadedFile(f"{scan}.pdf", b"%PDF-1.4 " + words.encode())
        staff.submit("Record a signed letter", **letter, code=NO_CODE)
        rehearsal.expect("This code doesn" in staff.text, "an unknown code is refused")
        staff.submit("Record a signed letter", **letter, code="", scan=file)
        rehearsal.expect("The quote is accepted" in staff.text, "staff can record a letter")
        staff.open(page)
        staff.follow("Next installment is due")
        staff.submit("Next installment is due")
        rehearsal.expect("is due; the client is mailed" in staff.text, "staff can let an installment be paid")
        writer.browser.open(link)
        rehearsal.expect("with PayPal" in writer.browser.text, "the client sees what is due")
        rehearsal.tried()


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def staff_record_that_a_quote_was_declined(rehearsal: Rehearsal) -> None:
    staff = rehearsal.things[STAFF][Role.MAIL].sign_in()
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        _offer(rehearsal, staff, writer)
        staff.follow("Record that it was declined")
        words = {name: rehearsal.canary(writer.who, f"{name} of a call") for name in ("name", "reason")}
        staff.submit("Record that it was declined", **words)
        rehearsal.expect("Recorded." in staff.text, "staff can record that a quote was declined")
        rehearsal.tried()


def _offer(rehearsal: Rehearsal, staff: SiteBrowser, writer: Writer) -> str:
    """The link of a quote in three parts; leaves the staff's browser on its page."""
    draft(rehearsal, staff, writer)
    label, day = rehearsal.canary(writer.who, "further installment"), _today() + timedelta(days=60)
    rest = {"label": label, "percent": "", "fixed_minor": "", "due": "release", "due_on": ""}
    last = {"label": label, "percent": "", "fixed_minor": "100", "due": "date", "due_on": day.isoformat()}
    further = {
        f"installments-{number}-{name}": text
        for number, fields in ((1, rest), (2, last))
        for name, text in fields.items()
    }
    staff.submit("Save", **{"installments-0-percent": "40", **further})
    rehearsal.expect("The draft is saved." in staff.text, "staff can change the installments of a draft")
    return send(rehearsal, staff, writer)


def _today() -> date:
    return local_day(timezone.now())
