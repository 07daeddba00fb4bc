"""Any email message, read into what this site stores of it.

Pure: nothing here knows the database. Time and memory are bounded for any bytes, and no bytes raise anything but
`UnreadableMessage`.
"""

from __future__ import annotations

import quopri
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesFeedParser
from typing import cast

from django.core.exceptions import ValidationError

from privacy.encryption.email_addresses import validate_address
from privacy.encryption.normalization import envelope_address, normalize_email
from privacy.encryption.validators import mask_card_numbers
from privacy.web.text_validation import one_line_without_forbidden, without_forbidden

from .reading.files import ReadFile as ReadFile
from .reading.files import masked_file, text_file
from .reading.headers import ReceivedPolicy, raw_values
from .reading.parts import MOST_CHARACTERS, Content, contents_of
from .reading.quoting import split_history
from .reading.unreadable import Unreadable as Unreadable
from .reading.unreadable import UnreadableMessage as UnreadableMessage

LONGEST_TEXT = 100_000  # characters of what a person wrote, and of the history
LONGEST_SUBJECT = 250
LONGEST_NAME = 150
MOST_IDS = 100  # Message-IDs that a message answers
MOST_RECIPIENTS = 100
MOST_BYTES = 50_000_000  # of a message; mail servers refuse larger ones

_MOST_STEPS = 10_000_000  # the parser looks at each line once for each boundary that is open: 3 s for this many
_MOST_BOUNDARIES = 300
_MOST_DELIMITERS = 10_000
_MOST_HEADERS = 2_000
_ID = re.compile(r"<[^<>\s\0-\x1f\x7f-\x9f]{3,900}>")
# How programs in Python write a Message-ID that is longer than a line.
_ENCODED_PART = re.compile(r"=\?[\w-]{1,40}\?q\?([^?\s]*)\?=\s*", re.ASCII | re.IGNORECASE)
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
_FEED = 1 << 16


@dataclass(frozen=True)
class ReadMessage:
    """What is stored of a message. All texts are free of control characters and of card numbers.

    `sender` is a valid address with its domain in lower-case ASCII; "" if there is none, or more than one. It proves
    nothing: anybody can write it. `text` is what the person wrote now, and `quoted` the history that the mail program
    put below or above it; if answers stand between quoted lines, `text` has both, the quoted ones with `>` in front.
    Each has at most 100,000 characters; the whole of a longer one is among `files`. `sent_at` is what the sender's
    clock said. `recipients` are all addresses that the message names as its own, those of the delivery first.
    `answers_to` are the Message-IDs of `In-Reply-To` and then of `References`, newest first, with their brackets.

    Digits of payment card numbers (those that the contact form refuses) are replaced by asterisks in the texts, in
    files of text and in names. `has_card_number` then says that the raw message must not be kept.
    """

    message_id: str
    sender: str
    sender_name: str
    subject: str
    sent_at: datetime | None
    text: str
    quoted: str
    files: tuple[ReadFile, ...]
    answers_to: tuple[str, ...]
    recipients: tuple[str, ...]
    has_card_number: bool = False


def parse_message(raw: bytes) -> EmailMessage:
    """The message, whose headers can be read without fear: none raises. Raises `UnreadableMessage`."""
    _refuse_bombs(raw)
    parser = BytesFeedParser(policy=ReceivedPolicy())
    try:
        for at in range(0, len(raw), _FEED):  # in pieces: a copy of the whole would be four times its size
            parser.feed(raw[at : at + _FEED])
        message = cast(EmailMessage, parser.close())
    except RecursionError:
        raise UnreadableMessage(Unreadable.TOO_DEEP) from None
    except Exception:
        raise UnreadableMessage(Unreadable.BROKEN) from None
    if len(message) > _MOST_HEADERS:
        raise UnreadableMessage(Unreadable.TOO_COMPLEX)
    return message


def read_message(message: EmailMessage) -> ReadMessage:
    """What the site stores of a message from `parse_message`. Raises `UnreadableMessage`."""
    try:
        read = _read(message)
    except UnreadableMessage:
        raise
    except RecursionError:
        raise UnreadableMessage(Unreadable.TOO_DEEP) from None
    except Exception:
        raise UnreadableMessage(Unreadable.BROKEN) from None
    return _masked(read)


