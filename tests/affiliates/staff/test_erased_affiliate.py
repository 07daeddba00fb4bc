"""After an erasure nobody could find a text again to delete it: staff can decide, but write nothing of the person."""

from __future__ import annotations

import pytest
from django.test import Client

from affiliates.commissions.flags import raise_flag
from affiliates.commissions.objections import open_objection
from affiliates.models import Affiliate, Commission, Flag, Objection
from privacy.erasure.erase import erase_person
from shop.models import Product
from tests.affiliates.sales import sale
from tests.staff_pages import Page

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")
LIST = "/admin/affiliates/commission/"
REFUSAL = "This person's data was deleted, so no text about them is kept."
TYPED = "Alice Liddell wrote again."


@pytest.fixture
def commission(alice: Affiliate, product: Product) -> Commission:
    """Of an erased affiliate."""
    commission = sale(alice, product)
    open_objection(commission=commission, text="Too little.", actor=alice.user)
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.SAME_PAYER)
    erase_person(email="alice@example.com")
    return commission


def test_commission_is_rejected_with_the_set_reason_only(staff: Client, commission: Commission) -> None:
    page = f"{LIST}{commission.pk}/reject/"
    assert REFUSAL in Page(staff, page).submit(reason=TYPED).text
    commission.refresh_from_db()
    assert (commission.state, commission.reason, Flag.objects.get().reason) == ("pending", None, None)
    Page(staff, page).submit(reason="data deleted")
    commission.refresh_from_db()
    assert (commission.state, commission.reason, Flag.objects.get().state) == ("rejected", "data deleted", "confirmed")


@pytest.mark.parametrize("action", ["hold", "clear", "reject"])
def test_list_of_commissions_refuses_a_text_as_well(staff: Client, commission: Commission, action: str) -> None:
    data = {"action": action, "_selected_action": [str(commission.pk)], "reason": TYPED, "confirmed": "all"}
    page = Page(staff, LIST, staff.post(LIST, data, follow=True))
    assert REFUSAL in page.text
    assert not [flag for flag in Flag.objects.all() if flag.reason]
    assert Commission.objects.get().state == "pending"


def test_objection_is_answered_with_the_set_text_only(staff: Client, commission: Commission) -> None:
    page = f"/admin/affiliates/objection/{Objection.objects.get().pk}/answer/"
    assert REFUSAL in Page(staff, page).submit(upheld="no", answer=TYPED).text
    assert Objection.objects.get().answer is None
    Page(staff, page).submit(upheld="no", answer="Data deleted")
    assert Objection.objects.get().state == "declined"
