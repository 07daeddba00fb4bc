"""People send each kind of message; staff answer, send a document and log a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from contacts.inquiries.budgets import budgets
from contacts.models import Inquiry
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

WRITERS = "writers"  # key in `things`: the writers, by kind of message
READING_TIME = timedelta(seconds=5)  # faster messages are held for review
INBOX = "/admin/contacts/inquiry/"
OUTGOING = {"call_out": "phone-purpose", "letter_out": "postal-purpose"}
ONLY_FOR = {"quote": ("project", "deadline"), "order": ("order_reference",)}


@dataclass(frozen=True)
class Writer:
    """A person who wrote and gave an email address, a phone number and a postal address."""

    who: str
    browser: SiteBrowser
    address: str
    phone: str
    name: str

    @property
    def inbox(self) -> str:
        """The inbox, filtered to the message."""
        return f"{INBOX}?q={self.address}"


def writers_whose_message_arrived(rehearsal: Rehearsal, *kinds: str) -> list[Writer]:
    """Lost messages are reported elsewhere; probes that need them are skipped."""
    return [rehearsal.things[WRITERS][kind] for kind in kinds if kind in rehearsal.things[WRITERS]]


@probe("contactable", stage=Stage.PLANT)
def a_message_of_each_kind_reaches_the_inbox(rehearsal: Rehearsal) -> None:
    rehearsal.things[WRITERS] = {}
    for kind in Inquiry.Kind.values:
        writer = write(rehearsal, kind)
        rehearsal.tried()
        if is_in_the_inbox(rehearsal, writer):
            rehearsal.things[WRITERS][kind] = writer
        else:
            rehearsal.breach("contactable", f"a message ({kind}) is lost")


@probe("contactable", stage=Stage.PLANT)
def message_above_the_limits_is_kept(rehearsal: Rehearsal) -> None:
    """Several people on one network write while it is above its limits."""
    limits = dict.fromkeys(["HELD_LIMIT_PER_NETWORK", "MAIL_LIMIT_PER_FORM", "MAIL_LIMIT_PER_NETWORK"], 1)
    first = rehearsal.browser("first of many writers")
    with override_settings(**limits):
        for count in ("second", "third"):
            crowd = rehearsal.browser(f"{count} of many writers", network=first.client.defaults["REMOTE_ADDR"])
            writer = write(rehearsal, "question", crowd)
            rehearsal.tried()
            if not is_in_the_inbox(rehearsal, writer):
                rehearsal.breach("contactable", "a message beyond the limits is lost")


def write(rehearsal: Rehearsal, kind: str, browser: SiteBrowser | None = None) -> Writer:
    browser = browser or rehearsal.browser(f"writer of a {kind}")
    who = browser.who
    words: dict[str, Any] = {
        what: rehearsal.canary(who, what) for what in ("name", "message", "address", *ONLY_FOR.get(kind, ()))
    }
    words |= {"budget": budgets()[0]} if kind == "quote" else {}
    writer = Writer(who, browser, rehearsal.address(who), rehearsal.phone(who), words["name"])
    if kind == "quote":
        name, text = rehearsal.canary(who, "name of a file").rstrip("Ö"), rehearsal.canary(who, "text of a file")
        words["attachments"] = SimpleUploadedFile(f"{name}.txt", text.encode())
    browser.open(f"/contact/?kind={kind}")
    rehearsal.time_passes(READING_TIME)
    browser.submit("Send the message", **words, kind=kind, email=writer.address, phone=writer.phone)
    rehearsal.expect("we received your message" in browser.text, f"the contact form takes a message ({kind})")
    return writer


def is_in_the_inbox(rehearsal: Rehearsal, writer: Writer) -> bool:
    inbox = rehearsal.things[STAFF][Role.MAIL].browser
    return bool(inbox.open(writer.inbox).select("#result_list tbody th a"))


@probe("correspondence-private", stage=Stage.PLANT)
def staff_answer_and_send_a_document(rehearsal: Rehearsal) -> None:
    """What staff write about the sender is visible to staff alone."""
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    for writer in writers_whose_message_arrived(rehearsal, "quote"):
        staff.open_first_row(writer.inbox)
        staff.submit("Assign to me")
        answer(staff, writer, rehearsal.canary(writer.who, "answer"))
        rehearsal.expect("has been sent" in staff.text, "staff can answer a message")
        log(staff, writer, way="call_in", purpose="quote", notes=rehearsal.canary(writer.who, "note of a call"))
        rehearsal.expect("Logged." in staff.text, "staff can log a call")
        staff.open_first_row(writer.inbox)
        staff.submit("Add the note", note=rehearsal.canary(writer.who, "note"))
        staff.open_first_row(writer.inbox)
        staff.follow(".txt")
        rehearsal.expect(staff.status == 200, "staff can open a file of the writer")
        send_document(rehearsal, staff, writer)
        writer.browser.open(rehearsal.link_in(rehearsal.mail(writer.address, "document")))
        rehearsal.expect(writer.browser.content.startswith(b"%PDF"), "the writer can read the document")
        rehearsal.tried()


def answer(staff: SiteBrowser, writer: Writer, text: str) -> None:
    staff.open_first_row(writer.inbox)
    staff.submit("Send", answer=text)


def send_document(rehearsal: Rehearsal, staff: SiteBrowser, writer: Writer) -> None:
    name = rehearsal.canary(writer.who, "name of a document").rstrip("Ö")
    content = f"%PDF-1.7 {rehearsal.canary(writer.who, 'document')}".encode()
    staff.open_first_row(writer.inbox)
    staff.submit("Add a document…")
    staff.submit("Add a document", file=SimpleUploadedFile(f"{name}.pdf", content))
    staff.follow(name)
    rehearsal.expect(staff.content.startswith(b"%PDF"), "staff can read a document")
    staff.open_first_row(writer.inbox)
    staff.follow("Send the link")
    staff.submit("Send the link")
    rehearsal.expect("The link has been sent." in staff.text, "staff can send a document")


def log(staff: SiteBrowser, writer: Writer, **entry: Any) -> bool:
    """Logs a call or a letter; returns whether it was accepted."""
    staff.open_first_row(writer.inbox)
    staff.submit("Log a call, letter or email")
    staff.submit("Log a call", **entry)
    return "Logged." in staff.text


@probe("postal-purpose", "phone-purpose", stage=Stage.PLANT)
def contact_for_another_purpose_is_refused(rehearsal: Rehearsal) -> None:
    """Tries to log calls and letters for another purpose than the one the contact point was given for."""
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    for writer in writers_whose_message_arrived(rehearsal, "question", "order"):
        for way, promise in OUTGOING.items():
            rehearsal.tried()
            if log(staff, writer, way=way, purpose="quote", notes=rehearsal.canary(writer.who, "note", kept=False)):
                rehearsal.breach(promise, f"{way} about something else can be logged")
    for writer in writers_whose_message_arrived(rehearsal, "question"):
        notes = rehearsal.canary(writer.who, "note of a call")
        is_taken = log(staff, writer, way="call_out", purpose="answer_inquiry", notes=notes)
        rehearsal.expect(is_taken, "a call about what the number was given for can be logged")
        rehearsal.expect(is_listed(staff, "phone", writer), "who may be called is on the list")


def is_listed(staff: SiteBrowser, channel: str, writer: Writer) -> bool:
    staff.open(f"/admin/privacy/suppression/{channel}-list/")
    Rehearsal.expect(
        "Call list" in staff.text or "Letter list" in staff.text,
        "staff can see whom they may call, or write a letter to",
    )
    return writer.name in staff.html


@probe("opt-out", stage=Stage.END)
def person_who_opted_out_gets_no_mail(rehearsal: Rehearsal) -> None:
    """Staff answer just before, so that the mail is queued when the reader opts out, and once more afterward."""
    staff = rehearsal.things[STAFF][Role.MAIL].sign_in()
    for writer in writers_whose_message_arrived(rehearsal, "question"):
        link = link_to_choices(rehearsal, writer)
        before = len(list(rehearsal.mails(writer.address)))
        answer(staff, writer, rehearsal.canary(writer.who, "answer"))
        writer.browser.open(link)
        writer.browser.submit("Unsubscribe from everything")
        rehearsal.expect("off since" in writer.browser.text, "everybody can stop everything")
        answer(staff, writer, rehearsal.canary(writer.who, "refused answer, kept as a draft"))
        rehearsal.tried(2)
        if len(list(rehearsal.mails(writer.address))) > before:
            rehearsal.breach("opt-out", "a mail left for somebody who had stopped everything")


@probe("phone-purpose", "postal-purpose", stage=Stage.END)
def person_who_opted_out_is_not_called_or_written_to(rehearsal: Rehearsal) -> None:
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    for writer in writers_whose_message_arrived(rehearsal, "question"):
        for way, promise in OUTGOING.items():
            rehearsal.tried()
            notes = rehearsal.canary(writer.who, "note", kept=False)
            if log(staff, writer, way=way, purpose="answer_inquiry", notes=notes):
                rehearsal.breach(promise, f"{way} to somebody who stopped everything can be logged")


@probe("phone-purpose", "postal-purpose", stage=Stage.END)
def opt_out_removes_the_person_from_the_lists(rehearsal: Rehearsal) -> None:
    """Before an answer: only unanswered messages are on the lists."""
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    writer = write(rehearsal, "question", rehearsal.browser("writer who stops everything"))
    lists = {"phone": "phone-purpose", "letter": "postal-purpose"}
    for channel in lists:
        rehearsal.expect(is_listed(staff, channel, writer), f"who may be reached is on the list ({channel})")
    writer.browser.open(link_to_choices(rehearsal, writer))
    writer.browser.submit("Unsubscribe from everything")
    for channel, promise in lists.items():
        rehearsal.tried()
        if is_listed(staff, channel, writer):
            rehearsal.breach(promise, f"somebody who stopped everything is on the {channel} list")


def link_to_choices(rehearsal: Rehearsal, writer: Writer) -> str:
    writer.browser.open("/privacy/choices/")
    writer.browser.submit("Send me the link", email=writer.address)
    return rehearsal.link_in(rehearsal.mail(writer.address, "Your contact preferences"))
