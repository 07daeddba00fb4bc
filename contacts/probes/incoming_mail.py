"""People, strangers and programs write by email, as a mail server passes it to `receive_mail`."""

from __future__ import annotations

import re
from collections import defaultdict
from email.message import EmailMessage
from email.policy import SMTP
from io import StringIO

from django.conf import settings
from django.core.management import call_command

from contacts.models import Attachment, IncomingMail, Inquiry
from privacy.admin_base.staff_roles import Role
from privacy.consent.opt_outs import is_opted_out
from privacy.evidence.rehearsal.card_numbers import STRANGER, card_of, in_groups
from privacy.evidence.rehearsal.cast import STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.evidence.rehearsal.search import Search
from privacy.models import PrivacyRequest
from privacy.models.consent import Person, Suppression
from privacy.probes.pages import KNOWN
from privacy.registry.purposes import Channel

from .writing import Writer, is_in_the_inbox, write

UNFOLDED = SMTP.clone(max_line_length=998)  # Python would encode a long Message-ID to fold it
TEXT, MESSAGE_ID = "message", "Message-ID"
SIGNED = re.compile(r"(?<=[<+])[a-z2-7]{45,71}(?=@)")  # what our mails carry in Message-ID and addresses


def written(*, sender: str, name: str = "", subject: str = "", text: str = "", **headers: str) -> EmailMessage:
    """An email to the business, as a mail program makes it. In `headers`, `_` stands for `-`."""
    message = EmailMessage(policy=UNFOLDED)
    message["From"] = f"{name} <{sender}>" if name else sender
    message["To"] = headers.pop("to", settings.BUSINESS["email"])
    message["Subject"] = subject
    for header, value in headers.items():
        message[header.replace("_", "-")] = value
    message.set_content(text)
    return message


def deliver(rehearsal: Rehearsal, who: str, raw: bytes) -> None:
    """Passes a message to the command. What is in it counts as sent by this person."""
    box = rehearsal.folder / "tmp" / "one message.mbox"
    box.parent.mkdir(exist_ok=True)
    box.write_bytes(b"From somebody Mon Jan  5 00:00:00 2026\n" + raw.replace(b"\r\n", b"\n"))
    try:
        call_command("receive_mail", mbox=box, stdout=StringIO())
    finally:
        box.unlink()
    known = rehearsal.things.setdefault(KNOWN, defaultdict(set))
    # Our mail repeats a Message-ID in the headers by which mail programs find its thread.
    known[who] |= {found for found in Search(rehearsal.canaries).found_in(raw) if found.what != MESSAGE_ID}
    rehearsal.tried()


def by_email(rehearsal: Rehearsal, who: str) -> Writer:
    """A person who writes by email, and has a browser for everything else."""
    name = rehearsal.canary(who, "name")
    return Writer(who, rehearsal.browser(who), rehearsal.address(who), rehearsal.phone(who), name)


@probe("contactable", "correspondence-private", "encrypted", stage=Stage.PLANT)
def an_email_with_a_file_reaches_the_inbox(rehearsal: Rehearsal) -> None:
    who = "writer of an email"
    writer, staff = by_email(rehearsal, who), rehearsal.things[STAFF][Role.MAIL].browser
    words = {what: rehearsal.canary(who, what) for what in ("subject", TEXT, "quoted text", "text of a file")}
    file = rehearsal.canary(who, "name of a file").rstrip("Ö")
    number = rehearsal.canary(who, MESSAGE_ID).rstrip("Ö")
    quoted = f"{words[TEXT]}\n\nOn Monday, somebody wrote:\n> {words['quoted text']}\n"
    message = written(
        sender=writer.address, name=writer.name, subject=words["subject"], text=quoted, Message_ID=f"<{number}@example>"
    )
    message.add_attachment(words["text of a file"], filename=f"{file}.txt")
    deliver(rehearsal, who, message.as_bytes())
    if not is_in_the_inbox(rehearsal, writer):
        rehearsal.breach("contactable", "an email is lost")
        return
    staff.open_first_row(writer.inbox)
    if words[TEXT] not in staff.text:
        rehearsal.breach("contactable", "what an email says is not shown to staff")
    staff.follow(f"{file}.txt")
    if words["text of a file"].encode() not in staff.content:
        rehearsal.breach("contactable", "the file of an email can't be opened")
    elif "attachment" not in staff.headers.get("Content-Disposition", ""):
        rehearsal.breach("correspondence-private", "the file of an email is shown inside a page of the site")


@probe("contactable", "correspondence-private", stage=Stage.PLANT)
def an_answer_finds_its_thread_and_a_forged_one_does_not(rehearsal: Rehearsal) -> None:
    """Whoever answers our mail comes into its thread; whoever only guesses what such an answer looks like doesn't."""
    writer = write(rehearsal, "question", rehearsal.browser("writer who answers by email"))
    received = [mail for mail in rehearsal.mails(writer.address) if "We received your message" in str(mail["Subject"])]
    rehearsal.expect(received, "the writer gets a confirmation")
    number, subject = str(received[-1]["Message-ID"]).strip(), f"Re: {received[-1]['Subject']}"
    answer = rehearsal.canary(writer.who, "answer by email")
    headers = {"In_Reply_To": number, "References": number}
    deliver(
        rehearsal,
        writer.who,
        written(sender=writer.address, name=writer.name, subject=subject, text=answer, **headers).as_bytes(),
    )
    forger = by_email(rehearsal, "forger of a thread")
    text = rehearsal.canary(forger.who, TEXT)
    forged = {name: SIGNED.sub(lambda found: altered(found[0]), value) for name, value in headers.items()}
    deliver(
        rehearsal,
        forger.who,
        written(sender=forger.address, name=forger.name, subject=subject, text=text, **forged).as_bytes(),
    )
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    staff.open_first_row(writer.inbox)
    if answer not in staff.text:
        rehearsal.breach("contactable", "an answer by email is not in its thread")
    if text in staff.text:
        rehearsal.breach("correspondence-private", "a stranger's email is in the thread of another person")


