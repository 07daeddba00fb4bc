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
        "Reads delivery status notifications (RFC 3464) and marks undeliverable addresses. Reads one message from"
        " standard input (`record_bounces < message`) or a mailbox. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--maildir", type=Path, help="reads new messages and marks them as seen")
        where.add_argument("--mbox", type=Path, help="reads a file of messages and leaves it unchanged")

    @acts_for(upkeep=True)
    def handle(self, *args: Any, maildir: Path | None, mbox: Path | None, **options: Any) -> None:
        if missing := [path for path in (maildir, mbox) if path and not path.exists()]:
            raise CommandError(f"{missing[0]} doesn't exist.")
        messages = _in_maildir(maildir) if maildir else _in_mbox(mbox) if mbox else _on_standard_input()
        became = Counter(self._record(message) for message in messages)
        self.stdout.write(
            f"{became.total()} read: {became['marked']} addresses marked, {became['passing']} temporary failures,"
            f" {became['not ours']} unrelated or unreadable."
        )

    def _record(self, message: Message) -> str:
        """Records one message. Unreadable ones are skipped and not shown, because they may name people."""
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
    """Yields new messages; each is marked as seen only after it was recorded, so that a crash loses none."""
    box = mailbox.Maildir(path, create=False)
    for key, message in box.items():
        if message.get_subdir() == "new":
            yield message
            message.set_subdir("cur")
            message.add_flag("S")
            box[key] = message
