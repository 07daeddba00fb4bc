"""Whoever reads the mailbox that an affiliate is paid to is not thereby that affiliate.

Nobody proves that a PayPal address is theirs: it may be mistyped, belong to an accountant, or have been changed by a
thief. The account answers to the address that it signs in with.
"""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from affiliates.models import Affiliate, PayoutEmailChange
from contacts.models import Inquiry
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

MALLORY = "mallory@example.net"


@pytest.fixture
def paid_to_mallory(alice: Affiliate) -> Affiliate:
    alice.user.name, alice.website, alice.payout_email = "Alice Ames", "https://alice.example", MALLORY
    alice.user.save()
    alice.save()
    return alice


def archive_of(address: str) -> str:
    """Asks for it as a visitor, follows the link in the mail, and reads every file of it."""
    browser = Client()
    assert browser.post("/privacy/request/", {"email": address, "kind": "access"}).status_code == 302
    run_due_tasks()
    page = browser.post(link_mailed_to(address), follow=True).redirect_chain[-1][0]
    with zipfile.ZipFile(io.BytesIO(browser.get(f"{page}download/").content)) as files:
        return "".join(files.read(name).decode() for name in files.namelist())


def test_archive_for_a_payout_mailbox_holds_nothing_of_the_affiliate(paid_to_mallory: Affiliate) -> None:
    assert "Your affiliate account" in archive_of("alice@example.com")
    stolen = archive_of(MALLORY)
    assert MALLORY in stolen
    for secret in ("Your affiliate account", "alice@example.com", "Alice Ames", "alice.example", paid_to_mallory.code):
        assert secret not in stolen


def test_archive_for_a_payout_mailbox_tells_that_payouts_were_to_go_there(paid_to_mallory: Affiliate) -> None:
    """What is kept about this address, without whose account it is."""
    PayoutEmailChange.objects.create(
        affiliate=paid_to_mallory,
        email=MALLORY,
        stop_digest="0" * 64,
        takes_effect_at=paid_to_mallory.joined_at,
        state=PayoutEmailChange.State.DONE,
    )
    told = archive_of(MALLORY)
    assert "Changes of your payout address" in told
    assert "alice@example.com" not in told and "Alice Ames" not in told


def test_deletion_asked_from_a_payout_mailbox_leaves_the_affiliate_alone(paid_to_mallory: Affiliate) -> None:
    factories.inquiry(MALLORY)
    browser = Client()
    browser.post("/privacy/request/", {"email": MALLORY, "kind": "deletion"})
    run_due_tasks()
    browser.post(link_mailed_to(MALLORY), {"kind": "deletion"}, follow=True)
    assert not Inquiry.objects.exists()  # what was Mallory's own
    paid_to_mallory.refresh_from_db()
    assert paid_to_mallory.state == Affiliate.State.ACTIVE
    assert paid_to_mallory.user.is_active and paid_to_mallory.user.name == "Alice Ames"
