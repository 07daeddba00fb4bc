"""Every sent mail is checked: recipient, content about others, and links.

A mail must go to the stored address in the stored spelling. Mail to an unconfirmed address must not contain typed text,
and mail to staff must not contain personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from urllib.parse import urlsplit

from django.conf import settings

from privacy.evidence.rehearsal.canaries import Canary, CanaryKind
from privacy.evidence.rehearsal.mailboxes import envelope, mailbox
from privacy.evidence.rehearsal.personal_data_map import sealed_addresses
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.evidence.rehearsal.search import Search
from privacy.mail.threads import mail_with_id
from privacy.models import OutgoingMail
from privacy.registry.mail_kinds import MailKind, kind_named

from .pages import BROKEN_BY, KNOWN

PROMISES = ("email-for-asked-contact-only", "correspondence-private", "not-shared")
READ = "number of checked mails"
STORED = "addresses that are or were stored"
ADDRESS = re.compile(r"https?://[^\s\"'<>)]+")


@probe(*PROMISES, stage=Stage.LOOK)
def each_mail_went_to_its_reader_alone(rehearsal: Rehearsal) -> None:
    judge_mails(rehearsal)


@probe(*PROMISES, stage=Stage.END)
def each_mail_went_to_its_reader_alone_before_the_end(rehearsal: Rehearsal) -> None:
    judge_mails(rehearsal)


@probe(*PROMISES, stage=Stage.LAST)
def each_mail_of_all_went_to_its_reader_alone(rehearsal: Rehearsal) -> None:
    judge_mails(rehearsal)


def judge_mails(rehearsal: Rehearsal) -> None:
    """Checks all mails since the last time."""
    search, mails = Search(rehearsal.canaries), list(rehearsal.mails())
    stored = stored_addresses(rehearsal)
    for mail in mails[rehearsal.things.get(READ, 0) :]:
        for promise in PROMISES:
            rehearsal.searched(promise)
        if mail_with_id(str(mail["Message-ID"])) is None:
            rehearsal.breach("email-for-asked-contact-only", "a mail bypassed the mail gate")
        kind = kind_of(mail)
        for promise, what in (*recipient_of(mail, stored), *words_in(rehearsal, mail, kind, search), *hosts_in(mail)):
            rehearsal.breach(promise, f"{what} in a mail ({kind.template if kind else 'of no kind'})")
    rehearsal.things[READ] = len(mails)


def stored_addresses(rehearsal: Rehearsal) -> dict[str, bool]:
    """Every address that is or was stored, in its envelope form; False if it was only typed into a request.

    Queued mails don't count, because they are what is being checked.
    """
    stored: dict[str, bool] = rehearsal.things.setdefault(STORED, {})
    for address, model in sealed_addresses():
        if model is not OutgoingMail:
            known = not model.__name__.endswith("Request")
            stored[envelope(address)] = stored.get(envelope(address), False) or known
    return stored


def kind_of(mail: EmailMessage) -> MailKind | None:
    number = mail_with_id(str(mail["Message-ID"]))
    found = OutgoingMail.objects.filter(pk=number).first() if number else None
    return kind_named(found.kind) if found else None


def recipient_of(mail: EmailMessage, stored: dict[str, bool]) -> Iterator[tuple[str, str]]:
    """Checks the recipient. If the mailbox is stored in another spelling, the mail should have gone there."""
    to = envelope(str(mail["To"]))
    others = [address for address, known in stored.items() if known and mailbox(address) == mailbox(to)]
    if to != settings.BUSINESS["email"] and (to not in stored or (others and to not in others)):
        yield "email-for-asked-contact-only", "an address that is not the stored one"
    if mail["Cc"] or mail["Bcc"] or "," in to:
        yield "email-for-asked-contact-only", "more than one recipient"


def words_in(
    rehearsal: Rehearsal, mail: EmailMessage, kind: MailKind | None, search: Search
) -> Iterator[tuple[str, str]]:
    text = f"{list(mail.items())}\n{''.join(parts_of(mail))}".encode()
    in_address = search.found_in(str(mail["To"]).encode())
    owners = rehearsal.owners_of(str(mail["To"]))
    to_staff = settings.BUSINESS["email"] in str(mail["To"])
    colleagues = {seen.who for seen in rehearsal.seen if seen.user and seen.user.is_staff}
    for canary in search.found_in(text) - in_address:
        described = f"the {canary.what} of the {canary.owner}"
        if kind and kind.names_colleague and canary.what == "name" and canary.owner in colleagues:
            continue
        if canary.kind is CanaryKind.PUBLIC or (
            canary.kind is CanaryKind.NUMBER and (canary.owner in owners or to_staff)
        ):
            continue
        if canary.owner not in owners:
            yield BROKEN_BY.get(canary.kind, "correspondence-private"), described
        elif kind and not kind.confirmed and typed(rehearsal, canary):
            yield "email-for-asked-contact-only", f"{described}, as a stranger typed it,"


def typed(rehearsal: Rehearsal, canary: Canary) -> bool:
    """Whether the person's browser submitted it, so someone else could have in their name."""
    return canary.kind is CanaryKind.PRIVATE and canary in rehearsal.things[KNOWN][canary.owner]


def parts_of(mail: EmailMessage) -> Iterator[str]:
    return (str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text")


def hosts_in(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    """Checks that a mail links only to this site and loads nothing from elsewhere."""
    own = {urlsplit(address).netloc for address in (settings.SITE_URL, settings.PAYPAL_APPROVE_ORIGIN)}
    if {urlsplit(address).netloc for part in parts_of(mail) for address in ADDRESS.findall(part)} - own:
        yield "not-shared", "a third-party URL"
