"""Closing an account: personal data is erased when everything is paid, and the ledger is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.lifecycle import approve_past_hold
from affiliates.membership.account_state import KEPT_AT_LEAST, anonymize_closed_affiliates, close_affiliate
from affiliates.models import Affiliate, Application, Click, LedgerEntry, PayoutEmailChange, PayoutItem, PayoutRun
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import prepare_payout
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, sale

from .conftest import PASSWORD

Work = Callable[[], int]

CLOSE = "/affiliates/portal/profile/close/"
SURE = {"sure": "on"}
SEALED = {
    "accounts_user": ["email", "name", "email_index"],
    "affiliates_affiliate": ["payout_email", "payout_email_index", "website", "state_reason"],
    "affiliates_payoutitem": ["receiver"],
}


def close(browser: Client) -> None:
    assert browser.post(CLOSE, SURE).headers["Location"] == "/affiliates/closed/"


def part(clock: time_machine.Traveller) -> int:
    clock.shift(KEPT_AT_LEAST)
    return anonymize_closed_affiliates(now=timezone.now())


def pay(run: PayoutRun) -> None:
    """PayPal has paid every payout of the run."""
    for item in run.items.all():
        PayoutItem.objects.filter(pk=item.pk).update(state=PayoutItem.State.PAID, settled_at=timezone.now())
        item.commissions().update(state="paid")


def stored(table: str, columns: list[str]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608
        return [value for row in cursor.fetchall() for value in row]


def test_closing_page_explains_consequences(browser: Client, alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product)
    sale(alice, product)
    page = browser.get(CLOSE).content.decode()
    assert "Your balance is $17.99. It is paid with the next payout" in page
    assert "1 commission is still pending" in page


def test_closing_requires_checkbox(browser: Client, alice: Affiliate) -> None:
    assert browser.post(CLOSE).status_code == 200
    alice.refresh_from_db()
    assert alice.is_active


def test_links_of_closed_account_track_nothing(clock: time_machine.Traveller, browser: Client, client: Client) -> None:
    client.get("/go/DEMO/")
    assert Click.objects.count() == 1
    close(browser)
    clock.shift(timedelta(seconds=2))
    response = Client().get("/go/DEMO/products/bps-pro/")
    assert (response.status_code, response.headers["Location"]) == (302, "/products/bps-pro/")
    assert not response.cookies
    assert Click.objects.count() == 1


def test_closed_account_cannot_sign_in(browser: Client) -> None:
    close(browser)
    assert browser.get("/affiliates/portal/").status_code == 302
    assert not Client().login(email="alice@example.com", password=PASSWORD)


def test_closing_email_explains_final_payout(browser: Client, work: Work) -> None:
    close(browser)
    work()
    assert mail.outbox[-1].subject == "Your affiliate account is closed"
    assert "however small it is" in str(mail.outbox[-1].body)


def test_final_balance_of_closed_account_is_paid_below_minimum(
    clock: time_machine.Traveller, browser: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product, "10.00")
    with pytest.raises(ActionRefused):
        prepare_payout(currency="USD", actor=bob)
    close(browser)
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$3.00"


def test_closed_account_is_anonymized_after_pending_commission_is_paid(
    clock: time_machine.Traveller, browser: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    sale(alice, product)
    close(browser)
    assert part(clock) == 0
    clock.shift(timedelta(days=30))
    approve_past_hold(now=timezone.now())
    assert anonymize_closed_affiliates(now=timezone.now()) == 0  # it is owed
    run = prepare_payout(currency="USD", actor=bob)
    assert anonymize_closed_affiliates(now=timezone.now()) == 0  # it is on its way
    pay(run)
    assert anonymize_closed_affiliates(now=timezone.now()) == 1
    assert anonymize_closed_affiliates(now=timezone.now()) == 0


def test_anonymized_account_keeps_ledger_without_personal_data(
    clock: time_machine.Traveller, browser: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    Application.objects.create(name="Alice", email="alice@example.com", website="", terms_version="1")
    browser.post("/affiliates/portal/profile/payouts/", {"email": "new@paypal.example"})
    approved_sale(alice, product)
    bobs = [value for value in stored("accounts_user", ["email"]) if value is not None]
    pay(prepare_payout(currency="USD", actor=bob))
    before = list(LedgerEntry.objects.order_by("pk").values("pk", "amount_minor", "affiliate"))
    assert len(before) == 2
    close(browser)
    assert part(clock) == 1
    assert list(LedgerEntry.objects.order_by("pk").values("pk", "amount_minor", "affiliate")) == before
    alice.refresh_from_db()
    assert alice.state == "closed"
    assert alice.code != "DEMO"  # links in the world have it, so it would lead from the ledger to the person
    assert not Application.objects.exists()
    assert not PayoutEmailChange.objects.exists()
    assert not any(stored("affiliates_affiliate", SEALED["affiliates_affiliate"]))
    assert not any(stored("affiliates_payoutitem", SEALED["affiliates_payoutitem"]))
    assert len(bobs) == 2
    assert len([value for value in stored("accounts_user", ["email"]) if value is not None]) == 1  # Bob stays
    assert AuditEntry.objects.filter(action="affiliates.account.anonymized").count() == 1
    assert first_difference(paypal_since=None) == ""


@pytest.mark.parametrize(("wait", "gone"), [(timedelta(days=7, seconds=-1), 0), (timedelta(days=7), 1)])
def test_closed_account_is_anonymized_after_seven_days_at_the_earliest(
    clock: time_machine.Traveller, browser: Client, wait: timedelta, gone: int
) -> None:
    close(browser)
    clock.shift(wait)
    assert anonymize_closed_affiliates(now=timezone.now()) == gone


def test_anonymizing_keeps_other_affiliate_with_same_payout_address(
    clock: time_machine.Traveller, browser: Client, alice: Affiliate
) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN", payout_email="alice@example.com")
    close(browser)
    assert part(clock) == 1
    erin.refresh_from_db()
    assert (erin.is_active, erin.payout_email) == (True, "alice@example.com")


def test_staff_keep_sign_in_after_closing_their_affiliate_account(clock: time_machine.Traveller, bob: User) -> None:
    affiliate = Affiliate.objects.create(user=bob, code="BOB", payout_email="bob@example.com", terms_version="1")
    close_affiliate(affiliate=affiliate, actor=bob)
    assert part(clock) == 1
    bob.refresh_from_db()
    assert (bob.is_active, bob.email) == (True, "bob@example.com")


def test_deletion_request_anonymizes_affiliate_account(
    clock: time_machine.Traveller, browser: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product)
    pay(prepare_payout(currency="USD", actor=bob))
    browser.post("/affiliates/portal/profile/payouts/", {"email": "new@paypal.example"})
    before = list(LedgerEntry.objects.order_by("pk").values("pk", "amount_minor"))
    assert before
    erase_person(email="alice@example.com")
    assert list(LedgerEntry.objects.order_by("pk").values("pk", "amount_minor")) == before
    assert not any(stored("affiliates_affiliate", SEALED["affiliates_affiliate"]))
    assert not any(stored("affiliates_payoutitem", SEALED["affiliates_payoutitem"]))
    assert not PayoutEmailChange.objects.exists()
    alice.refresh_from_db()
    assert alice.state == "closed"
    assert browser.get("/affiliates/portal/").status_code == 302
    assert not Client().get("/go/DEMO/").cookies
    assert first_difference(paypal_since=None) == ""
