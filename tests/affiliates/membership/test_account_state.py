"""Staff suspend, reinstate and close accounts, each with a reason for the affiliate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from affiliates.membership.account_state import reinstate_affiliate, suspend_affiliate
from affiliates.models import Affiliate
from affiliates.payouts.runs import prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from tests.affiliates.sales import approved_sale
from tests.cast import signed_in

Work = Callable[[], int]

REASON = "Your site sends unsolicited mail."


def step(affiliate: Affiliate, slug: str) -> str:
    return f"/admin/affiliates/affiliate/{affiliate.pk}/standing/{slug}/"


def test_suspending_requires_reason_and_emails_it(staff: Client, alice: Affiliate, bob: User, work: Work) -> None:
    assert "Suspend…" in staff.get(f"/admin/affiliates/affiliate/{alice.pk}/change/").content.decode()
    assert "Please enter a reason" in staff.post(step(alice, "suspend"), {"reason": " "}).content.decode()
    staff.post(step(alice, "suspend"), {"reason": REASON})
    alice.refresh_from_db()
    assert (alice.state, alice.state_reason) == ("suspended", REASON)
    work()
    assert REASON in str(mail.outbox[-1].body)
    entry = AuditEntry.objects.get(action="affiliates.account.suspended")
    assert (entry.object_id, entry.actor) == (str(alice.pk), bob.pk)


def test_suspended_affiliate_sees_reason_and_earns_nothing(
    staff: Client, alice: Affiliate, bob: User, product: Product
) -> None:
    approved_sale(alice, product)
    suspend_affiliate(affiliate=alice, reason=REASON, actor=bob)
    browser = signed_in(alice.user)
    assert REASON in browser.get("/affiliates/portal/profile/").content.decode()
    assert not Client().get("/go/DEMO/").cookies
    with pytest.raises(ActionRefused):
        prepare_payout(currency="USD", actor=bob)


def test_reinstated_affiliate_earns_again(
    staff: Client, alice: Affiliate, bob: User, product: Product, work: Work
) -> None:
    approved_sale(alice, product)
    suspend_affiliate(affiliate=alice, reason=REASON, actor=bob)
    staff.post(step(alice, "reinstate"))
    alice.refresh_from_db()
    assert (alice.state, alice.state_reason) == ("active", None)
    work()
    assert mail.outbox[-1].subject == "Your affiliate account is reinstated"
    assert prepare_payout(currency="USD", actor=bob)


def test_staff_close_account_with_reason(staff: Client, alice: Affiliate, work: Work) -> None:
    assert "Please enter a reason" in staff.post(step(alice, "close"), {"reason": ""}).content.decode()
    staff.post(step(alice, "close"), {"reason": REASON})
    alice.refresh_from_db()
    assert alice.state == "closed"
    work()
    assert REASON in str(mail.outbox[-1].body)
    page = staff.post(step(alice, "reinstate"), follow=True).content.decode()
    assert "This account is closed." in page


def test_invalid_account_state_change_is_refused(alice: Affiliate, bob: User) -> None:
    with pytest.raises(ActionRefused, match="This account is active"):
        reinstate_affiliate(affiliate=alice, actor=bob)


def test_account_state_change_requires_permission(alice: Affiliate, vera: User) -> None:
    client = signed_in(vera)
    assert client.post(step(alice, "suspend"), {"reason": REASON}).status_code == 403
    alice.refresh_from_db()
    assert alice.is_active


def test_unknown_account_action_is_not_found(staff: Client, alice: Affiliate) -> None:
    assert staff.get(step(alice, "delete")).status_code == 404
