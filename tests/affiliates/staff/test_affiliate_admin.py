"""The admin of affiliates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from affiliates.membership.payout_address import apply_payout_email_changes
from affiliates.models import Affiliate
from tests import factories

ADD = "/admin/affiliates/affiliate/add/"


def save(staff: Client, affiliate: Affiliate, **changes: Any) -> str:
    values = {"code": affiliate.code, "payout_email": affiliate.payout_email or "", "website": "", **changes}
    page = staff.post(f"/admin/affiliates/affiliate/{affiliate.pk}/change/", values, follow=True).content.decode()
    affiliate.refresh_from_db()
    return page


def test_affiliate_owner_and_state_are_read_only(staff: Client, alice: Affiliate) -> None:
    mallory = factories.user("mallory@example.net")
    page = save(staff, alice, user=str(mallory.pk), state="suspended", website="https://x.example")
    assert "was changed successfully" in page
    assert (alice.website, alice.is_active) == ("https://x.example", True)
    assert alice.user.email == alice.payout_email == "alice@example.com"


@pytest.mark.parametrize("code", ["!!AB", "A B", "x", "a" * 33, "Ä1", "AB!", "demo"])
def test_invalid_or_taken_code_is_refused(staff: Client, alice: Affiliate, code: str) -> None:
    erin = factories.user("erin@example.org")
    page = staff.post(ADD, {"user": str(erin.pk), "code": code, "website": ""}).content.decode()
    assert "errornote" in page
    assert not Affiliate.objects.filter(user=erin).exists()


def test_new_affiliate_has_no_paypal_address_yet(staff: Client, db: None) -> None:
    """The one way in which the owner makes an affiliate of a colleague, on purpose."""
    erin = factories.user("erin@example.org", is_staff=True)
    staff.post(ADD, {"user": str(erin.pk), "code": "ERIN", "website": "", "payout_email": "mallory@example.net"})
    assert Affiliate.objects.get(user=erin).payout_email is None


def test_affiliate_is_found_by_email_address(staff: Client, alice: Affiliate, erin: Affiliate) -> None:
    page = staff.get("/admin/affiliates/affiliate/?q=ALICE@example.com").content.decode()
    assert "DEMO" in page
    assert "ERIN" not in page


def test_affiliate_cannot_be_deleted_in_admin(staff: Client, alice: Affiliate) -> None:
    assert staff.post(f"/admin/affiliates/affiliate/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Affiliate.objects.exists()


def test_payout_address_set_by_staff_waits_and_notifies_old_one(
    clock: time_machine.Traveller, staff: Client, alice: Affiliate, work: Callable[[], int]
) -> None:
    page = save(staff, alice, payout_email="mallory@example.net")
    assert "takes effect in 72 hours" in page
    assert alice.payout_email == "alice@example.com"
    work()
    told = mail.outbox[0]
    assert told.to == ["alice@example.com"]
    assert "Our staff have entered another PayPal address" in told.body
    assert "mallory" not in told.body
    clock.shift(timedelta(hours=72))
    assert apply_payout_email_changes(now=timezone.now()) == 1
    alice.refresh_from_db()
    assert alice.payout_email == "mallory@example.net"


def test_payout_address_removed_by_staff_waits(
    clock: time_machine.Traveller, staff: Client, alice: Affiliate, work: Callable[[], int]
) -> None:
    assert "The PayPal address is removed in 72 hours" in save(staff, alice, payout_email="")
    assert alice.payout_email == "alice@example.com"
    work()
    told: Any = mail.outbox[0]
    assert told.to == ["alice@example.com"]
    assert "Our staff are removing the PayPal address from your affiliate account" in told.body
    clock.shift(timedelta(hours=72) - timedelta(seconds=1))
    assert apply_payout_email_changes(now=timezone.now()) == 0
    clock.shift(timedelta(seconds=1))
    assert apply_payout_email_changes(now=timezone.now()) == 1
    alice.refresh_from_db()
    assert alice.payout_email is None
    work()
    assert "Your account no longer has a PayPal address" in str(mail.outbox[-1].body)


def test_affiliate_can_stop_removal_of_payout_address(
    clock: time_machine.Traveller, staff: Client, alice: Affiliate, work: Callable[[], int]
) -> None:
    save(staff, alice, payout_email="")
    work()
    found = re.search(r"(/affiliates/payout-address/\S+)", str(mail.outbox[0].body))
    assert found
    assert Client().post(found.group(1)).status_code == 200
    clock.shift(timedelta(hours=72))
    assert apply_payout_email_changes(now=timezone.now()) == 0
    alice.refresh_from_db()
    assert alice.payout_email == "alice@example.com"


def test_closed_account_cannot_get_new_payout_address(staff: Client, alice: Affiliate) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(state="closed")
    page = save(staff, alice, payout_email="mallory@example.net")
    assert "The PayPal address was not changed: This account is closed." in page
    assert alice.payout_email == "alice@example.com"
