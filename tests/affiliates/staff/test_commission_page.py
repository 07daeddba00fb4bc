"""Deciding a commission: early only on purpose, one decision per order, never unseen, and with buttons on its page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.models import Affiliate, Commission, Flag
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from shop.models import Product
from tests.accounts.test_roles import member
from tests.affiliates.sales import approved_sale, balance, sale
from tests.cast import signed_in
from tests.staff_pages import Page

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")
LIST = "/admin/affiliates/commission/"


def open_page(staff: Client, commission: Commission, action: str = "change") -> Page:
    return Page(staff, f"{LIST}{commission.pk}/{action}/")


def ask_to_approve(staff: Client, *commissions: Commission) -> Page:
    data = {"action": "approve", "_selected_action": [str(each.pk) for each in commissions]}
    return Page(staff, LIST, staff.post(LIST, data))


def state_of(commission: Commission) -> str:
    commission.refresh_from_db()
    return str(commission.state)


@pytest.fixture
def old_and_new(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> tuple[Commission, Commission]:
    """One past its hold, one within the buyer's 30 days."""
    old = sale(alice, product)
    clock.shift(timedelta(days=31))
    staff.force_login(bob)
    return old, sale(alice, product)


@pytest.mark.parametrize(("value", "states"), [("due", ("approved", "pending")), ("all", ("approved", "approved"))])
def test_early_approval_is_asked_for_and_the_default_leaves_it_out(
    staff: Client, old_and_new: tuple[Commission, Commission], value: str, states: tuple[str, str]
) -> None:
    page = ask_to_approve(staff, *old_and_new)
    assert "1 of these ($17.99) is within the buyers’ 30 days." in page.text
    default, every = page.soup.select("#content form button")
    assert "only the 1 past its hold ($17.99)" in " ".join(default.get_text().split())
    assert "default" in default["class"] and "default" not in every["class"]
    assert "all 2 now ($35.98)" in " ".join(every.get_text().split())
    page.submit(confirmed=value, _selected_action=[str(each.pk) for each in old_and_new])
    assert tuple(state_of(each) for each in old_and_new) == states


def test_approval_without_early_ones_asks_nothing_more(
    staff: Client, old_and_new: tuple[Commission, Commission]
) -> None:
    page = ask_to_approve(staff, old_and_new[0])
    assert "within the buyers" not in page.text
    assert "Yes, approve 1 ($17.99)" in page.text


def test_unknown_confirmation_approves_nothing(staff: Client, old_and_new: tuple[Commission, Commission]) -> None:
    keys = [str(each.pk) for each in old_and_new]
    ask_to_approve(staff, *old_and_new).submit(confirmed="yes", _selected_action=keys)
    assert {state_of(each) for each in old_and_new} == {"pending"}


