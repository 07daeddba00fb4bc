"""An answer by a program in Python finds its thread: Python encodes a Message-ID that is longer than a line."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from contacts.incoming_mail.message import parse_message, read_message

LONG = [f"<{letter * 71}@ait-pro.example>" for letter in "abc"]


def test_long_message_ids_are_read_from_encoded_words() -> None:
    message = EmailMessage(policy=SMTP)
    message["In-Reply-To"] = LONG[2]
    message["References"] = f"<short@ait-pro.example> {LONG[0]} {LONG[1]} {LONG[2]}"
    message.set_content("Yes, please.")
    raw = message.as_bytes()
    assert LONG[2].encode() not in raw
    assert b"=?utf-8?q?" in raw
    newest_first = (LONG[2], LONG[1], LONG[0], "<short@ait-pro.example>")
    assert read_message(parse_message(raw)).answers_to == newest_first
