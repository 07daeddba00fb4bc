"""Text and files are found in any structure, and in a broken one."""

from __future__ import annotations

import pytest

from .corpus_reading import message_in, names_in

STRUCTURES = {  # text and names of files
    "boundary_never_closed": ("Hello", ["a.pdf"]),
    "broken_base64": ("Hello, Dave!!", []),
    "duplicate_headers": ("Hello", []),
    "empty_body": ("", []),
    "forwarded_as_attachment": ("See the attached mail.", ["Your quote.eml"]),
    "header_injection": ("Hello", []),
    "invitation": ("Dave invites you to a call.", ["message.html", "invitation.ics", "invite.ics"]),
    "lines_end_with_cr_only": ("Hello\nDave", []),
    "lines_end_with_lf_only": ("Hello\nDave", []),
    "mbox_line_on_top": ("Hello\nFrom here it is quoted by the mailbox.", []),
    "names_of_files": (
        "Files.",
        ["Größe.txt", "Größe.txt", "C_Usersdavenotes.txt", "passwd", "invoicetxt.exe", "file.txt"],
    ),
    "no_boundary": ("--b1\nContent-Type: text/plain\n\nHello\n--b1--", []),
    "no_message_id_date_or_type": ("Hello", []),
    "null_characters": ("Hello\n[31mred", []),
    "only_a_file": ("", ["logo.png"]),
    "pgp_encrypted": ("", ["file.txt", "encrypted.asc"]),
    "pgp_signed_inline": ("Please call me.\n--\nDave", []),
    "pictures_in_html": ("Look:\n[Our logo]", ["message.html", "file.png"]),
    "smime_encrypted": ("", ["smime.p7m"]),
    "smime_signed": ("Hello, signed.", ["smime.p7s"]),
    "twelve_levels": ("At the bottom", []),
    "two_senders": ("Hello", []),
    "winmail_dat": ("See the file.", ["winmail.dat"]),
    "winmail_dat_alone": ("", ["winmail.dat"]),
}
NOTIFICATIONS = {
    "exchange": (
        "Delivery has failed to these recipients or groups:",
        ["message.html", "delivery-status.txt", "message.eml"],
    ),
    "exim": ("This message was created automatically by mail delivery software.", []),
    "gmail": ("** Address not found **", ["message.html", "icon.png", "delivery-status.txt", "headers.txt"]),
    "out_of_office": ("I am away until March 9.", ["message.html"]),
    "postfix": ("This is the mail system at host mail.ait-pro.com.", ["delivery-status.txt", "message.eml"]),
}


def test_each_structure_of_the_corpus_is_expected() -> None:
    assert names_in("structures") == STRUCTURES.keys()
    assert names_in("notifications") == NOTIFICATIONS.keys()


@pytest.mark.parametrize("name", sorted(STRUCTURES))
def test_text_and_files_are_found_in_any_structure(name: str) -> None:
    message = message_in("structures", name)
    assert (message.text, [file.name for file in message.files]) == STRUCTURES[name]
    assert message.sender == ("" if name == "two_senders" else "dave@example.org")


@pytest.mark.parametrize("name", sorted(NOTIFICATIONS))
def test_notification_is_read_like_a_message(name: str) -> None:
    message, (begins, files) = message_in("notifications", name), NOTIFICATIONS[name]
    assert message.text.startswith(begins)
    assert [file.name for file in message.files] == files


def test_first_of_duplicate_headers_counts() -> None:
    message = message_in("structures", "duplicate_headers")
    assert (message.subject, message.message_id) == ("A question", "<question@example.org>")
    assert message.sent_at and message.sent_at.isoformat() == "2026-03-02T12:00:00+00:00"
    assert message.recipients == ("info@ait-pro.com", "bob@example.com")


def test_header_that_is_missing_is_empty() -> None:
    message = message_in("structures", "no_message_id_date_or_type")
    assert (message.message_id, message.sent_at, message.answers_to, message.recipients) == ("", None, (), ())


def test_control_characters_are_nowhere() -> None:
    for name in ("null_characters", "header_injection"):
        message = message_in("structures", name)
        for text in (message.subject, message.sender_name):
            assert text and text.isprintable()
    assert message.recipients == ()


def test_picture_elsewhere_is_not_mentioned_in_the_text() -> None:
    message = message_in("structures", "pictures_in_html")
    assert b"tracker.example" in message.files[0].content
    assert "tracker" not in message.text
