"""Staff enter a call and a letter; what they enter is as private as what people send themselves."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from contacts.inquiries.budgets import budgets
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .writing import INBOX, ONLY_FOR, OUTGOING, Writer, is_in_the_inbox, log

ENTERED = {"call": "quote", "letter": "order"}


@probe("contactable", "correspondence-private", "phone-purpose", "postal-purpose", stage=Stage.PLANT)
def staff_enter_a_call_and_a_letter(rehearsal: Rehearsal) -> None:
    """Their contact points serve the purpose that they were given for, like those of the contact form."""
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    for channel, kind in ENTERED.items():
        writer = enter(rehearsal, channel, kind)
        rehearsal.tried(1 + len(OUTGOING))
        if not is_in_the_inbox(rehearsal, writer):
            rehearsal.breach("contactable", f"what reached us by {channel} is lost")
            continue
        for way, promise in OUTGOING.items():
            notes = rehearsal.canary(writer.who, "refused note", kept=False)
            if log(staff, writer, way=way, purpose="answer_inquiry", notes=notes):
                rehearsal.breach(promise, f"{way} for another purpose than that of the {channel} can be logged")


def enter(rehearsal: Rehearsal, channel: str, kind: str) -> Writer:
    staff = rehearsal.things[STAFF][Role.MAIL].browser
    who = f"person of a {channel}"
    words: dict[str, Any] = {
        what: rehearsal.canary(who, what) for what in ("name", "message", "address", *ONLY_FOR[kind])
    }
    words |= {"budget": budgets()[0]} if kind == "quote" else {}
    writer = Writer(who, rehearsal.browser(who), rehearsal.address(who), rehearsal.phone(who), words["name"])
    name, text = rehearsal.canary(who, "name of a scan").rstrip("Ö"), rehearsal.canary(who, "text of a scan")
    words["scans"] = SimpleUploadedFile(f"{name}.txt", text.encode())
    staff.open(f"{INBOX}add/")
    staff.submit("Save", **words, channel=channel, kind=kind, email=writer.address, phone=writer.phone)
    rehearsal.expect("is entered" in staff.text, f"staff can enter a {channel}")
    return writer
