from __future__ import annotations

import mailbox
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.mail.bounces import record_notification
from privacy.registry.purpose_binding import acts_for

LARGEST = 5 * 1024 * 1024  # bytes; a notification quotes at most one mail of ours


class Command(BaseCommand):
    help = (
        "Reads delivery status notifications (RFC 3464) and marks the addresses to which mail can't be delivered. From"
        " standard input, one message: `record_bounces < message`; or from a mailbox. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--maildir", type=Path, help="what is new in it; it is moved to what was seen")
        where.add_argument("--mbox", type=Path, help="a file of messages; it is left as it is")

    @acts_for(upkeep=True)
    def handle(self, *args: Any, maildir: Path | None, mbox: Path | None, **options: Any) -> None:
        if missing := [path for path in (maildir, mbox) if path and not path.exists()]:
            raise CommandError(f"There is no {missing[0]}.")
        messages = _in_maildir(maildir) if maildir else _in_mbox(mbox) if mbox else _on_standard_input()
        became = Counter(self._record(message) for message in messages)
        self.stdout.write(
            f"{became.total()} read: {became['marked']} addresses marked, {became['passing']} tried again by their"
            f" server, {became['not ours']} not ours or not readable."
        )

    def _record(self, message: Message) -> str:
        """One unreadable message stops no other. Its text may name people, so it is not shown."""
        try:
            return record_notification(message)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            self.stderr.write(f"A message could not be read: {type(error).__name__}.")
            return "not ours"


def _on_standard_input() -> Iterator[Message]:
    yield message_from_bytes(sys.stdin.buffer.read(LARGEST))


def _in_mbox(path: Path) -> Iterator[Message]:
    with closing(mailbox.mbox(path, create=False)) as box:
        yield from box


def _in_maildir(path: Path) -> Iterator[Message]:
    """Moved only after it was recorded: what a crash interrupts is read again."""
    box = mailbox.Maildir(path, create=False)
    for key, message in box.items():
        if message.get_subdir() == "new":
            yield message
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message
