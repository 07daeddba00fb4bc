"""Large messages are read, and messages that are made to keep a program busy are not, within a bounded time."""

from __future__ import annotations

from base64 import encodebytes
from time import process_time

import pytest

from contacts.incoming_mail.message import LONGEST_TEXT, MOST_BYTES, ReadMessage, parse_message, read_message
from contacts.incoming_mail.reading.html_text import text_of_html
from contacts.incoming_mail.reading.unreadable import UnreadableMessage

BOUND = 10  # seconds of the processor; the slowest takes two where nothing else runs
HTML, TEXT = b"Content-Type: text/html\r\n\r\n", b"Content-Type: text/plain; format=flowed\r\n\r\n"


def timed(raw: bytes) -> ReadMessage:
    start = process_time()
    try:
        return read_message(parse_message(raw))
    finally:
        assert process_time() - start < BOUND


def nested(levels: int, inside: bytes = b"at the bottom") -> bytes:
    openings = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(levels))
    return b"".join(openings) + b"\r\n" + inside


def test_message_of_30_megabytes_is_read() -> None:
    content = b"%PDF-1.4\n" + bytes(range(256)) * 90_000
    part = b'--b\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    head = b"From: dave@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file.\r\n"
    raw = head + part + encodebytes(content).replace(b"\n", b"\r\n") + b"--b--"
    assert len(raw) > 30_000_000
    message = timed(raw)
    assert message.text == "See the file."
    assert message.files[0].content == content


def test_long_text_is_cut_and_kept_whole_as_a_file() -> None:
    message = timed(TEXT + b"word\r\n" * 100_000)
    assert len(message.text) <= LONGEST_TEXT
    (file,) = message.files
    assert (file.name, file.content.count(b"word")) == ("message.txt", 100_000)


def test_hundred_levels_are_read() -> None:
    assert timed(nested(99)).text.strip().endswith("at the bottom")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (nested(150), "nested too deeply"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 2_000, "nested too deeply"),
        (nested(500), "too many parts"),
        (nested(250, b"a\r\n" * 50_000), "too many parts"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 5_000, "too many parts"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 50_000, "too many parts"),
        (b"Name: value\r\n" * 100_000, "too many parts, lines or headers"),
        (b"Name: value\r\n\r\n" + b"\n" * 5_000_000, "too many parts, lines"),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"".join(b"--b\r\nContent-Type: %d%s\r\n\r\n" % (at, b"a;" * 3_000) for at in range(900)),
            "too many parts",
        ),
        (bytes(MOST_BYTES) + b"!", "too large"),
    ],
)  # fmt: skip
def test_bomb_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMessage, match=reason):
        timed(raw)


@pytest.mark.parametrize(
    "header",
    [
        b"From: " + b"(" * 50_000,
        b"From: " + b'"' * 50_000,
        b"From: " + b"\xff" * 50_000,
        b"To: " + b"a@b.example," * 50_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000,
        b"Content-Type: text/plain; " + b"a;" * 50_000,
        b"Content-Disposition: inline; " + b"name*0*=a;" * 20_000,
        b"References: " + b"<a@b>" * 50_000,
    ],
)
def test_long_header_takes_bounded_time(header: bytes) -> None:
    assert timed(header + b"\r\n\r\nHello").text == "Hello"


@pytest.mark.parametrize(
    "piece", [b"<div>", b"<blockquote>x", b"<a href=http://x>", b"<", b"&", b"<!--", b"<pre>\n", b"<b><i>"]
)
def test_hostile_html_takes_bounded_time(piece: bytes) -> None:
    assert timed(HTML + b"Hello" + piece * 50_000).text[:5] in {"Hello", ""}


def test_many_hostile_parts_of_html_take_bounded_time() -> None:
    part = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 11_000 + b"\r\n"
    message = timed(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 100 + b"--b--")
    assert len(message.files) == 100


@pytest.mark.parametrize(
    "line",
    [
        *(b"On 1 a wrote:", b"On 1", b"a:", b"From: a", b"> a ", b"_" * 40, b"-----Original Message-----", b"On " * 40),
        *(b"4111 1111 1111 1111", b"4 " * 40, b"-----BEGIN PGP SIGNED MESSAGE-----"),
    ],
)
def test_hostile_text_takes_bounded_time(line: bytes) -> None:
    message = timed(TEXT + (line + b"\r\n") * 30_000)
    assert message.text or message.quoted


def test_deep_quotation_does_not_grow_the_text() -> None:
    assert len(text_of_html("<blockquote>x" * 2_000)) < 50_000
