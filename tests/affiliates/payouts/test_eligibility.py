"""Eligibility is one rule: the same in the preview, at approval, at the first sending, and in the portal."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import clear_flag, raise_flag
from affiliates.membership.account_state import close_affiliate, reinstate_affiliate, suspend_affiliate
from affiliates.membership.payout_address import HOLD, apply_payout_email_changes, request_payout_email_change
from affiliates.models import Affiliate, Commission, Flag, PayoutItem, PayoutRun, TermsVersion
from affiliates.payouts.eligibility import Ineligibility
from affiliates.payouts.preview import preview_payout
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.terms.publishing import publish_terms
from tests import factories
from tests.affiliates.portal.pages import text_of
from tests.affiliates.sales import approved_sale, balance, follow_payout, refund
from tests.paypal_standin.receiver import eventually
from tests.standin_process import Standin
from tests.worker import run_due_tasks

Change = Callable[[Affiliate, User], object]
RUN = "/admin/affiliates/payoutrun/{}/{}"


def suspend(erin: Affiliate, bob: User) -> None:
    suspend_affiliate(affiliate=erin, reason="we look into your sales", actor=bob)


def hold(erin: Affiliate, bob: User) -> None:
    commission = Commission.objects.get(attribution__affiliate=erin)
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF, actor=bob)


def change_terms(erin: Affiliate, bob: User) -> None:
    version = TermsVersion.objects.create(number=2, text="New", changes="We pay twice.")
    with time_machine.travel(timezone.now(), tick=False):
        publish_terms(version=version, effective_from=timezone.now(), actor=bob)
    Affiliate.objects.exclude(pk=erin.pk).update(terms_version="2")


def take_address_away(erin: Affiliate, bob: User) -> None:
    pay_at(erin, None)


def name_alices_address(erin: Affiliate, bob: User) -> None:
    """Alice is paid before that, so that it concerns Erin alone."""
    pay_at(erin, "Frank@example.com")
    approved_sale(factories.affiliate("frank@example.com", "FRANK"), Product.objects.get())


def refund_it(erin: Affiliate, bob: User) -> None:
    refund(Commission.objects.get(attribution__affiliate=erin), "59.95")


def pay_at(affiliate: Affiliate, address: str | None) -> None:
    affiliate.refresh_from_db()
    affiliate.payout_email = address
    affiliate.save(update_fields=["payout_email"])


CHANGES: list[tuple[Change, Ineligibility]] = [
    (suspend, Ineligibility.SUSPENDED),
    (hold, Ineligibility.HELD),
    (change_terms, Ineligibility.TERMS),
    (take_address_away, Ineligibility.NO_ADDRESS),
    (lambda erin, bob: pay_at(erin, "erin at home"), Ineligibility.BAD_ADDRESS),
    (name_alices_address, Ineligibility.SHARED_ADDRESS),
    (refund_it, Ineligibility.MINIMUM),
]
each_change = pytest.mark.parametrize(("change", "reason"), CHANGES, ids=[reason.value for _, reason in CHANGES])


@pytest.fixture
def run(alice: Affiliate, erin: Affiliate, product: Product, bob: User) -> PayoutRun:
    """Prepared, for Alice and Erin, $17.99 each."""
    for affiliate in (alice, erin):
        approved_sale(affiliate, product)
    return prepare_payout(currency="USD", actor=bob)


def state_of(affiliate: Affiliate) -> tuple[str, str]:
    """Of the payout, and the account's balance, while the books are right."""
    assert first_difference(paypal_since=None) == ""
    return PayoutItem.objects.get(affiliate=affiliate).state, balance(affiliate)


def page_of(staff: Client, run: PayoutRun) -> str:
    return " ".join(staff.get(RUN.format(run.pk, "change/")).content.decode().split())


def approve(staff: Client, run: PayoutRun) -> str:
    return " ".join(staff.post(RUN.format(run.pk, "approve/"), follow=True).content.decode().split())


@each_change
def test_ineligible_affiliate_is_listed_before_approval_and_left_out(
    staff: Client,
    alice: Affiliate,
    erin: Affiliate,
    run: PayoutRun,
    bob: User,
    change: Change,
    reason: Ineligibility,
) -> None:
    assert "Will be left out" not in page_of(staff, run)
    change(erin, bob)
    before = page_of(staff, run)
    assert "Will be left out" in before and reason.label.replace("'", "&#x27;") in before and "ERIN" in before
    assert "Approve and send $17.99" in before
    after = approve(staff, run)
    assert f"Left out: Erin (ERIN), {reason.label}.".replace("'", "&#x27;") in after
    left_out = after.partition("<h2>Left out</h2>")[2].partition("<h2")[0]
    assert "ERIN" in left_out and reason.label.replace("'", "&#x27;") in left_out and "DEMO" not in left_out
    assert state_of(erin) == ("cancelled", "$0.00" if change is refund_it else "$17.99")
    assert state_of(alice) == ("queued", "$0.00")
    listed = staff.get("/admin/affiliates/payoutrun/").content.decode()
    assert '<td class="field-amount">$35.98</td><td class="field-sent">$17.99</td>' in listed
    assert AuditEntry.objects.filter(action="affiliates.payout.item_left_out").count() == 1


