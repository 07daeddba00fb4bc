"""Affiliates as staff edit them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from affiliates.models import Affiliate
from tests import factories


def form_of(affiliate: Affiliate, **changes: Any) -> dict[str, Any]:
    values = {
        "user": str(affiliate.user_id),
        "code": affiliate.code,
        "state": affiliate.state,
        "rate_percent": "",
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


def test_staff_give_a_rate_and_suspend(staff: Client, alice: Affiliate) -> None:
    save(staff, alice, rate_percent="12.50", state="suspended")
    assert (str(alice.rate), alice.is_active) == ("12.50", False)
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


@pytest.mark.parametrize("rate", ["-1", "100.01", "abc"])
def test_a_rate_is_a_percentage(staff: Client, alice: Affiliate, rate: str) -> None:
    assert "errornote" in save(staff, alice, rate_percent=rate)
    assert alice.rate_percent is None


def test_an_affiliate_is_found_by_address(staff: Client, alice: Affiliate) -> None:
    factories.affiliate("erin@example.com", "ERIN")
    page = staff.get("/admin/affiliates/affiliate/?q=ALICE@example.com").content.decode()
    assert "DEMO" in page
    assert "ERIN" not in page


def test_an_affiliate_is_not_deleted_by_hand(staff: Client, alice: Affiliate) -> None:
    assert staff.post(f"/admin/affiliates/affiliate/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Affiliate.objects.exists()