def _refuse_bombs(raw: bytes) -> None:
    """Messages that are made to keep the parser busy. Real ones stay far below these numbers."""
    if not raw.strip(b"\0\t\n\r "):
        raise UnreadableMessage(Unreadable.EMPTY)
    if len(raw) > MOST_BYTES:
        raise UnreadableMessage(Unreadable.TOO_LARGE)
    boundaries = len(re.findall(rb"(?i)boundary|delivery-status", raw))
    lines = raw.count(b"\n") + raw.count(b"\r")
    if boundaries > _MOST_BOUNDARIES or lines * (3 + boundaries) > _MOST_STEPS:
        raise UnreadableMessage(Unreadable.TOO_COMPLEX)
    if boundaries and raw.count(b"\n--") > _MOST_DELIMITERS:
        raise UnreadableMessage(Unreadable.TOO_COMPLEX)


def _read(message: EmailMessage) -> ReadMessage:
    sender, sender_name = _sender_of(message)
    content = contents_of(message)
    text, quoted = _texts_of(content)
    read = ReadMessage(
        message_id=next(iter(_ids_in(message, "message-id")), ""),
        sender=sender,
        sender_name=one_line_without_forbidden(sender_name)[:LONGEST_NAME],
        subject=one_line_without_forbidden(str(message.get("subject", "")))[:LONGEST_SUBJECT],
        sent_at=_sent_at(message),
        text=text[:LONGEST_TEXT],
        quoted=quoted[:LONGEST_TEXT],
        files=(*content.files, *_long_texts(content, text, quoted)),
        answers_to=_answered_by(message),
        recipients=_recipients_of(message),
    )
    if getattr(message.policy, "is_exhausted", False):
        raise UnreadableMessage(Unreadable.TOO_COMPLEX)
    return read


def _texts_of(content: Content) -> tuple[str, str]:
    text = without_forbidden(content.text[:MOST_CHARACTERS])
    # Mailboxes in one file put a mark in front of "From " (RFC 4155).
    lines = (line.replace("\xa0", " ").rstrip() for line in re.sub("^>From ", "From ", text, flags=re.M).split("\n"))
    return split_history(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def _long_texts(content: Content, text: str, quoted: str) -> list[ReadFile]:
    """The whole text as a file, if a part of it is not in the texts."""
    if max(len(text), len(quoted)) <= LONGEST_TEXT and len(content.text) <= MOST_CHARACTERS:
        return []
    return [text_file("message.txt", content.text)]


def _sender_of(message: EmailMessage) -> tuple[str, str]:
    """The address and the name in `From`. Programs choose differently among several addresses, so none counts then."""
    found = [each for header in message.get_all("from", []) for each in getattr(header, "addresses", ())]
    if len({normalize_email(each.addr_spec) for each in found}) != 1:
        return "", found[0].display_name if found else ""
    address = envelope_address(found[0].addr_spec)
    try:
        validate_address(address)
    except ValidationError:
        address = ""
    return address, found[0].display_name


def _sent_at(message: EmailMessage) -> datetime | None:
    """What the sender's clock says; None if that is no time of the age of email."""
    found: datetime | None = getattr(message["date"], "datetime", None)
    if found is None or not 1980 <= found.year <= 2200:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ids_in(message: EmailMessage, name: str) -> list[str]:
    values = (_ENCODED_PART.sub(_plain, value) for value in raw_values(message, name))
    return [found for value in values for found in _ID.findall(value)]


def _plain(part: re.Match[str]) -> str:
    return quopri.decodestring(part[1].encode(), header=True).decode("ascii", "replace")


def _answered_by(message: EmailMessage) -> tuple[str, ...]:
    newest_first = [*_ids_in(message, "in-reply-to"), *reversed(_ids_in(message, "references"))]
    return tuple(dict.fromkeys(newest_first))[:MOST_IDS]


def _recipients_of(message: EmailMessage) -> tuple[str, ...]:
    headers = (header for name in _RECIPIENTS for header in message.get_all(name, []))
    found: dict[str, None] = {}
    for header in headers:
        addresses = getattr(header, "addresses", None)
        specs = [str(header).strip("<> ")] if addresses is None else [each.addr_spec for each in addresses]
        lines = (envelope_address(one_line_without_forbidden(each)) for each in specs)
        found.update(dict.fromkeys(line for line in lines if "@" in line[1:-1]))
    return tuple(found)[:MOST_RECIPIENTS]


def _masked(read: ReadMessage) -> ReadMessage:
    masked = replace(
        read,
        sender_name=mask_card_numbers(read.sender_name),
        subject=mask_card_numbers(read.subject),
        text=mask_card_numbers(read.text),
        quoted=mask_card_numbers(read.quoted),
        files=tuple(masked_file(file) for file in read.files),
    )
    return replace(masked, has_card_number=masked != read)