@each_change
def test_ineligible_affiliate_is_left_out_at_first_sending(
    alice: Affiliate,
    erin: Affiliate,
    run: PayoutRun,
    bob: User,
    paypal_down: None,
    change: Change,
    reason: Ineligibility,
) -> None:
    approve_payout(run=run, actor=bob)
    change(erin, bob)
    follow_open_payouts(now=timezone.now())
    assert state_of(erin)[0] == "cancelled"
    assert PayoutItem.objects.get(affiliate=erin).error == reason.words
    assert state_of(alice) == ("queued", "$0.00")
    assert run.batches.get().first_sent_at is not None


@each_change
def test_preview_and_portal_give_same_reason(
    erin: Affiliate, product: Product, bob: User, change: Change, reason: Ineligibility
) -> None:
    approved_sale(erin, product)
    assert "$17.99 ready" in text_of(erin.user)
    change(erin, bob)
    left_out = {one.affiliate: one.left_out for one in preview_payout(currency="USD").left_out}
    assert left_out.get(erin) is (None if reason is Ineligibility.MINIMUM else reason)
    erin.refresh_from_db()
    if reason is Ineligibility.TERMS:  # every page asks for the acceptance first
        return
    page = text_of(erin.user, "payouts/")
    assert "will be sent with the next payout run" not in page
    assert "another affiliate" not in page and "Frank" not in page
    words = "You need $10.00 in approved commissions" if reason is Ineligibility.MINIMUM else reason.words[1:]
    assert words in page


def test_shared_address_is_shown_as_unpayable_in_portal(erin: Affiliate, product: Product, bob: User) -> None:
    """Else whoever names an address learns whether it is an affiliate's."""
    approved_sale(erin, product)
    name_alices_address(erin, bob)
    shared = text_of(erin.user, "payouts/")
    pay_at(erin, "erin at home")
    assert text_of(erin.user, "payouts/") == shared
    assert "Payouts can't be sent to this PayPal address." in shared


def test_shared_address_is_paid_if_nothing_else_is_owed_there(
    alice: Affiliate, erin: Affiliate, product: Product
) -> None:
    pay_at(erin, "alice@example.com")
    approved_sale(alice, product)
    assert [one.affiliate for one in preview_payout(currency="USD").paid] == [alice]
    approved_sale(erin, product)
    assert preview_payout(currency="USD").paid == []


def test_closed_account_gets_final_payout(staff: Client, erin: Affiliate, run: PayoutRun, bob: User) -> None:
    close_affiliate(affiliate=erin, actor=erin.user)
    assert "Left out" not in approve(staff, run)
    assert state_of(erin) == ("queued", "$0.00")


def test_left_out_payout_is_paid_by_next_run(staff: Client, erin: Affiliate, run: PayoutRun, bob: User) -> None:
    hold(erin, bob)
    approve(staff, run)
    clear_flag(flag=Flag.objects.get(), reason="all is well", actor=bob)
    again = prepare_payout(currency="USD", actor=bob)
    assert [(item.affiliate, item.amount_minor) for item in again.items.all()] == [(erin, 1799)]
    assert first_difference(paypal_since=None) == ""


def test_run_without_eligible_payouts_is_canceled(
    staff: Client, alice: Affiliate, erin: Affiliate, run: PayoutRun, bob: User
) -> None:
    for affiliate in (alice, erin):
        suspend(affiliate, bob)
    assert "Nobody in this run may be paid now, so it was canceled" in approve(staff, run)
    run.refresh_from_db()
    assert (run.state, state_of(alice), state_of(erin)) == ("cancelled", *[("cancelled", "$17.99")] * 2)
    assert run_due_tasks() >= 0
    assert not PayoutItem.objects.exclude(state="cancelled").exists()


def test_payout_uses_address_in_effect_at_sending(
    erin: Affiliate, run: PayoutRun, bob: User, paypal_down: None
) -> None:
    request_payout_email_change(affiliate=erin, email="new@example.com", actor=erin.user)
    approve_payout(run=run, actor=bob)
    assert run.items.get(affiliate=erin).receiver == "erin@example.com"
    apply_payout_email_changes(now=timezone.now() + HOLD)
    follow_open_payouts(now=timezone.now())
    assert run.items.get(affiliate=erin).receiver == "new@example.com"


