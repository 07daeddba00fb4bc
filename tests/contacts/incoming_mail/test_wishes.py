"""A mail that asks for what privacy law grants is recognized by its subject or first line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from contacts.incoming_mail.message import ReadMessage
from contacts.incoming_mail.wishes import wish_in
from privacy.models import PrivacyRequest


def mail(subject: str = "", text: str = "") -> ReadMessage:
    return ReadMessage("", "", "", subject, None, text, quoted="", files=(), answers_to=(), recipients=())


def test_all_kinds_of_request_have_words(settings: Settings) -> None:
    assert set(settings.MAIL_WISHES) == set(PrivacyRequest.Kind.values)
    assert all(settings.MAIL_WISHES.values())


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("unsubscribe", "stop_contact"),
        ("Please UNSUBSCRIBE me!", "stop_contact"),
        ("STOP", "stop_contact"),
        ("stop, please.", "stop_contact"),
        ("Don’t contact me any more", "stop_contact"),
        ("Access", "access"),
        ("Data access request", "access"),
        ("I would like a copy of my data.", "access"),
        ("Please send me everything you keep about me", "access"),
        ("Delete my data", "deletion"),
        ("please delete all of my personal data", "deletion"),
        ("You still did not delete my data!", "deletion"),
        ("Complaint", "complaint"),
        ("A complaint about your privacy policy", "complaint"),
        ("Please correct my name", "correction"),
        ("Bitte löschen Sie alle meine personenbezogenen Daten", "deletion"),
        ("BITTE LÖSCHEN SIE MEINE DATEN", "deletion"),
        ("Veuillez supprimer toutes mes donnees", "deletion"),
        ("Quiero eliminar mis datos", "deletion"),
        ("ｄｅｌｅｔｅ ｍｙ ｄａｔａ", "deletion"),
    ],
)
def test_wish_is_found_in_the_subject_and_in_the_first_line(line: str, kind: str) -> None:
    assert wish_in(mail(subject=line)) == kind
    assert wish_in(mail(text=f"\n\nDear AITpro team,\n\n{line}\n\nErin")) == kind


@pytest.mark.parametrize(
    "line",
    [
        "",
        "How do I stop this attack?",
        "I can't access my website any more",
        "What would a new site cost?",
        "We need a page near the bus stop",
        "Backup of my data center",
    ],
)
def test_question_is_no_wish(line: str) -> None:
    assert wish_in(mail(subject=line)) == ""
    assert wish_in(mail(text=line)) == ""


def test_line_that_the_mail_program_broke_is_one_line() -> None:
    assert wish_in(
        mail(text="Hello,\nI have thought about it again, and I ask you to please delete all\nmy data.")
    ) == ("deletion")


def test_later_lines_and_quoted_ones_do_not_count() -> None:
    assert wish_in(mail(text="Delete my data")) == "deletion"
    assert wish_in(mail(text="Thanks!\n\nMy friend wrote: delete my data")) == ""
    assert wish_in(mail(text="> Delete my data\n\nWhat does this mean?")) == ""


@pytest.mark.parametrize("prefix", ["Re:", "RE: ", "Re[2]:", "AW:", "Fwd:", "SV:"])
def test_subject_of_an_answer_repeats_another_and_does_not_count(prefix: str) -> None:
    assert wish_in(mail(subject=f"{prefix} Delete my data", text="Thank you, that was quick.")) == ""
    assert wish_in(mail(subject=f"{prefix} Your order", text="Delete my data")) == "deletion"


def test_greeting_with_the_wish_in_it_counts() -> None:
    assert wish_in(mail(text="Hello, please delete my data.")) == "deletion"


def test_words_come_from_the_settings(settings: Settings) -> None:
    settings.MAIL_WISHES = {"access": ["=show me", "cookie jar"]}
    assert wish_in(mail(subject="Show me, please")) == "access"
    assert wish_in(mail(subject="Show me a quote")) == ""
    assert wish_in(mail(subject="What is in my cookie jar?")) == "access"


@given(st.text(), st.text())
def test_any_text_has_an_answer(subject: str, text: str) -> None:
    assert wish_in(mail(subject, text)) in {"", *PrivacyRequest.Kind.values}
