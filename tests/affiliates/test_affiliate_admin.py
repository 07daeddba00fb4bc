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
