"""Filling in one form with somebody's address can't block another form for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate
from privacy.erasure.retention import purge_expired
from privacy.models import PrivacyRequest
from privacy.requests.link_mail import mail_waiting_links
from tests.privacy.inbox import link_mailed_to
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ALICE = "alice@example.com"


@pytest.fixture
def flooded(alice: Affiliate) -> None:
    """A stranger has written many messages under Alice's address, each from another network."""
    message = {
        "kind": "question",
        "name": "Mallory",
        "email": ALICE,
        "message": "A question about the site.",
    }
    for number in range(12):
        Client(REMOTE_ADDR=f"198.51.{number}.1").post("/contact/", message)
    run_due_tasks()
    assert len([each for each in mail.outbox if each.to == [ALICE]]) == 10
    mail.outbox.clear()


def test_link_to_a_new_password_is_mailed_after_a_flood_of_messages(flooded: None) -> None:
    response = Client().post("/accounts/password/", {"email": ALICE})
    assert response.status_code == 302
    assert link_mailed_to(ALICE).startswith("/accounts/password/")


def test_link_of_a_privacy_request_is_mailed_after_a_flood_of_messages(flooded: None) -> None:
    Client().post("/privacy/request/", {"email": ALICE, "kind": "access"})
    assert link_mailed_to(ALICE).startswith("/privacy/request/")


def test_request_that_waits_behind_a_flood_is_mailed_in_the_end(clock: time_machine.Traveller) -> None:
    """Two weeks of a flood from its own network: the request is neither purged nor forgotten."""
    for number in range(12):
        Client().post("/privacy/request/", {"email": f"fake{number}@example.net", "kind": "access"})
    Client().post("/privacy/request/", {"email": "dave@example.org", "kind": "access"})
    run_due_tasks()
    assert not [each for each in mail.outbox if each.to == ["dave@example.org"]]
    clock.shift(timedelta(days=14))
    purge_expired(now=timezone.now())
    assert PrivacyRequest.objects.of_address("dave@example.org").exists()
    assert mail_waiting_links(now=timezone.now()) > 0
    assert link_mailed_to("dave@example.org").startswith("/privacy/request/")
