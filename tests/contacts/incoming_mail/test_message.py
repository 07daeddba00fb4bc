"""What is read of a message: who sent it to whom, what it answers, what the person wrote now, and the files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contacts.incoming_mail.message import ReadMessage, parse_message, read_message

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def read(text: str, *headers: str) -> ReadMessage:
    """A message of Dave's with this body and these further headers."""
    lines = ["From: Dave <dave@example.org>", "To: info@ait-pro.example", *headers, "", text]
    return read_message(parse_message("\r\n".join(lines).encode("utf-8", "surrogateescape")))


def parts(*bodies: str, kind: str = "mixed") -> tuple[str, str]:
    """The body and the header of a message of these parts, each with its own headers."""
    body = "".join(f"--b\r\n{each}\r\n" for each in bodies) + "--b--"
    return body, f"Content-Type: multipart/{kind}; boundary=b"


def test_headers_say_who_sent_it_when_and_what_it_answers() -> None:
    message = read(
        "Yes.",
        "Subject: Re: Your quote",
        "Date: Mon, 2 Mar 2026 13:00:00 +0100",
        "Message-ID: <new@example.org>",
        "In-Reply-To: <third@ait-pro.example>",
        "References: <first@ait-pro.example>\r\n <second@example.org> <third@ait-pro.example>",
        "Delivered-To: info+signed@AIT-PRO.example",
        "Cc: Bob <bob@example.com>",
    )
    assert (message.sender, message.sender_name, message.subject) == ("dave@example.org", "Dave", "Re: Your quote")
    assert message.sent_at == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert message.message_id == "<new@example.org>"
    assert message.answers_to == ("<third@ait-pro.example>", "<second@example.org>", "<first@ait-pro.example>")
    assert message.recipients == ("info+signed@ait-pro.example", "info@ait-pro.example", "bob@example.com")
    assert (message.text, message.quoted, message.files) == ("Yes.", "", ())


@pytest.mark.parametrize(
    "header",
    [
        "From: nobody",
        "From: ",
        "From: Dave <dave@example.org>\r\nFrom: Bob <bob@example.com>",
        "From: dave@example.org, bob@example.com",
        "From: undisclosed-recipients:;",
        "From: <>",
    ],
)
def test_sender_that_is_missing_or_contradictory_is_empty(header: str) -> None:
    assert read_message(parse_message(f"{header}\r\n\r\nHello".encode())).sender == ""


def test_line_break_in_an_encoded_word_begins_no_header() -> None:
    message = read("Hi", "Subject: =?utf-8?q?Hi=0D=0ABcc:_bob=40example.com?=")
    assert message.subject == "Hi Bcc: bob@example.com"
    assert message.recipients == ("info@ait-pro.example",)


def test_address_in_a_name_is_not_the_sender() -> None:
    message = read_message(
        parse_message(b"From: =?utf-8?q?=3Cbob=40example.com=3E=2C?= <dave@example.org>\r\n\r\nHello")
    )
    assert message.sender == "dave@example.org"
    assert message.sender_name == "<bob@example.com>,"


def test_letter_split_between_encoded_words_is_read() -> None:
    assert read("", "Subject: =?utf-8?b?w4RwZsO?= =?utf-8?b?hGZlbA==?=").subject == "ÄpfÄfel"


def test_question_mark_in_an_encoded_word_is_read() -> None:
    assert read("", "Subject: =?utf-8?q?Sch=C3=B6n??= =?utf-8?q?_Ja.?=").subject == "Schön? Ja."


def test_date_out_of_the_age_of_email_is_not_believed() -> None:
    assert read("", "Date: Fri, 31 Dec 9999 23:59:59 -1200").sent_at is None
    assert read("", "Date: tomorrow").sent_at is None


def test_history_below_the_answer_is_kept_apart() -> None:
    message = read("Yes, please.\r\n\r\nOn Mon, Mar 2, 2026, AITpro wrote:\r\n> Shall we begin?\r\n> AITpro")
    assert message.text == "Yes, please."
    assert message.quoted == "On Mon, Mar 2, 2026, AITpro wrote:\n> Shall we begin?\n> AITpro"


def test_plain_text_is_shown_and_the_html_is_a_file() -> None:
    html = "Content-Type: text/html\r\n\r\n<p>Hello <script>alert(1)</script></p>"
    message = read(*parts("Content-Type: text/plain\r\n\r\nHello", html, kind="alternative"))
    assert message.text == "Hello"
    assert [(file.name, file.content_type) for file in message.files] == [("message.html", "text/plain; charset=utf-8")]
    assert b"<script>" in message.files[0].content


def test_html_alone_is_reduced_to_text() -> None:
    message = read(
        "<title>News</title><style>p {color: red}</style><p>Hello<br>Dave</p><script>alert(1)</script>"
        "<img src=x onerror=alert(1)>",
        "Content-Type: text/html",
    )
    assert message.text == "Hello\nDave"


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("photo.png", PNG, "image/png"),
        ("photo.png", b"<html><script>alert(1)</script>", "text/plain; charset=utf-8"),
        ("notes.txt", "Grüße".encode("latin-1"), "text/plain"),
        ("run.pdf", b"MZ\x90\x00\x03\x00\x00\x00", "application/octet-stream"),
    ],
)
def test_content_decides_what_a_file_is(name: str, content: bytes, content_type: str) -> None:
    part = f'Content-Type: image/svg+xml\r\nContent-Disposition: attachment; filename="../{name}"\r\n\r\n'
    raw = b"From: dave@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    (file,) = read_message(parse_message(raw + part.encode() + content + b"\r\n--b--")).files
    assert (file.name, file.content, file.content_type) == (name, content, content_type)


def test_card_numbers_are_masked_wherever_they_can_be_read() -> None:
    card = "4111 1111 1111 1111"
    body, kind = parts(
        f"Content-Type: text/plain\r\n\r\nMy card: {card}\r\n\r\nOn March 2, AITpro wrote:\r\n> {card}",
        "Content-Type: text/html\r\n\r\n<p>My card: 4111 <b>1111</b> 1111 1111</p>",
        f'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="{card}.txt"\r\n\r\n{card}',
        "Content-Type: message/rfc822\r\n\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "NDExMSAxMTExIDExMTEgMTExMQ==",
    )
    message = read(body, kind, f"Subject: {card}")
    assert message.has_card_number
    assert "My card: **** **** **** ****" in message.text
    for stored in (message.subject, message.text, message.quoted, *(file.name for file in message.files)):
        assert "1111" not in stored
    assert len(message.files) == 3
    assert not any(b"1111" in file.content or b"NDEx" in file.content for file in message.files)


def test_message_without_a_card_number_is_as_it_was() -> None:
    assert not read("Order 4111111111111112").has_card_number
