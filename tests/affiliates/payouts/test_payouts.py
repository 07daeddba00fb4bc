"""A payout run: claims what is due once, is approved by a second person, and sums to zero."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutClaim, PayoutItem, PayoutRun
from affiliates.payouts.runs import approve_payout, cancel_payout, prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, balance, refund, sale
from tests.cast import signed_in, superuser


def prepare(bob: User) -> PayoutRun:
    return prepare_payout(currency="USD", actor=bob)


def test_run_claims_everything_due(alice: Affiliate, product: Product, bob: User) -> None:
    first, second, pending = approved_sale(alice, product), approved_sale(alice, product), sale(alice, product)
    item = prepare(bob).items.get()
    assert (item.affiliate, str(item.total), item.receiver) == (alice, "$35.98", "alice@example.com")
    states = dict(Commission.objects.values_list("pk", "state"))
    assert states == {first.pk: "in_payout", second.pk: "in_payout", pending.pk: "pending"}
    assert balance(alice) == "$0.00"


def test_claimed_entries_of_payout_sum_to_zero(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    approved_sale(alice, product)
    refund(commission, "20.00")
    item = prepare(bob).items.get()
    claimed = [claim.entry.amount_minor for claim in item.claims.all()]
    assert len(claimed) == 4  # two commissions, what was taken back, and the payout itself
    assert sum(claimed) == 0
    assert not LedgerEntry.objects.unclaimed().exists()


def test_second_run_finds_nothing_due(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare(bob)
    with pytest.raises(ActionRefused, match="Nobody has"):
        prepare(bob)
    assert PayoutRun.objects.count() == 1


@pytest.mark.parametrize(("minimum", "paid"), [(1799, True), (1800, False)])
def test_run_leaves_out_amount_below_minimum(
    alice: Affiliate, product: Product, bob: User, settings: Settings, minimum: int, paid: bool
) -> None:
    settings.AFFILIATE_MINIMUM_PAYOUT_CENTS = minimum
    approved_sale(alice, product)
    if paid:
        assert str(prepare(bob).open_total) == "$17.99"
        return
    with pytest.raises(ActionRefused, match=r"\$18\.00"):
        prepare(bob)
    assert balance(alice) == "$17.99"


def test_run_pays_each_affiliate_own_amount(alice: Affiliate, product: Product, bob: User, erin: Affiliate) -> None:
    approved_sale(alice, product)
    approved_sale(erin, product, "100.00")
    run = prepare(bob)
    assert {(item.affiliate.code, item.amount_minor) for item in run.items.all()} == {("DEMO", 1799), ("ERIN", 3000)}
    assert str(run.open_total) == "$47.99"


@pytest.mark.parametrize("changes", [{"state": "suspended"}, {"state": "closed"}])
def test_suspended_affiliate_is_not_paid(
    alice: Affiliate, product: Product, bob: User, changes: dict[str, str]
) -> None:
    approved_sale(alice, product)
    Affiliate.objects.update(**changes)
    with pytest.raises(ActionRefused):
        prepare(bob)
    assert balance(alice) == "$17.99"


def test_affiliate_without_paypal_address_is_not_paid(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    alice.payout_email = None
    alice.save()
    with pytest.raises(ActionRefused, match="a valid PayPal address"):
        prepare(bob)


def test_large_run_is_split_into_paypal_batches(
    alice: Affiliate, product: Product, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affiliates.payouts.runs.BATCH_SIZE", 2)
    others = [factories.affiliate(f"{name}@example.com", name.upper()) for name in ("erin", "frank")]
    for affiliate in (alice, *others):
        approved_sale(affiliate, product)
    run = prepare(bob)
    assert sorted(batch.items.count() for batch in run.batches.all()) == [1, 2]
    assert len({batch.sender_batch_id for batch in run.batches.all()}) == 2
    assert run.items.count() == 3


def test_preparing_run_has_constant_query_count(product: Product, bob: User) -> None:
    costs = []
    for size in (2, 12):
        for number in range(size):
            approved_sale(factories.affiliate(f"{size}-{number}@example.com", f"CODE{size}-{number}"), product)
        with CaptureQueriesContext(connection) as queries:
            assert prepare(bob).items.count() == size
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_ledger_entry_is_claimed_once_by_concurrent_runs(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare(bob)
    claim = PayoutClaim.objects.first()
    assert claim is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutClaim.objects.create(entry=claim.entry, payout=claim.payout)


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_runs_pay_once(alice: Affiliate, product: Product, bob: User) -> None:
    for _ in range(3):
        approved_sale(alice, product)
    start, refusals = threading.Barrier(4), []

    def race() -> None:
        try:
            start.wait()
            prepare(bob)
        except ActionRefused as refusal:
            refusals.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 3
    assert [item.amount_minor for item in PayoutItem.objects.all()] == [3 * 1799]
    assert balance(alice) == "$0.00"


def test_run_requires_second_member_of_staff(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare(bob)
    colleague = superuser("vera@example.com")
    with pytest.raises(ActionRefused, match="colleague"):
        approve_payout(run=run, actor=bob)
    approve_payout(run=run, actor=colleague)
    run.refresh_from_db()
    assert (run.state, run.prepared_by, run.approved_by) == ("approved", bob, colleague)


def test_only_member_of_staff_approves_alone(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    factories.user("gone@example.com", is_staff=True, is_active=False)
    run = prepare(bob)
    approve_payout(run=run, actor=bob)
    run.refresh_from_db()
    assert run.prepared_by == run.approved_by == bob


def test_run_is_approved_once(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare(bob)
    approve_payout(run=run, actor=bob)
    with pytest.raises(ActionRefused, match="not waiting for approval"):
        approve_payout(run=run, actor=bob)


def test_canceled_run_releases_all_money(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    run = prepare(bob)
    cancel_payout(run=run)
    run.refresh_from_db()
    commission.refresh_from_db()
    assert (run.state, commission.state) == ("cancelled", "approved")
    assert balance(alice) == "$17.99"
    with pytest.raises(ActionRefused):
        cancel_payout(run=run)
    with pytest.raises(ActionRefused):
        approve_payout(run=run, actor=bob)
    assert balance(alice) == "$17.99"
    again = prepare(bob).items.get()
    assert str(again.total) == "$17.99"
    assert set(again.commissions()) == {commission}


def test_approved_run_cannot_be_canceled(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare(bob)
    approve_payout(run=run, actor=bob)
    with pytest.raises(ActionRefused, match="Only a run that waits"):
        cancel_payout(run=run)


def test_negative_balance_is_carried_over(alice: Affiliate, product: Product, bob: User) -> None:
    paid = approved_sale(alice, product)
    prepare(bob)
    refund(paid, "59.95")
    assert balance(alice) == "-$17.99"
    with pytest.raises(ActionRefused):
        prepare(bob)
    approved_sale(alice, product, "100.00")
    item = prepare(bob).items.get()
    assert str(item.total) == "$12.01"
    assert balance(alice) == "$0.00"


def test_staff_prepare_approve_and_cancel_run(staff: Client, alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    page = staff.post("/admin/affiliates/payoutrun/prepare/", follow=True).content.decode()
    assert "Nothing is sent until the run is approved" in page
    assert "$17.99" in page
    first = PayoutRun.objects.get()
    page = staff.post(f"/admin/affiliates/payoutrun/{first.pk}/cancel/", follow=True).content.decode()
    assert "The money is due again" in page
    staff.post("/admin/affiliates/payoutrun/prepare/")
    second = PayoutRun.objects.exclude(pk=first.pk).get()
    page = staff.post(f"/admin/affiliates/payoutrun/{second.pk}/approve/", follow=True).content.decode()
    assert "being sent to PayPal" in page
    page = staff.post(f"/admin/affiliates/payoutrun/{second.pk}/approve/", follow=True).content.decode()
    assert "This run is not waiting for approval" in page


def test_refused_run_shows_message(staff: Client) -> None:
    page = staff.post("/admin/affiliates/payoutrun/prepare/", follow=True).content.decode()
    assert "Nobody has $10.00 or more due" in page


def test_run_actions_require_post_and_permission(
    staff: Client, client: Client, alice: Affiliate, product: Product, vera: User
) -> None:
    approved_sale(alice, product)
    assert staff.get("/admin/affiliates/payoutrun/prepare/").status_code == 405
    client.force_login(vera)
    assert client.post("/admin/affiliates/payoutrun/prepare/").status_code == 403
    assert Client().post("/admin/affiliates/payoutrun/prepare/").status_code == 302
    assert not PayoutRun.objects.exists()


# --- The run's page ---------------------------------------------------------------------------------------------------
def page_of(browser: Client, run: PayoutRun) -> str:
    return " ".join(browser.get(f"/admin/affiliates/payoutrun/{run.pk}/change/").content.decode().split())


def test_run_page_lists_payees_before_its_button(
    staff: Client, alice: Affiliate, product: Product, grace: User
) -> None:
    approved_sale(alice, product)
    run = prepare(grace)
    page = page_of(staff, run)
    assert page.index("Alice (DEMO)") < page.index("alice@example.com") < page.index("Approve and send $17.99")
    assert "Approve and send $17.99 to 1 affiliate <" in page
    assert AuditEntry.objects.filter(action="privacy.staff.read", object_id=str(run.pk)).exists()
    assert "1 affiliate, $17.99" in staff.get("/admin/affiliates/payoutrun/").content.decode()


def test_preparer_sees_who_can_approve_instead_of_the_button(
    staff: Client, alice: Affiliate, product: Product, bob: User, grace: User, vera: User
) -> None:
    approved_sale(alice, product)
    run = prepare(bob)
    page = page_of(staff, run)
    assert "You prepared this run, so a colleague has to approve it: <strong>grace@example.com</strong>." in page
    assert "Approve and send" not in page
    assert "Cancel this run" in page
    assert "vera@example.com" not in page
    assert "Approve and send $17.99" in page_of(signed_in(grace), run)


def test_only_person_who_may_approve_is_told_that_it_is_recorded(
    staff: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product)
    page = page_of(staff, prepare(bob))
    assert "You prepared this run, and nobody else may approve it." in page
    assert "Approve and send $17.99" in page


def test_payee_does_not_see_the_button_of_the_run_that_pays_them(
    staff: Client, alice: Affiliate, product: Product, grace: User
) -> None:
    approved_sale(alice, product)
    run = prepare(grace)
    User.objects.filter(pk=alice.user_id).update(is_staff=True, is_superuser=True)
    page = page_of(signed_in(User.objects.get(pk=alice.user_id)), run)
    assert "This run pays your own account" in page
    assert "Approve and send" not in page


def test_changed_address_is_named_before_approval(
    staff: Client, alice: Affiliate, product: Product, grace: User
) -> None:
    approved_sale(alice, product)
    run = prepare(grace)
    alice.payout_email = "new@example.com"
    alice.save()
    page = page_of(staff, run)
    assert "new@example.com (changed since the run was prepared)" in page


def test_run_page_has_constant_query_count(staff: Client, product: Product, grace: User) -> None:
    costs = []
    for size in (2, 8):
        for number in range(size):
            approved_sale(factories.affiliate(f"{size}-{number}@example.com", f"CODE{size}-{number}"), product)
        run = prepare(grace)
        page_of(staff, run)
        with CaptureQueriesContext(connection) as queries:
            page_of(staff, run)
        costs.append(len(queries))
    assert costs[0] == costs[1]
