"""Manual payout runs: the CSV list, and recording the payments."""

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
from affiliates.models import Affiliate, Commission, PayoutItem, PayoutRun
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests import factories
from tests.affiliates.sales import approved_sale, balance
from tests.worker import run_due_tasks

BY_HAND = PayoutRun.Method.CSV


def run_by_hand(bob: User, currency: str = "USD") -> PayoutRun:
    run = prepare_payout(currency=currency, actor=bob, method=BY_HAND)
    approve_payout(run=run, actor=bob)
    run.refresh_from_db()
    return run


@pytest.fixture
def run(alice: Affiliate, product: Product, bob: User) -> PayoutRun:
    """Approved, for Alice and Erin, $17.99 each."""
    for affiliate in (alice, factories.affiliate("erin@example.com", "ERIN")):
        approved_sale(affiliate, product)
    run_due_tasks()  # the buyers' receipts
    mail.outbox.clear()
    return run_by_hand(bob)


def page_of(run: PayoutRun, page: str = "settle/") -> str:
    return f"/admin/affiliates/payoutrun/{run.pk}/{page}"


def test_manual_run_is_not_sent_to_paypal(run: PayoutRun, paypal_down: None) -> None:
    assert run_due_tasks() == 0
    assert not run.batches.exists()
    assert {item.state for item in run.items.all()} == {"queued"}


def lines_of(staff: Client, run: PayoutRun) -> list[dict[str, str]]:
    """The list that staff download, as PayPal reads it."""
    answer = staff.post(page_of(run, "payouts.csv"))
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(answer.getvalue().decode())))


def test_manual_list_has_row_per_payout(staff: Client, run: PayoutRun) -> None:
    rows = lines_of(staff, run)
    assert {(row["receiver"], row["amount"], row["currency"]) for row in rows} == {
        ("alice@example.com", "17.99", "USD"),
        ("erin@example.com", "17.99", "USD"),
    }
    assert {row["reference"] for row in rows} == {str(item.pk) for item in run.items.all()}


@pytest.mark.parametrize(("currency", "minor", "text"), [("USD", 123450, "1234.50"), ("JPY", 123450, "123450")])
def test_manual_list_has_exact_amounts(
    staff: Client, alice: Affiliate, bob: User, currency: str, minor: int, text: str
) -> None:
    adjust_ledger(affiliate=alice, amount=Money(minor, currency), reason="prize", actor=bob)
    [row] = lines_of(staff, run_by_hand(bob, currency))
    assert (row["amount"], row["currency"]) == (text, currency)


@pytest.mark.parametrize("address", ["=cmd@example.com", "+1@example.com", "-1@example.com", "'o@example.com"])
def test_manual_list_does_not_alter_receiver(
    staff: Client, alice: Affiliate, product: Product, bob: User, address: str
) -> None:
    alice.payout_email = address
    alice.save()
    approved_sale(alice, product)
    [row] = lines_of(staff, run_by_hand(bob))
    assert row["receiver"] == address


def test_manual_list_download_is_audited_and_not_cached(staff: Client, run: PayoutRun) -> None:
    answer = staff.post(page_of(run, "payouts.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert "example.com" not in answer["Content-Disposition"]
    text = answer.getvalue().decode()
    assert text.startswith("receiver,amount") and "alice@example.com,17.99,USD" in text
    assert AuditEntry.objects.filter(action="privacy.staff.exported", object_id=str(run.pk)).count() == 1


def test_manual_list_requires_approved_run(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob, method=BY_HAND)
    assert staff.post(page_of(run, "payouts.csv")).status_code == 404


def test_whole_manual_run_is_marked_paid(clock: time_machine.Traveller, staff: Client, run: PayoutRun) -> None:
    answers = {"outcome": "paid", "paid_on": "2026-03-01", "reference": "BANK-7"}
    assert "2 marked as paid" in staff.post(page_of(run), answers, follow=True).content.decode()
    item = run.items.first()
    assert item is not None
    assert (item.state, item.reference, item.settled_at) == ("paid", "BANK-7", datetime(2026, 3, 1, 16, tzinfo=UTC))
    run.refresh_from_db()
    assert run.state == "finished"
    assert set(Commission.objects.values_list("state", flat=True)) == {"paid"}
    assert AuditEntry.objects.filter(action="affiliates.payout.marked_paid").count() == 2
    assert first_difference(paypal_since=None) == ""
    run_due_tasks()
    assert "We have paid you $17.99, with the reference BANK-7" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        (datetime(2026, 3, 3, 2, tzinfo=UTC), "America/Los_Angeles", "2026-03-02"),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), "Pacific/Auckland", "2026-03-03"),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), "UTC", "2026-03-02"),
    ],
)
def test_payment_day_is_in_business_time_zone(
    clock: time_machine.Traveller,
    staff: Client,
    run: PayoutRun,
    settings: Settings,
    now: datetime,
    zone: str,
    today: str,
) -> None:
    settings.BUSINESS = {**settings.BUSINESS, "time_zone": zone}
    clock.move_to(now)
    staff.force_login(User.objects.get(is_superuser=True))
    assert f'value="{today}"' in staff.get(page_of(run)).content.decode()
    day_after = str(datetime.fromisoformat(today).date() + timedelta(days=1))
    answers = {"outcome": "paid", "reference": "BANK-7"}
    assert "This day is in the future" in staff.post(page_of(run), {**answers, "paid_on": day_after}).content.decode()
    day_before = datetime.fromisoformat(today).date() - timedelta(days=1)
    staff.post(page_of(run), {**answers, "paid_on": str(day_before)})
    [settled_at] = set(run.items.values_list("settled_at", flat=True))
    assert settled_at and settled_at.date() == settled_at.astimezone(ZoneInfo(zone)).date() == day_before


def test_failed_manual_payout_is_due_again(staff: Client, run: PayoutRun, alice: Affiliate) -> None:
    item = run.items.get(affiliate=alice)
    page = f"/admin/affiliates/payoutitem/{item.pk}/settle/"
    staff.post(page, {"outcome": "failed", "reason": "account closed"})
    item.refresh_from_db()
    assert (item.state, item.failure, balance(alice)) == ("failed", "account closed", "$17.99")
    run.refresh_from_db()
    assert run.state == "approved"
    assert run.items.get(affiliate__code="ERIN").state == "queued"
    run_due_tasks()
    assert [message.subject for message in mail.outbox] == ["Your payout of $17.99 was returned"]
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
def test_settle_form_requires_missing_fields(
    clock: time_machine.Traveller, staff: Client, run: PayoutRun, answers: dict[str, str], told: str
) -> None:
    answer = staff.post(page_of(run), answers)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not PayoutItem.objects.exclude(state="queued").exists()


def test_paypal_run_cannot_be_settled_manually(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    answers = {"outcome": "paid", "paid_on": "2026-03-01", "reference": "B"}
    assert "Only an approved manual run" in staff.post(page_of(run), answers).content.decode()
    assert run.items.get().state == "queued"


def test_manual_payout_pages_require_permission(client: Client, run: PayoutRun, vera: User) -> None:
    client.force_login(vera)
    assert client.get(page_of(run, "settle/")).status_code == 403
    assert client.post(page_of(run, "payouts.csv")).status_code == 403
