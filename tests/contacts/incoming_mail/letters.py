"""Mails as people and programs write them, and their way into the site."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import default
from typing import Any

from django.core import mail as django_mail
from django.utils import timezone
from uuid_utils import uuid4

from contacts.incoming_mail.intake import receive_message
from contacts.models import IncomingMail
from tests.worker import run_due_tasks

BUSINESS = "info@ait-pro.com"
DAVE, EVE = "Dave Dorn <dave@example.org>", "Eve <eve@example.net>"
PDF = b"%PDF-1.7 a plan of the site"


def written(sender: str, text: str, *, subject: str = "Our site", plan: bytes = b"", **headers: str) -> bytes:
    """A mail in plain text. `headers` are further ones by their Python names; `plan` is an attached PDF file."""
    message = EmailMessage(policy=default.clone(max_line_length=998))  # mail programs don't encode long ids
    message["From"], message["To"], message["Subject"] = sender, BUSINESS, subject
    message["Message-ID"] = headers.pop("Message_ID", f"<{uuid4()}@mail.example.org>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if plan:
        message.add_attachment(plan, maintype="application", subtype="pdf", filename="plan.pdf")
    return message.as_bytes()


def arrives(raw: bytes) -> IncomingMail:
    mail = receive_message(raw, received_at=timezone.now())
    mail.refresh_from_db()
    return mail


def write(sender: str, text: str = "What would a new site cost?", **further: Any) -> IncomingMail:
    return arrives(written(sender, text, **further))


def answer(sent: Any, sender: str, text: str = "Blue, please.", **further: Any) -> IncomingMail:
    """`sent` is the mail of ours that is answered, as it was sent."""
    headers: Any = sent.message()
    quoted = "\n".join(f"> {line}".rstrip() for line in str(sent.body).splitlines())
    body = f"{text}\n\nOn Mon, Mar 2, 2026 at 12:00 PM AITpro <{BUSINESS}> wrote:\n\n{quoted}\n"
    further = {"subject": f"Re: {sent.subject}", **further}
    return write(sender, body, In_Reply_To=headers["Message-ID"], References=headers["Message-ID"], **further)


def mailed_to(address: str) -> list[Any]:
    """What the site has sent to this address, oldest first."""
    run_due_tasks()
    return [message for message in django_mail.outbox if message.to == [address]]
