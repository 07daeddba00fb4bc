"""No bytes raise anything but `UnreadableMessage`, and what is read of any bytes can be stored and shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.incoming_mail.message import LONGEST_TEXT, ReadMessage, parse_message, read_message
from contacts.incoming_mail.reading.unreadable import Unreadable, UnreadableMessage

from .corpus_reading import CORPUS

ORIGINALS = [path.read_bytes() for path in sorted(CORPUS.glob("*/*.eml"))]
FRAGMENTS = [
    *(b"From: ", b"To: ", b"Cc: ", b"Subject: ", b"Date: ", b"Message-ID: ", b"References: ", b"In-Reply-To: "),
    *(b"Content-Type: ", b"Content-Disposition: attachment; filename=", b"Content-Transfer-Encoding: "),
    *(b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b", b"message/rfc822", b"Delivered-To: "),
    *(b"message/delivery-status", b"text/plain; charset=", b"text/html; charset=", b"; format=flowed; delsp=yes"),
    *(b"; name*0*=utf-8''%ff", b"; name*", b"utf-8", b"utf-7", b"iso-2022-jp", b"punycode", b"idna", b"hex", b"base64"),
    *(b"quoted-printable", b"x-uuencode", b"=?utf-8?q?", b"=?utf-8?b?", b"=?gb2312?b?", b"?=", b"=0D=0A", b"=00"),
    *(b"=FF", b"4111 1111 1111 1111", b"a@b.example", b"<", b">", b"(", b")", b'"', b"\\", b",", b";", b":", b"@"),
    *(b"[", b"]", b"=", b"\xff", b"\xc3", b"\x1b$B", b"\0", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\t", b" "),
    *(b"\r\n--b\r\n", b"\r\n--b--\r\n", b"> ", b"On 1 wrote:\r\n", b"begin 644 a\r\n", b"end\r\n", b"From a\r\n"),
    *(b"<div>", b"</div>", b"<blockquote>", b"<p>", b"<br>", b"<pre>", b"<a href=http://x>", b"<!--", b"<style>"),
    *(b"&nbsp;", b"Mon, 2 Mar 2026 12:00:00 +9999", b"Thu, 1 Jan 99999 00:00:00 -0000"),
]
made_of_fragments = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=6), max_size=60).map(b"".join)


def check(raw: bytes) -> None:
    try:
        message = read_message(parse_message(raw))
    except UnreadableMessage as refusal:
        assert refusal.reason in set(Unreadable) - {Unreadable.BROKEN}  # BROKEN would hide a defect of ours
        return
    assert_storable(message)


def assert_storable(message: ReadMessage) -> None:
    lines = (message.message_id, message.sender, message.sender_name, message.subject)
    for line in (*lines, *message.answers_to, *message.recipients, *(file.name for file in message.files)):
        line.encode()
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Zl", "Zp"}
    for text in (message.text, message.quoted):
        text.encode()
        assert len(text) <= LONGEST_TEXT
        assert "\0" not in text and "\r" not in text
    assert all("@" in recipient for recipient in message.recipients)
    assert all(file.name and len(file.name) <= 150 for file in message.files)
    assert message.sent_at is None or message.sent_at.tzinfo


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    check(raw)


@given(made_of_fragments)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_anything_made_of_pieces_of_mail_is_read_or_refused(raw: bytes) -> None:
    check(raw)


@given(st.sampled_from(ORIGINALS), made_of_fragments, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_damaged_message_is_read_or_refused(raw: bytes, piece: bytes, start: float, length: float) -> None:
    at = int(start * len(raw))
    check(raw[:at] + piece + raw[at + int(length * 40) :])


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\0\0\0"])
def test_nothing_is_refused_as_empty(raw: bytes) -> None:
    with pytest.raises(UnreadableMessage, match="is empty"):
        parse_message(raw)
