"""A colleague decides about the money of staff who are affiliates; if nobody else can, it is audited."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.lifecycle import approve_commission
from affiliates.commissions.rates import set_rate
from affiliates.membership.account_state import reinstate_affiliate, suspend_affiliate
from affiliates.models import Affiliate, Application, Commission, Flag, LedgerEntry, PayoutRun, Rate
from affiliates.payouts.runs import approve_payout, prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from tests.affiliates.sales import approved_sale, sale
from tests.cast import signed_in

REFUSED = "This is your own account. A colleague has to decide."


@pytest.fixture
def own(alice: Affiliate) -> Client:
    """Alice's browser: she is an affiliate, and of the staff, who may do everything."""
    User.objects.filter(pk=alice.user_id).update(is_staff=True, is_superuser=True)
    return signed_in(alice.user)


def recorded() -> int:
    return AuditEntry.objects.filter(action="affiliates.account.decided_alone").count()


def approve_run(browser: Client, run: PayoutRun) -> str:
    return browser.post(f"/admin/affiliates/payoutrun/{run.pk}/approve/", follow=True).content.decode()


def test_staff_cannot_approve_run_that_pays_them(
    own: Client, staff: Client, alice: Affiliate, product: Product
) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=User.objects.get(email_index="bob@example.com"))
    assert REFUSED in approve_run(own, run)
    run.refresh_from_db()
    assert run.state == "prepared"


def test_only_approver_may_approve_own_payout_and_it_is_audited(
    own: Client, alice: Affiliate, product: Product
) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=alice.user)
    assert "being sent to PayPal" in approve_run(own, run)
    assert recorded() == 1


def press(browser: Client, action: str, commission: Commission) -> str:
    data = {"action": action, "_selected_action": [str(commission.pk)], "confirmed": "all", "reason": "for a reason"}
    return browser.post("/admin/affiliates/commission/", data, follow=True).content.decode()


@pytest.mark.parametrize(("action", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_staff_cannot_decide_own_commission(
    own: Client, staff: Client, alice: Affiliate, product: Product, action: str, state: str
) -> None:
    commission = sale(alice, product)
    assert f"0 {state}." in press(own, action, commission)
    with pytest.raises(ActionRefused):
        approve_commission(commission=commission, actor=User.objects.get(pk=alice.user_id))
    assert f"1 {state}." in press(staff, action, commission)
    commission.refresh_from_db()
    assert (commission.state, recorded()) == (state, 0)


@pytest.mark.parametrize("decision", ["clear", "confirm"])
def test_staff_cannot_decide_flag_on_own_sale(
    own: Client, staff: Client, alice: Affiliate, product: Product, decision: str
) -> None:
    flag = raise_flag(attribution=sale(alice, product).attribution, kind=Flag.Kind.SAME_EMAIL)
    answer = {"decision": decision, "reason": "all is well"}
    for browser, state in ((own, "open"), (staff, "cleared" if decision == "clear" else "confirmed")):
        page = browser.post(f"/admin/affiliates/flag/{flag.pk}/decide/", answer, follow=True).content.decode()
        assert (REFUSED in page) == (state == "open")
        flag.refresh_from_db()
        assert flag.state == state


def test_staff_cannot_adjust_own_balance(own: Client, staff: Client, alice: Affiliate) -> None:
    credit = {"code": "DEMO", "amount": "5.00", "currency": "USD", "reason": "a prize"}
    page = own.post("/admin/affiliates/ledgerentry/adjust/", credit, follow=True).content.decode()
    assert REFUSED in page and 'value="5.00"' in page
    assert not LedgerEntry.objects.exists()
    staff.post("/admin/affiliates/ledgerentry/adjust/", credit)
    assert LedgerEntry.objects.get().amount_minor == 500


def test_staff_cannot_change_own_rate_or_account_state(own: Client, bob: User, alice: Affiliate) -> None:
    alice.user.refresh_from_db()
    with pytest.raises(ActionRefused, match="own account"):
        set_rate(affiliate=alice, percent=Decimal(90), actor=alice.user)
    suspend_affiliate(affiliate=alice, reason="we look into it", actor=bob)
    with pytest.raises(ActionRefused, match="own account"):
        reinstate_affiliate(affiliate=alice, actor=alice.user)
    set_rate(affiliate=alice, percent=Decimal(40), actor=bob)
    reinstate_affiliate(affiliate=alice, actor=bob)


RATES = "/admin/affiliates/rate/"


@pytest.mark.parametrize("target", ["affiliate", "product", "the program"])
def test_staff_cannot_set_general_rate_that_covers_them(
    own: Client, staff: Client, alice: Affiliate, product: Product, target: str
) -> None:
    named = {"affiliate": {"affiliate": str(alice.pk)}, "product": {"product": str(product.pk)}}.get(target, {})
    rate = {"percent": "40", "currency": "USD", **named}
    assert REFUSED in own.post(f"{RATES}add/", rate, follow=True).content.decode()
    assert not Rate.objects.exists()
    assert REFUSED not in staff.post(f"{RATES}add/", rate, follow=True).content.decode()
    end = {"action": "end", "_selected_action": [str(Rate.objects.get().pk)]}
    assert REFUSED in own.post(RATES, end, follow=True).content.decode()  # without it more, or less, is earned
    assert Rate.objects.get().ends_at is None
    assert "1 ended" in staff.post(RATES, end, follow=True).content.decode()
    assert (Rate.objects.get().ends_at is not None, recorded()) == (True, 0)


def test_staff_affiliate_can_set_another_affiliates_rate(own: Client, staff: Client, erin: Affiliate) -> None:
    own.post(f"{RATES}add/", {"affiliate": str(erin.pk), "percent": "40", "currency": "USD"})
    assert Rate.objects.get().affiliate == erin


def test_only_member_of_staff_may_set_general_rate_and_it_is_audited(own: Client) -> None:
    own.post(f"{RATES}add/", {"percent": "40", "currency": "USD"})
    assert (str(Rate.objects.get().terms), recorded()) == ("40%", 1)
    own.post(RATES, {"action": "end", "_selected_action": [str(Rate.objects.get().pk)]})
    assert (Rate.objects.get().ends_at is not None, recorded()) == (True, 2)


@pytest.mark.parametrize("outcome", ["paid", "failed"])
def test_staff_cannot_record_own_manual_payment(
    own: Client, staff: Client, bob: User, alice: Affiliate, product: Product, outcome: str
) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=User.objects.get(pk=alice.user_id), method=PayoutRun.Method.CSV)
    approve_payout(run=run, actor=bob)
    answer = {"outcome": outcome, "paid_on": "2026-03-01", "reference": "T-1", "reason": "returned by the bank"}
    for browser, states in ((own, {"queued"}), (staff, {outcome})):
        page = browser.post(f"/admin/affiliates/payoutrun/{run.pk}/settle/", answer, follow=True).content.decode()
        assert (REFUSED in page) == (states == {"queued"})
        assert {item.state for item in run.items.all()} == states


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_staff_cannot_decide_own_application(staff: Client, bob: User, grace: User, decision: str) -> None:
    application = Application.objects.create(name="Bob", email="Bob+ads@example.com", website="https://bob.example")
    address = f"/admin/affiliates/application/{application.pk}/decide/{decision}/"
    page = staff.post(address, {"reason": "Not now."}, follow=True).content.decode()
    assert "This is your own application. A colleague has to decide." in page
    application.refresh_from_db()
    assert application.state == Application.State.OPEN
    signed_in(grace).post(address, {"reason": "Not now."})
    application.refresh_from_db()
    assert application.state == {"approve": "approved", "decline": "declined"}[decision]
