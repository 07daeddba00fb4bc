"""A run that a person pays from a CSV list: what the list holds, and what is written down afterwards."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.models import Affiliate, Commission, PayoutBatch, PayoutItem
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests import factories
from tests.affiliates.sales import approved_sale, balance
from tests.worker import run_due_tasks

BY_HAND = PayoutBatch.Method.CSV


def run_by_hand(bob: User, currency: str = "USD") -> PayoutBatch:
    batch = prepare_payout(currency=currency, actor=bob, method=BY_HAND)
    approve_payout(batch=batch, actor=bob)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def batch(alice: Affiliate, product: Product, bob: User) -> PayoutBatch:
    """Approved, for Alice and Erin, 17.99 USD each."""
    for affiliate in (alice, factories.affiliate("erin@example.com", "ERIN")):
        approved_sale(affiliate, product)
    run_due_tasks()  # the buyers' receipts
    mail.outbox.clear()
    return run_by_hand(bob)


def page_of(batch: PayoutBatch, page: str = "settle/") -> str:
    return f"/admin/affiliates/payoutbatch/{batch.pk}/{page}"


def test_it_is_never_sent_to_paypal(batch: PayoutBatch, paypal_down: None) -> None:
    assert run_due_tasks() == 0
    assert not batch.parcels.exists()
    assert {item.state for item in batch.items.all()} == {"queued"}


def lines_of(staff: Client, batch: PayoutBatch) -> list[dict[str, str]]:
    """The list that staff download, as PayPal reads it."""
    answer = staff.post(page_of(batch, "payouts.csv"))
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(answer.getvalue().decode())))


def test_the_list_has_a_line_for_each(staff: Client, batch: PayoutBatch) -> None:
    rows = lines_of(staff, batch)
    assert {(row["receiver"], row["amount"], row["currency"]) for row in rows} == {
        ("alice@example.com", "17.99", "USD"),
        ("erin@example.com", "17.99", "USD"),
    }
    assert {row["reference"] for row in rows} == {str(item.pk) for item in batch.items.all()}


@pytest.mark.parametrize(("currency", "minor", "text"), [("USD", 123450, "1234.50"), ("JPY", 123450, "123450")])
def test_amounts_are_exact(staff: Client, alice: Affiliate, bob: User, currency: str, minor: int, text: str) -> None:
    adjust_ledger(affiliate=alice, amount=Money(minor, currency), reason="prize", actor=bob)
    [row] = lines_of(staff, run_by_hand(bob, currency))
    assert (row["amount"], row["currency"]) == (text, currency)


@pytest.mark.parametrize("address", ["=cmd@example.com", "+1@example.com", "-1@example.com", "'o@example.com"])
def test_a_receiver_in_the_list_is_never_altered(
    staff: Client, alice: Affiliate, product: Product, bob: User, address: str
) -> None:
    alice.payout_email = address
    alice.save()
    approved_sale(alice, product)
    [row] = lines_of(staff, run_by_hand(bob))
    assert row["receiver"] == address


def test_the_download_is_recorded_and_never_stored(staff: Client, batch: PayoutBatch) -> None:
    answer = staff.post(page_of(batch, "payouts.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert "example.com" not in answer["Content-Disposition"]
    text = answer.getvalue().decode()
    assert text.startswith("receiver,amount") and "alice@example.com,17.99,USD" in text
    assert AuditEntry.objects.filter(action="privacy.staff.exported", object_id=str(batch.pk)).count() == 1


def test_there_is_no_list_before_the_approval(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob, method=BY_HAND)
    assert staff.post(page_of(batch, "payouts.csv")).status_code == 404


def test_the_whole_run_is_marked_paid(clock: time_machine.Traveller, staff: Client, batch: PayoutBatch) -> None:
    answers = {"outcome": "paid", "paid_on": "2026-03-01", "reference": "BANK-7"}
    assert "2 marked as paid" in staff.post(page_of(batch), answers, follow=True).content.decode()
    item = batch.items.first()
    assert item is not None
    assert (item.state, item.reference, item.settled_at) == ("paid", "BANK-7", datetime(2026, 3, 1, 16, tzinfo=UTC))
    batch.refresh_from_db()
    assert batch.state == "finished"
    assert set(Commission.objects.values_list("state", flat=True)) == {"paid"}
    assert AuditEntry.objects.filter(action="affiliates.payout.marked_paid").count() == 2
    assert first_difference(paypal_since=None) == ""
    run_due_tasks()
    assert "We have paid you 17.99 USD, with the reference BANK-7" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        (datetime(2026, 3, 3, 2, tzinfo=UTC), "America/Los_Angeles", "2026-03-02"),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), "Pacific/Auckland", "2026-03-03"),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), "UTC", "2026-03-02"),
    ],
)
def test_the_day_of_payment_is_the_vendors(
    clock: time_machine.Traveller,
    staff: Client,
    batch: PayoutBatch,
    settings: Settings,
    now: datetime,
    zone: str,
    today: str,
) -> None:
    settings.BUSINESS = {**settings.BUSINESS, "time_zone": zone}
    clock.move_to(now)
    staff.force_login(User.objects.get(is_superuser=True))
    assert f'value="{today}"' in staff.get(page_of(batch)).content.decode()
    day_after = str(datetime.fromisoformat(today).date() + timedelta(days=1))
    answers = {"outcome": "paid", "reference": "BANK-7"}
    assert "This day is in the future" in staff.post(page_of(batch), {**answers, "paid_on": day_after}).content.decode()
    day_before = datetime.fromisoformat(today).date() - timedelta(days=1)
    staff.post(page_of(batch), {**answers, "paid_on": str(day_before)})
    [settled_at] = set(batch.items.values_list("settled_at", flat=True))
    assert settled_at and settled_at.date() == settled_at.astimezone(ZoneInfo(zone)).date() == day_before


def test_one_of_them_failed_and_is_due_again(staff: Client, batch: PayoutBatch, alice: Affiliate) -> None:
    item = batch.items.get(affiliate=alice)
    page = f"/admin/affiliates/payoutitem/{item.pk}/settle/"
    staff.post(page, {"outcome": "failed", "reason": "account closed"})
    item.refresh_from_db()
    assert (item.state, item.failure, balance(alice)) == ("failed", "account closed", "17.99 USD")
    batch.refresh_from_db()
    assert batch.state == "approved"
    assert batch.items.get(affiliate__code="ERIN").state == "queued"
    run_due_tasks()
    assert [message.subject for message in mail.outbox] == ["Your payout of 17.99 USD was returned"]
    staff.post(page, {"outcome": "paid", "paid_on": "2026-03-01", "reference": "B"})
    item.refresh_from_db()
    assert item.state == "failed"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "This field is required"),
        ({"outcome": "paid", "paid_on": "2026-03-01"}, "Please enter its reference"),
        ({"outcome": "paid", "reference": "B"}, "Please enter the day"),
        ({"outcome": "paid", "paid_on": "2026-03-03", "reference": "B"}, "This day is in the future"),
        ({"outcome": "failed"}, "Please enter a reason"),
    ],
)
def test_what_is_missing_is_asked_for(
    clock: time_machine.Traveller, staff: Client, batch: PayoutBatch, answers: dict[str, str], told: str
) -> None:
    answer = staff.post(page_of(batch), answers)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not PayoutItem.objects.exclude(state="queued").exists()


def test_a_run_of_paypals_is_not_settled_by_hand(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob)
    answers = {"outcome": "paid", "paid_on": "2026-03-01", "reference": "B"}
    assert "Only an approved manual run" in staff.post(page_of(batch), answers).content.decode()
    assert batch.items.get().state == "queued"


def test_its_pages_are_for_those_who_may_pay(client: Client, batch: PayoutBatch) -> None:
    client.force_login(factories.user("vera@example.com", is_staff=True))
    assert client.get(page_of(batch, "settle/")).status_code == 403
    assert client.post(page_of(batch, "payouts.csv")).status_code == 403
