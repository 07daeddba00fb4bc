"""Suspected spam is held for review without a confirmation; nothing is dropped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from contacts.inquiries.spam_check import mixes_scripts, new_stamp
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from tests.contacts.conftest import Post, page_of, press

pytestmark = pytest.mark.django_db

Work = Callable[[], int]
ONE_LINK = "Please look at https://example.org"


def stamp_of(age: timedelta) -> str:
    return new_stamp(timezone.now() - age)


def state_after(post: Post, **changes: str) -> str:
    response = post(**changes)
    assert response.headers["Location"].startswith("/contact/thanks/Q-")
    return str(Inquiry.objects.get().state)


def test_an_ordinary_message_is_open(post: Post) -> None:
    assert state_after(post) == "open"


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": "https://spam.example"},
        {"message": "https://a.example https://b.example www.c.example"},
        {"message": "<a href='x'>1</a> [url=x] https://c.example"},
        {"email": "dave@exаmple.org"},  # the third letter of the domain is Cyrillic
    ],
    ids=["trap", "links", "markup", "letters of two scripts"],
)
def test_one_strong_sign_is_enough(post: Post, changes: dict[str, str]) -> None:
    assert state_after(post, **changes) == "held"


def test_somebody_quick_is_not_suspicious_alone(post: Post) -> None:
    assert state_after(post, stamp=stamp_of(timedelta(0))) == "open"


def test_a_link_is_not_suspicious_alone(post: Post) -> None:
    assert state_after(post, message=ONE_LINK) == "open"


@pytest.mark.parametrize("age", [timedelta(seconds=2), timedelta(days=2), timedelta(hours=-1)])
def test_a_link_sent_too_soon_or_by_an_old_form_is_held(post: Post, age: timedelta) -> None:
    assert state_after(post, message=ONE_LINK, stamp=stamp_of(age)) == "held"


@pytest.mark.parametrize("stamp", ["", "1772452740", "forged:stamp:of-nobody"])
def test_a_link_with_a_forged_stamp_is_held(post: Post, stamp: str) -> None:
    assert state_after(post, message=ONE_LINK, stamp=stamp) == "held"


def test_a_link_after_the_minimum_time_is_open(post: Post) -> None:
    assert state_after(post, message=ONE_LINK, stamp=stamp_of(timedelta(seconds=3))) == "open"


@pytest.mark.parametrize("email", ["a@münchen.de", "a@пример.рф", "a@例え.テスト", "a@example-123.org"])
def test_an_address_in_one_script_is_not_suspicious(email: str) -> None:
    assert not mixes_scripts(email)


def test_nothing_goes_to_the_sender_of_a_held_message(post: Post, work: Work, settings: Settings) -> None:
    post(extra="x")
    work()
    assert [message.to for message in mail.outbox] == [[settings.BUSINESS["email"]]]
    assert "Dave" not in str(mail.outbox[0].message())


def test_releasing_confirms_it_to_the_sender(post: Post, staff: Client, work: Work) -> None:
    post(extra="x")
    held = Inquiry.objects.get()
    assert "Not spam: release it" in staff.get(page_of(held)).content.decode()
    assert "Released" in press(staff, held, "release")
    assert held.state == "open"
    work()
    assert ["Dave@example.org"] in [message.to for message in mail.outbox]
    assert AuditEntry.objects.filter(action="contacts.inquiry.released", object_id=held.pk).count() == 1


def test_a_message_is_released_once(post: Post, staff: Client, work: Work) -> None:
    post(extra="x")
    held = Inquiry.objects.get()
    press(staff, held, "release")
    assert "Not possible (any more): this message is waiting for an answer." in press(staff, held, "release")
    work()
    assert [message.to for message in mail.outbox].count(["Dave@example.org"]) == 1


def test_a_held_message_is_neither_answered_nor_opened_by_hand(post: Post, staff: Client) -> None:
    post(extra="x")
    held = Inquiry.objects.get()
    page = staff.get(page_of(held)).content.decode()
    assert "What would a new site cost?" in page
    assert "answer by email" not in page.lower()
    staff.post(page_of(held), {"state": "open", "replies-TOTAL_FORMS": "0", "replies-INITIAL_FORMS": "0"})
    held.refresh_from_db()
    assert held.state == "held"


def test_a_link_alone_does_not_release(post: Post, staff: Client) -> None:
    post(extra="x")
    held = Inquiry.objects.get()
    assert staff.get(page_of(held, "release")).status_code == 405
    held.refresh_from_db()
    assert held.state == "held"


def test_held_message_that_is_marked_as_spam_leaves_the_queue_and_nobody_is_mailed(
    post: Post, staff: Client, work: Work
) -> None:
    post(extra="x")
    held = Inquiry.objects.get()
    work()
    mail.outbox.clear()
    assert ">Spam</button>" in staff.get(page_of(held)).content.decode()
    assert "Marked as spam" in press(staff, held, "discard")
    assert held.state == "spam"
    assert "this message is spam." in press(staff, held, "discard")
    work()
    assert not mail.outbox
    assert AuditEntry.objects.filter(action="contacts.inquiry.discarded", object_id=held.pk).count() == 1


def test_held_and_open_messages_get_the_same_page(post: Post, client: Client) -> None:
    pages = []
    for extra in ("x", ""):
        answer = client.get(post(extra=extra).headers["Location"]).content.decode()
        pages.append(answer.replace(Inquiry.objects.latest("received_at", "pk").reference, "Q-ABCDEF"))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("page", ["/contact/", "/affiliates/apply/"])
def test_trap_is_out_of_the_page_and_means_nothing_to_autofill(client: Client, page: str) -> None:
    field = BeautifulSoup(client.get(page).content, "html.parser").select_one("main form .form-extra input")
    assert field is not None
    assert (field["name"], field["type"]) == ("extra", "text")
    styles = (settings.BASE_DIR / "static/aitpro/css/base.css").read_text()
    assert re.search(r"\.form-extra \{\s*display: none;\s*\}", styles)


def test_held_message_without_an_address_is_released_and_nobody_mailed(staff: Client, work: Work) -> None:
    held = Inquiry.objects.create(name="Dave", address="1 Main Street", message="Hello?", state="held")
    assert "Released" in press(staff, held, "release")
    work()
    held.refresh_from_db()
    assert held.state == "open"
    assert mail.outbox == []