def test_commission_page_approves_with_the_early_warning(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    assert "Approve…" in open_page(staff, commission).text
    page = open_page(staff, commission, "approve")
    assert "The buyer may still return the product" in page.text
    assert "Alice (DEMO)" in page.text
    assert "Approved: $17.99 for" in page.submit().text
    assert (state_of(commission), balance(alice)) == ("approved", "$17.99")


def test_commission_is_held_with_a_reason_and_released(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    page = open_page(staff, commission, "hold")
    assert "This field is required" in page.submit(reason=" ").text
    assert not Flag.objects.exists()
    page.submit(reason="asked the buyer")
    page = open_page(staff, commission)
    assert "a member of staff wants to review it: asked the buyer" in page.text
    assert "Approve…" not in page.text and "Hold…" not in page.text
    open_page(staff, commission, "release").submit(reason="the buyer wrote back")
    assert not Flag.objects.open().exists()
    assert "Approve…" in open_page(staff, commission).text


def test_one_decision_closes_all_flags_of_the_order(staff: Client, alice: Affiliate, product: Product) -> None:
    commission, other = sale(alice, product), sale(alice, product)
    kinds = (Flag.Kind.SAME_PAYER, Flag.Kind.REFUND_RATE, Flag.Kind.SAME_EMAIL)
    flags = [raise_flag(attribution=commission.attribution, kind=kind) for kind in kinds]
    raise_flag(attribution=other.attribution, kind=Flag.Kind.SAME_PAYER)
    page = Page(staff, f"/admin/affiliates/flag/{flags[1].pk}/decide/")
    for flag in flags:
        assert flag.get_kind_display() in page.text
    assert "3 flags are closed" in page.submit(decision="confirm", reason="bought by herself").text
    assert {flag.state for flag in commission.attribution.flags.all()} == {"confirmed"}
    assert (state_of(commission), commission.reason) == ("rejected", "bought by herself")
    assert other.attribution.flags.open().count() == 1


def test_flag_raised_since_the_page_was_opened_is_not_decided_unseen(
    staff: Client, alice: Affiliate, product: Product
) -> None:
    commission = sale(alice, product)
    flag = raise_flag(attribution=commission.attribution, kind=Flag.Kind.REFUND_RATE)
    pages = [
        Page(staff, f"/admin/affiliates/flag/{flag.pk}/decide/"),
        open_page(staff, commission, "release"),
    ]
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.SAME_PAYER)
    for page in pages:
        assert page.submit(decision="clear", reason="fine").status == 409
    assert Flag.objects.open().count() == 2


def test_rejecting_on_the_page_closes_the_flags(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.SAME_PAYER)
    open_page(staff, commission, "reject").submit(reason="bought by herself")
    assert (state_of(commission), Flag.objects.open().count()) == ("rejected", 0)


def test_held_twice_keeps_the_first_reason(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    page = open_page(staff, commission, "hold")
    page.submit(reason="first")
    assert "on hold" in open_page(staff, commission, "hold").text or "is pending" in page.submit(reason="second").text
    assert Flag.objects.get().reason == "first"


@pytest.mark.parametrize("action", ["approve", "reject", "hold", "release"])
def test_buttons_are_not_shown_to_finance_and_refused(alice: Affiliate, product: Product, action: str) -> None:
    commission = approved_sale(alice, product) if action == "release" else sale(alice, product)
    finance = signed_in(member(Role.FINANCE))
    page = open_page(finance, commission)
    assert page.status == 200
    assert action.capitalize() + "…" not in page.text
    assert finance.post(f"{LIST}{commission.pk}/{action}/", {"reason": "x"}).status_code == 403


def test_own_commission_is_left_to_a_colleague(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    User.objects.filter(pk=alice.user_id).update(is_staff=True, is_superuser=True)
    own = signed_in(User.objects.get(pk=alice.user_id))
    refusal = "This is your own account. A colleague has to decide."
    assert refusal in open_page(own, commission, "approve").submit().text
    assert refusal in open_page(own, commission, "reject").submit(reason="x").text
    assert state_of(commission) == "pending"


def test_lists_name_affiliates_in_one_audit_entry(
    staff: Client, alice: Affiliate, product: Product, django_assert_max_num_queries: Any
) -> None:
    raise_flag(attribution=sale(alice, product).attribution, kind=Flag.Kind.SAME_PAYER)
    for model in ("commission", "flag", "affiliate", "ledgerentry", "payoutitem", "objection"):
        before = AuditEntry.objects.filter(action="privacy.staff.listed").count()
        page = staff.get(f"/admin/affiliates/{model}/").content.decode()
        assert AuditEntry.objects.filter(action="privacy.staff.listed").count() == before + 1
        if model in {"commission", "flag", "affiliate"}:
            assert "Alice" in page


def test_affiliate_is_found_by_a_word_of_the_name(staff: Client, alice: Affiliate, erin: Affiliate) -> None:
    page = staff.get("/admin/affiliates/affiliate/", {"q": "aLi"}).content.decode()
    assert "Alice" in page and "ERIN" not in page
    assert AuditEntry.objects.filter(action="privacy.staff.search", object_model="affiliates.affiliate").exists()
    staff.get("/admin/affiliates/affiliate/", {"q": "x" * 10_000})
