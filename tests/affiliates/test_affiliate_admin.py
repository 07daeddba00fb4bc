"""Affiliates as staff edit them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, PayoutEmailChange
from affiliates.profile import use_new_payout_emails
from tests import factories


def form_of(affiliate: Affiliate, **changes: Any) -> dict[str, Any]:
    values = {
        "user": str(affiliate.user_id),
        "code": affiliate.code,
        "state": affiliate.state,
        "payout_email": affiliate.payout_email,
        "website": "",
        "terms_version": "1",
    }
    return {**values, **changes}


def save(staff: Client, affiliate: Affiliate, **changes: Any) -> str:
    address = f"/admin/affiliates/affiliate/{affiliate.pk}/change/"
    page = staff.post(address, form_of(affiliate, **changes), follow=True).content.decode()
    affiliate.refresh_from_db()
    return page


def test_the_state_is_no_field_to_be_edited(staff: Client, alice: Affiliate) -> None:
    save(staff, alice, state="suspended", code="NEWCODE")
    assert (alice.is_active, alice.code) == (True, "NEWCODE")
    assert alice.payout_email == "alice@example.com"


@pytest.mark.parametrize("code", ["!!AB", "A B", "x", "a" * 33, "Ä1", "AB!"])
def test_a_code_that_no_link_can_carry_is_refused(staff: Client, alice: Affiliate, code: str) -> None:
    page = save(staff, alice, code=code)
    assert "errornote" in page
    assert alice.code == "DEMO"


def test_two_codes_differ_by_more_than_their_case(staff: Client, alice: Affiliate) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN")
    assert "errornote" in save(staff, erin, code="demo")
    assert erin.code == "ERIN"


def test_an_affiliate_is_found_by_address(staff: Client, alice: Affiliate) -> None:
    factories.affiliate("erin@example.com", "ERIN")
    page = staff.get("/admin/affiliates/affiliate/?q=ALICE@example.com").content.decode()
    assert "DEMO" in page
    assert "ERIN" not in page


def test_an_affiliate_is_not_deleted_by_hand(staff: Client, alice: Affiliate) -> None:
    assert staff.post(f"/admin/affiliates/affiliate/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Affiliate.objects.exists()


def test_a_new_payout_address_waits_three_days_and_the_old_one_is_told(
    clock: time_machine.Traveller, staff: Client, alice: Affiliate, work: Callable[[], int]
) -> None:
    page = save(staff, alice, payout_email="mallory@example.net")
    assert "is used after 72 hours" in page
    assert alice.payout_email == "alice@example.com"
    work()
    told = mail.outbox[0]
    assert told.to == ["alice@example.com"]
    assert "our staff have entered another PayPal address" in told.body
    assert "mallory" not in told.body
    clock.shift(timedelta(hours=72))
    assert use_new_payout_emails(now=timezone.now()) == 1
    alice.refresh_from_db()
    assert alice.payout_email == "mallory@example.net"


def test_a_payout_address_that_is_taken_away_is_gone_at_once(staff: Client, alice: Affiliate) -> None:
    save(staff, alice, payout_email="")
    assert Affiliate.objects.get().payout_email is None
    assert not PayoutEmailChange.objects.exists()


def test_a_closed_account_gets_no_new_payout_address(staff: Client, alice: Affiliate) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(state="closed")
    page = save(staff, alice, payout_email="mallory@example.net")
    assert "The PayPal address stays as it is: This account is closed." in page
    assert alice.payout_email == "alice@example.com"