def test_payout_lines_never_change_after_first_sending(
    alice: Affiliate, erin: Affiliate, run: PayoutRun, bob: User, paypal_down: None
) -> None:
    """PayPal may have it, whatever it answered: releasing the money could pay it twice."""
    approve_payout(run=run, actor=bob)
    follow_open_payouts(now=timezone.now())
    suspend(erin, bob)
    pay_at(alice, "new@example.com")
    follow_open_payouts(now=timezone.now())
    assert state_of(erin) == ("queued", "$0.00")
    assert run.items.get(affiliate=alice).receiver == "alice@example.com"


@pytest.mark.slow
def test_unanswered_payout_of_suspended_affiliate_is_followed(
    alice: Affiliate, erin: Affiliate, run: PayoutRun, bob: User, paypal: Standin
) -> None:
    paypal.fault("drop_after_commit", path_contains="/v1/payments/payouts", times=1)
    approve_payout(run=run, actor=bob)
    run_due_tasks()
    suspend(erin, bob)
    follow_open_payouts(now=timezone.now())
    paypal.advance(5)

    def paid() -> bool:
        follow_payout(run=run)
        return not run.items.exclude(state="paid").exists()

    eventually(paid)
    assert state_of(erin) == state_of(alice) == ("paid", "$0.00")
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""


def test_payout_run_page_has_constant_query_count(staff: Client, product: Product, bob: User) -> None:
    def cost(size: int) -> int:
        for number in range(size):
            approved_sale(factories.affiliate(f"{size}-{number}@example.com", f"CODE{size}-{number}"), product)
        run = prepare_payout(currency="USD", actor=bob)
        Affiliate.objects.update(state="suspended")
        with CaptureQueriesContext(connection) as queries:
            assert page_of(staff, run).count("the account is suspended") == size
        Affiliate.objects.update(state="active")
        return len(queries)

    cost(1)
    assert cost(2) == cost(6)


# --- Runs that a person pays from a list ------


@pytest.fixture
def by_hand(alice: Affiliate, erin: Affiliate, product: Product, bob: User) -> PayoutRun:
    """Approved, for Alice and Erin, $17.99 each; the list is not made yet."""
    for affiliate in (alice, erin):
        approved_sale(affiliate, product)
    run = prepare_payout(currency="USD", actor=bob, method=PayoutRun.Method.CSV)
    approve_payout(run=run, actor=bob)
    return run


def listed(staff: Client, run: PayoutRun) -> set[str]:
    answer = staff.post(RUN.format(run.pk, "payouts.csv"))
    return {row["receiver"] for row in csv.DictReader(StringIO(answer.getvalue().decode()))}


def test_first_manual_list_excludes_ineligible_and_uses_current_addresses(
    staff: Client, alice: Affiliate, erin: Affiliate, by_hand: PayoutRun, bob: User
) -> None:
    suspend(erin, bob)
    pay_at(alice, "new@example.com")
    assert "Will be left out" in page_of(staff, by_hand)
    assert listed(staff, by_hand) == {"new@example.com"}
    page = page_of(staff, by_hand)
    assert "Left out of the list: Erin (ERIN), the account is suspended." in page
    assert state_of(erin) == ("cancelled", "$17.99")


def test_repeated_manual_list_keeps_addresses_and_drops_ineligible(
    staff: Client, alice: Affiliate, erin: Affiliate, by_hand: PayoutRun, bob: User
) -> None:
    assert listed(staff, by_hand) == {"alice@example.com", "erin@example.com"}
    pay_at(alice, "new@example.com")
    suspend(erin, bob)
    assert listed(staff, by_hand) == {"alice@example.com"}
    assert "Don't pay these" in page_of(staff, by_hand)
    assert state_of(erin) == ("queued", "$0.00")  # a person may have paid it from the first list


def test_settling_whole_run_skips_ineligible_payouts(
    staff: Client, alice: Affiliate, erin: Affiliate, by_hand: PayoutRun, bob: User
) -> None:
    listed(staff, by_hand)
    suspend(erin, bob)
    paid = {"outcome": "paid", "paid_on": "2026-03-01", "reference": "BANK-7"}
    page = staff.get(RUN.format(by_hand.pk, "settle/")).content.decode()
    assert "Not to be paid" in page and "the account is suspended" in page
    assert "1 marked as paid" in staff.post(RUN.format(by_hand.pk, "settle/"), paid, follow=True).content.decode()
    assert (state_of(alice)[0], state_of(erin)[0]) == ("paid", "queued")
    item = by_hand.items.get(affiliate=erin)
    staff.post(f"/admin/affiliates/payoutitem/{item.pk}/settle/", paid)
    by_hand.refresh_from_db()
    assert (state_of(erin), by_hand.state) == (("paid", "$0.00"), "finished")
    reinstate_affiliate(affiliate=Affiliate.objects.get(pk=erin.pk), actor=bob)
