"""A payout run: what is due is claimed once, checked by a second person, and closed to zero."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutBatch, PayoutClaim, PayoutItem
from affiliates.payouts.runs import approve_payout, cancel_payout, prepare_payout
from privacy.admin_base.refusals import ActionRefused
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, balance, refund, sale


def prepare(bob: User) -> PayoutBatch:
    return prepare_payout(currency="USD", actor=bob)


def test_it_takes_up_everything_that_is_due(alice: Affiliate, product: Product, bob: User) -> None:
    first, second, pending = approved_sale(alice, product), approved_sale(alice, product), sale(alice, product)
    item = prepare(bob).items.get()
    assert (item.affiliate, str(item.total), item.receiver) == (alice, "35.98 USD", "alice@example.com")
    states = dict(Commission.objects.values_list("pk", "state"))
    assert states == {first.pk: "in_payout", second.pk: "in_payout", pending.pk: "pending"}
    assert balance(alice) == "0.00 USD"


def test_the_ledger_lines_of_a_payout_sum_to_zero(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    approved_sale(alice, product)
    refund(commission, "20.00")
    item = prepare(bob).items.get()
    claimed = [claim.entry.amount_minor for claim in item.claims.all()]
    assert len(claimed) == 4  # two commissions, what was taken back, and the payout itself
    assert sum(claimed) == 0
    assert not LedgerEntry.objects.unclaimed().exists()


def test_a_second_run_finds_nothing(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare(bob)
    with pytest.raises(ActionRefused, match="Nobody has"):
        prepare(bob)
    assert PayoutBatch.objects.count() == 1


@pytest.mark.parametrize(("minimum", "paid"), [(1799, True), (1800, False)])
def test_less_than_the_minimum_waits(
    alice: Affiliate, product: Product, bob: User, settings: Settings, minimum: int, paid: bool
) -> None:
    settings.AFFILIATE_MINIMUM_PAYOUT_CENTS = minimum
    approved_sale(alice, product)
    if paid:
        assert str(prepare(bob).open_total) == "17.99 USD"
        return
    with pytest.raises(ActionRefused, match="18.00 USD"):
        prepare(bob)
    assert balance(alice) == "17.99 USD"


def test_each_affiliate_gets_his_own(alice: Affiliate, product: Product, bob: User) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN")
    approved_sale(alice, product)
    approved_sale(erin, product, "100.00")
    batch = prepare(bob)
    assert {(item.affiliate.code, item.amount_minor) for item in batch.items.all()} == {("DEMO", 1799), ("ERIN", 3000)}
    assert str(batch.open_total) == "47.99 USD"


@pytest.mark.parametrize("changes", [{"state": "suspended"}, {"state": "closed"}])
def test_a_suspended_affiliate_is_not_paid(
    alice: Affiliate, product: Product, bob: User, changes: dict[str, str]
) -> None:
    approved_sale(alice, product)
    Affiliate.objects.update(**changes)
    with pytest.raises(ActionRefused):
        prepare(bob)
    assert balance(alice) == "17.99 USD"


def test_without_a_paypal_address_nothing_is_paid(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    alice.payout_email = None
    alice.save()
    with pytest.raises(ActionRefused, match="a valid PayPal address"):
        prepare(bob)


def test_more_than_paypal_takes_at_once_goes_in_several_parcels(
    alice: Affiliate, product: Product, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affiliates.payouts.runs.PARCEL", 2)
    others = [factories.affiliate(f"{name}@example.com", name.upper()) for name in ("erin", "frank")]
    for affiliate in (alice, *others):
        approved_sale(affiliate, product)
    batch = prepare(bob)
    assert sorted(parcel.items.count() for parcel in batch.parcels.all()) == [1, 2]
    assert len({parcel.sender_batch_id for parcel in batch.parcels.all()}) == 2
    assert batch.items.count() == 3


def test_twelve_affiliates_cost_as_many_queries_as_two(product: Product, bob: User) -> None:
    costs = []
    for size in (2, 12):
        for number in range(size):
            approved_sale(factories.affiliate(f"{size}-{number}@example.com", f"CODE{size}-{number}"), product)
        with CaptureQueriesContext(connection) as queries:
            assert prepare(bob).items.count() == size
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_line_is_claimed_once_whoever_races(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare(bob)
    claim = PayoutClaim.objects.first()
    assert claim is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutClaim.objects.create(entry=claim.entry, payout=claim.payout)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_pay_once(alice: Affiliate, product: Product, bob: User) -> None:
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
    assert balance(alice) == "0.00 USD"


def test_a_second_member_of_staff_has_to_approve(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare(bob)
    colleague = factories.user("vera@example.com", is_staff=True, is_superuser=True)
    with pytest.raises(ActionRefused, match="colleague"):
        approve_payout(batch=batch, actor=bob)
    approve_payout(batch=batch, actor=colleague)
    batch.refresh_from_db()
    assert (batch.state, batch.prepared_by, batch.approved_by) == ("approved", bob, colleague)


def test_the_only_member_of_staff_approves_alone(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    factories.user("gone@example.com", is_staff=True, is_active=False)
    batch = prepare(bob)
    approve_payout(batch=batch, actor=bob)
    batch.refresh_from_db()
    assert batch.prepared_by == batch.approved_by == bob


def test_it_is_approved_once(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare(bob)
    approve_payout(batch=batch, actor=bob)
    with pytest.raises(ActionRefused, match="not waiting for approval"):
        approve_payout(batch=batch, actor=bob)


def test_a_cancelled_run_gives_everything_back(alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    batch = prepare(bob)
    cancel_payout(batch=batch)
    batch.refresh_from_db()
    commission.refresh_from_db()
    assert (batch.state, commission.state) == ("cancelled", "approved")
    assert balance(alice) == "17.99 USD"
    with pytest.raises(ActionRefused):
        cancel_payout(batch=batch)
    with pytest.raises(ActionRefused):
        approve_payout(batch=batch, actor=bob)
    assert balance(alice) == "17.99 USD"
    again = prepare(bob).items.get()
    assert str(again.total) == "17.99 USD"
    assert set(again.commissions()) == {commission}


def test_an_approved_run_cannot_be_cancelled(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare(bob)
    approve_payout(batch=batch, actor=bob)
    with pytest.raises(ActionRefused, match="Only a run that waits"):
        cancel_payout(batch=batch)


def test_a_negative_balance_is_carried_over(alice: Affiliate, product: Product, bob: User) -> None:
    paid = approved_sale(alice, product)
    prepare(bob)
    refund(paid, "59.95")
    assert balance(alice) == "-17.99 USD"
    with pytest.raises(ActionRefused):
        prepare(bob)
    approved_sale(alice, product, "100.00")
    item = prepare(bob).items.get()
    assert str(item.total) == "12.01 USD"
    assert balance(alice) == "0.00 USD"


def test_staff_prepare_approve_and_cancel_by_buttons(staff: Client, alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    page = staff.post("/admin/affiliates/payoutbatch/prepare/", follow=True).content.decode()
    assert "Nothing is sent until the run is approved" in page
    assert "17.99 USD" in page
    first = PayoutBatch.objects.get()
    page = staff.post(f"/admin/affiliates/payoutbatch/{first.pk}/cancel/", follow=True).content.decode()
    assert "The money is due again" in page
    staff.post("/admin/affiliates/payoutbatch/prepare/")
    second = PayoutBatch.objects.exclude(pk=first.pk).get()
    page = staff.post(f"/admin/affiliates/payoutbatch/{second.pk}/approve/", follow=True).content.decode()
    assert "being sent to PayPal" in page
    page = staff.post(f"/admin/affiliates/payoutbatch/{second.pk}/approve/", follow=True).content.decode()
    assert "This run is not waiting for approval" in page


def test_a_refusal_is_told_in_words(staff: Client) -> None:
    page = staff.post("/admin/affiliates/payoutbatch/prepare/", follow=True).content.decode()
    assert "Nobody has 10.00 USD or more due" in page


def test_the_buttons_are_posts_of_people_with_the_permission(
    staff: Client, client: Client, alice: Affiliate, product: Product
) -> None:
    approved_sale(alice, product)
    assert staff.get("/admin/affiliates/payoutbatch/prepare/").status_code == 405
    client.force_login(factories.user("vera@example.com", is_staff=True))
    assert client.post("/admin/affiliates/payoutbatch/prepare/").status_code == 403
    assert Client().post("/admin/affiliates/payoutbatch/prepare/").status_code == 302
    assert not PayoutBatch.objects.exists()
