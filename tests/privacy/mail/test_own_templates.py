"""The operator's own templates of mails, in the folder MAIL_TEMPLATES, win over the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from contacts.mails import INQUIRY_RECEIVED
from privacy.mail.sending import queue_mail
from privacy.mail.texts.checks import check_mail_templates
from privacy.models import MailTally, MailText, OutgoingMail
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NAME = "contacts/mail/inquiry_received.html"
GERMAN = """{% extends "contacts/mail/inquiry_received.html" %}
{% block subject %}Ihre Nachricht ({{ about.reference }}){% endblock subject %}
{% block body %}<p>Vielen Dank!</p>{% endblock body %}
"""


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.MAIL_TEMPLATES = str(tmp_path)
    [shipped, *_] = settings.TEMPLATES
    settings.TEMPLATES = [shipped, {**shipped, "NAME": "mails", "DIRS": [str(tmp_path), *shipped["DIRS"]]}]
    return tmp_path


def put(folder: Path, name: str, source: str | bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(source if isinstance(source, bytes) else source.encode())


def received() -> OutgoingMail:
    return queue_mail(INQUIRY_RECEIVED, to="dave@example.org", about=factories.inquiry(), context={})


def problems() -> list[str]:
    return [error.msg for error in check_mail_templates(None)]


def test_template_of_the_folder_replaces_blocks_of_the_shipped_one(folder: Path) -> None:
    put(folder, NAME, GERMAN)
    assert problems() == []
    sent = received()
    assert sent.subject.startswith("Ihre Nachricht (")
    assert "Vielen Dank!" in sent.text
    assert "because you wrote to us on our contact page" in sent.text
    assert "Manage preferences or unsubscribe" in sent.text


def test_text_that_staff_wrote_wins_over_the_folder(folder: Path) -> None:
    put(folder, NAME, GERMAN)
    MailText.objects.filter(kind=INQUIRY_RECEIVED.template).update(subject="From the admin")
    assert received().subject == "From the admin"


def test_frame_of_all_mails_can_be_replaced_but_not_its_links_and_identity(folder: Path) -> None:
    frame = "<html><title>{% block subject %}{% endblock %}</title><body>{% block body %}{% endblock %}</body></html>"
    put(folder, "privacy/mail/_base.html", frame)
    put(folder, NAME, GERMAN)
    assert problems() == []
    assert "Thank you for writing" in received().text
    assert MailTally.objects.get(outcome="shipped").count == 1


@pytest.mark.parametrize(
    "source",
    ["{% extends 'nowhere.html' %}", "{% block body %}{% endfor %}", "<p>No title</p>", "{{ 1|nowhere }}", b"\xff"],
)
def test_mail_is_sent_with_the_shipped_text_whatever_is_in_the_folder(folder: Path, source: str | bytes) -> None:
    put(folder, NAME, source)
    assert "Thank you for writing" in received().text
    assert MailTally.objects.get(outcome="shipped").kind == INQUIRY_RECEIVED.template


def test_check_names_file_and_line_of_what_cannot_be_read(folder: Path) -> None:
    put(folder, NAME, "{% extends 'privacy/mail/_base.html' %}\n{% block body %}\n{% nosuchtag %}\n{% endblock %}")
    [problem] = problems()
    assert problem.startswith(f"{NAME}, line 3: Invalid block tag on line 3: 'nosuchtag'")


@pytest.mark.parametrize("name", ["base.html", "contacts/mail/nowhere.html", "shop/order.html", "shop/mail/a.txt"])
def test_check_refuses_a_file_that_replaces_no_mail(folder: Path, name: str) -> None:
    put(folder, name, "x")
    said = "this is not the template of a mail. The folder holds only what replaces one of them."
    assert problems() == [f"{name}: {said}"]


def test_folder_changes_mails_only(folder: Path, client: Client) -> None:
    put(folder, "base.html", "Not a page.")
    put(folder, "aitpro/home.html", "Not a page.")
    assert b"Not a page." not in client.get("/").content


def test_check_names_a_folder_that_is_missing_or_unreadable(folder: Path, settings: Settings) -> None:
    put(folder, NAME, b"\xff")
    assert problems() == [f"{NAME}: this is not UTF-8."]
    settings.MAIL_TEMPLATES = str(folder / "nowhere")
    assert problems() == ["MAIL_TEMPLATES names no folder."]
    settings.MAIL_TEMPLATES = ""
    assert problems() == []
