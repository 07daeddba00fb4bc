from __future__ import annotations

import json
import logging
import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from contacts.incoming_mail.intake import LARGEST, counts, receive_message
from contacts.incoming_mail.mailbox import MailboxUnreachable, fetch_mail
from contacts.incoming_mail.sources import ArrivedMessage, Unopened, from_stream, in_maildir, in_mbox
from contacts.models import Mailbox
from contacts.models.mailbox import mailbox_digest
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the message and delivers it later. See manage.py
# Where mail servers say to whom they deliver: Postfix's local(8), and Exim's pipe transport.
RECIPIENT = ("ORIGINAL_RECIPIENT", "RECIPIENT")

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Receives mail: one message from standard input (a pipe of Postfix or Exim), or what is in a mailbox. Ends with"
        " 0 once everything is stored, and with 75 if something is not and should be delivered again. Safe to repeat:"
        " a message that was stored before is left alone."
    )
    requires_system_checks = ()  # a warning about something else must not keep mail out

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--maildir", type=Path, help="receives the new messages and marks them as seen")
        where.add_argument("--mbox", type=Path, help="receives a file of messages and leaves it unchanged")
        where.add_argument("--imap", action="store_true", help="receives what is in the mailbox of MAIL_IN_URL")
        where.add_argument("--count", action="store_true", help="prints how many mails of each state are stored")
        parser.add_argument("--to", default="", help="the address that the message was delivered to")

    @acts_for(Purpose.ANSWER_INQUIRY, Purpose.QUOTE, Purpose.ORDER, Purpose.PRIVACY_REQUEST)
    def handle(self, *args: Any, maildir: Path | None, mbox: Path | None, **options: Any) -> None:
        if options["count"]:
            self._print_counts()
            return
        if missing := [path for path in (maildir, mbox) if path and not path.exists()]:
            raise CommandError(f"{missing[0]} doesn't exist.", returncode=TRY_AGAIN)
        limit, now = LARGEST, timezone.now()
        if maildir:
            self._receive(in_maildir(maildir, limit=limit, now=now), options["to"])
        elif mbox:
            self._receive(in_mbox(mbox, limit=limit, now=now), options["to"])
        elif options["imap"]:
            self._fetch()
        else:
            to = options["to"] or next((os.environ[name] for name in RECIPIENT if os.environ.get(name)), "")
            self._receive([from_stream(sys.stdin.buffer, limit=limit, now=now)], to)

    def _receive(self, messages: Iterable[ArrivedMessage | Unopened], to: str) -> None:
        """One after the other. One that can't be stored stays where it is, and stops none of the next."""
        became: Counter[str] = Counter(self._receive_one(message, to) for message in messages)
        kept_back = became.pop("", 0)
        states = ", ".join(f"{number} {state}" for state, number in sorted(became.items()))
        self.stdout.write(f"{became.total()} stored{f' ({states})' if states else ''}, {kept_back} not stored.")
        if kept_back:
            raise CommandError("Not everything could be stored. Try again.", returncode=TRY_AGAIN)

    def _fetch(self) -> None:
        if not settings.MAIL_IN:
            raise CommandError("MAIL_IN_URL is not set.")
        try:
            stored = fetch_mail(now=timezone.now())
        except MailboxUnreachable as error:
            raise CommandError(f"{error}. Try again.", returncode=TRY_AGAIN) from None
        unknown = Mailbox.objects.get(address_digest=mailbox_digest()).unknown
        self.stdout.write(f"{stored} stored, {unknown} not stored.")
        if unknown:
            raise CommandError("Not everything could be stored. Try again.", returncode=TRY_AGAIN)

    def _receive_one(self, message: ArrivedMessage | Unopened, to: str) -> str:
        """The state that the message got; empty if it is not stored."""
        if isinstance(message, Unopened):
            logger.error("receive_mail: a message can't be opened: %s", message)
            return ""
        try:
            mail = receive_message(message.raw, received_at=message.received_at, envelope_to=to, size=message.size)
            message.done()
        except Exception as error:  # its text may quote the message
            logger.error("receive_mail: a message was not stored: %s", type(error).__name__)
            return ""
        return str(mail.state)

    def _print_counts(self) -> None:
        self.stdout.write(json.dumps(counts()))