def altered(signed: str) -> str:
    """Another id of the same form."""
    return signed[:-6] + "".join("a" if letter != "a" else "b" for letter in signed[-6:])


@probe("access", "email-for-asked-contact-only", stage=Stage.PLANT)
def a_wish_in_anothers_name_does_nothing_by_itself(rehearsal: Rehearsal) -> None:
    """Anybody can write an address into an email. Staff are told; the owner decides, by a link."""
    victim = write(rehearsal, "question", rehearsal.browser("person in whose name somebody wishes"))
    for subject in ("Delete my data", "Unsubscribe"):
        message = written(sender=victim.address, subject=subject, text="Please do so at once.")
        deliver(rehearsal, victim.who, message.as_bytes())
    rehearsal.housekeep()
    if not Inquiry.objects.of_person(victim.address).filter(name__isnull=False).exists():
        rehearsal.breach("access", "an email with a forged sender deleted a person's data")
    if is_opted_out(victim.address, Channel.EMAIL):
        rehearsal.breach("email-for-asked-contact-only", "an email with a forged sender opted a person out")
    marked = IncomingMail.objects.filter(sender_index=victim.address).exclude(wish="")
    kinds = {PrivacyRequest.Kind.DELETION, PrivacyRequest.Kind.STOP_CONTACT}
    if {mail.wish for mail in marked} != kinds:
        rehearsal.breach("access", "a wish by email is not marked for staff")


@probe("paypal-only", stage=Stage.PLANT)
def an_email_with_a_card_number_is_kept_without_it(rehearsal: Rehearsal) -> None:
    """In subject, text and HTML. `shop.probes.cards` searches all texts; here the files are."""
    card = in_groups(card_of(rehearsal))
    sender = rehearsal.own(STRANGER, "card@example.net")
    message = written(sender=sender, subject=f"My card {card}", text=f"Please charge {card}.")
    message.add_alternative(f"<p>Please charge <b>{card}</b>.</p>", subtype="html")
    before = IncomingMail.objects.count()
    deliver(rehearsal, STRANGER, message.as_bytes())
    rehearsal.expect(IncomingMail.objects.count() == before + 1, "an email with a card number is kept")


@probe("paypal-only", stage=Stage.LOOK)
def no_file_of_an_email_holds_a_card_number(rehearsal: Rehearsal) -> None:
    card = card_of(rehearsal).encode()
    contents = [("contacts_attachment.content", file.content) for file in Attachment._base_manager.all()]
    contents += [("contacts_incomingmail.raw", mail.raw) for mail in IncomingMail.objects.filter(raw__isnull=False)]
    for place, content in contents:
        rehearsal.searched("paypal-only")
        if card in re.sub(rb"[\s-]", b"", bytes(content)):
            rehearsal.breach("paypal-only", f"a card number in {place}")


@probe("contactable", "encrypted", stage=Stage.PLANT)
def an_email_that_no_program_can_read_is_kept(rehearsal: Rehearsal) -> None:
    who = "sender of an unreadable email"
    word = rehearsal.canary(who, "email as it arrived")
    before = IncomingMail.objects.count()
    deliver(rehearsal, who, b"\xff\xfe\x00From: \x80\x81 " + word.encode() + b"\n\n\x00\x01\x02")
    if IncomingMail.objects.count() != before + 1:
        rehearsal.breach("contactable", "an unreadable email is lost")
        return
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    staff.open("/admin/contacts/incomingmail/")
    if not staff.page.select("#result_list tbody th a"):
        rehearsal.breach("contactable", "an unreadable email is in no list of the staff")


@probe("opt-out", stage=Stage.END)
def an_email_to_the_unsubscribe_address_opts_out_at_once(rehearsal: Rehearsal) -> None:
    """Its address is signed: one that is made up stops nobody's mail, and whoever sends it gets none."""
    offers = {
        found[1]: str(mail["To"])
        for mail in rehearsal.mails()
        if (found := re.search(r"<mailto:([^>?]+)", str(mail["List-Unsubscribe"])))
    }

    def stopped(reader: str) -> bool:
        return Suppression.objects.of(Person(email=reader)).filter(channel=Channel.EMAIL).exists()

    address, reader = next((offer for offer in offers.items() if not stopped(offer[1])), ("", ""))
    rehearsal.expect(address, "a mail offers somebody who has not opted out to unsubscribe by mail")
    stranger = rehearsal.own("stranger who unsubscribes others", "stranger@example.net")
    made_up = SIGNED.sub(lambda found: altered(found[0]), f"<{address}").removeprefix("<")
    deliver(rehearsal, "stranger", written(sender=stranger, to=made_up, subject="unsubscribe").as_bytes())
    if stopped(reader):
        rehearsal.breach("opt-out", "an email to a made-up unsubscribe address stops another person's mail")
    deliver(rehearsal, "reader", written(sender=reader, to=address, subject="unsubscribe").as_bytes())
    if not stopped(reader):
        rehearsal.breach("opt-out", "an email to the unsubscribe address does nothing")
