"""A new payout address needs the password, notifies the old one, and takes effect after 72 hours unless stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.membership.payout_address import apply_payout_email_changes
from affiliates.models import Affiliate, PayoutEmailChange
from affiliates.payouts.runs import prepare_payout
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from shop.models import Product
from tests.affiliates.sales import approved_sale, sale

from .conftest import PASSWORD, Link

Work = Callable[[], int]

CHANGE = "/affiliates/portal/profile/payouts/"
KEEP = "/affiliates/portal/profile/payouts/keep/"
PROFILE = "/affiliates/portal/profile/"
STOP = "/affiliates/payout-address/"
NEW = {"email": "new@paypal.example"}


@pytest.fixture
def asked(clock: time_machine.Traveller, browser: Client, work: Work) -> PayoutEmailChange:
    assert browser.post(CHANGE, NEW).headers["Location"] == PROFILE
    work()
    return PayoutEmailChange.objects.get()


def payout_email_of(alice: Affiliate) -> str | None:
    alice.refresh_from_db()
    address: str | None = alice.payout_email
    return address


@pytest.mark.parametrize(
    ("wait", "address"),
    [
        (timedelta(hours=71, minutes=59), "alice@example.com"),
        (timedelta(hours=72, seconds=-1), "alice@example.com"),
        (timedelta(hours=72), "new@paypal.example"),
        (timedelta(hours=72, seconds=1), "new@paypal.example"),
    ],
)
def test_new_payout_address_takes_effect_after_72_hours(
    clock: time_machine.Traveller, asked: PayoutEmailChange, alice: Affiliate, wait: timedelta, address: str
) -> None:
    clock.shift(wait)
    apply_payout_email_changes(now=timezone.now())
    assert payout_email_of(alice) == address


def test_first_address_before_any_sale_takes_effect_at_once(browser: Client, alice: Affiliate, work: Work) -> None:
    alice.payout_email = None
    alice.save()
    assert "never your sign-in address" in browser.get(CHANGE).content.decode()
    response = browser.post(CHANGE, NEW, follow=True)
    assert "Confirmed. Your payouts go to this address." in response.content.decode()
    assert payout_email_of(alice) == "new@paypal.example"
    work()
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]
    assert "72 hours" not in str(mail.outbox[0].body)
    browser.post(CHANGE, {"email": "mallory@paypal.example"})
    assert payout_email_of(alice) == "new@paypal.example"


def test_first_address_after_a_sale_waits_72_hours(
    browser: Client, alice: Affiliate, product: Product, work: Work
) -> None:
    alice.payout_email = None
    alice.save()
    sale(alice, product)
    browser.post(CHANGE, NEW)
    assert payout_email_of(alice) is None
    assert PayoutEmailChange.objects.waiting().count() == 1
    work()
    assert "Until then, nothing is paid." in " ".join(str(message.body) for message in mail.outbox)


def test_payouts_use_old_address_during_waiting_period(
    clock: time_machine.Traveller, asked: PayoutEmailChange, alice: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product)
    clock.shift(timedelta(hours=71, minutes=59))
    apply_payout_email_changes(now=timezone.now())
    assert prepare_payout(currency="USD", actor=bob).items.get().receiver == "alice@example.com"


def test_change_notifies_old_payout_address_only(asked: PayoutEmailChange) -> None:
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]
    assert "March 5, 2026, 12:00" in str(mail.outbox[0].body)
    assert "new@paypal.example" not in str(mail.outbox[0].body)


def test_change_notifies_payout_and_sign_in_addresses(browser: Client, alice: Affiliate, work: Work) -> None:
    alice.payout_email = "old@paypal.example"
    alice.save()
    browser.post(CHANGE, NEW)
    work()
    assert sorted(message.to[0] for message in mail.outbox) == ["alice@example.com", "old@paypal.example"]


def test_profile_shows_time_until_new_payout_address(
    clock: time_machine.Traveller, asked: PayoutEmailChange, browser: Client
) -> None:
    clock.shift(timedelta(hours=24))
    page = browser.get(PROFILE).content.decode().replace("\xa0", " ")
    assert "March 5, 2026, 12:00 UTC" in page
    assert "2 days" in page
    assert "new@paypal.example" in page


def test_stopping_change_signs_out_all_sessions(
    clock: time_machine.Traveller,
    asked: PayoutEmailChange,
    alice: Affiliate,
    browser: Client,
    link: Link,
    work: Work,
) -> None:
    stranger = Client()
    assert "This was not me: stop it" in stranger.get(link(STOP)).content.decode()
    assert browser.get(PROFILE).status_code == 200  # opening the link stops nothing
    assert "The change was stopped" in stranger.post(link(STOP)).content.decode()
    assert browser.get(PROFILE).status_code == 302
    assert not Client().login(email="alice@example.com", password=PASSWORD)
    work()
    assert link("/accounts/password/", to="alice@example.com")
    clock.shift(timedelta(hours=72))
    assert apply_payout_email_changes(now=timezone.now()) == 0
    assert payout_email_of(alice) == "alice@example.com"
    assert AuditEntry.objects.filter(action="affiliates.payout_address.stopped").exists()


@pytest.mark.parametrize(("wait", "answer"), [(timedelta(hours=71, minutes=59), 200), (timedelta(hours=72), 410)])
def test_stop_link_works_for_72_hours(
    clock: time_machine.Traveller, asked: PayoutEmailChange, link: Link, wait: timedelta, answer: int
) -> None:
    clock.shift(wait)
    assert Client().post(link(STOP)).status_code == answer


def test_stop_link_works_once(asked: PayoutEmailChange, link: Link) -> None:
    assert Client().post(link(STOP)).status_code == 200
    assert Client().post(link(STOP)).status_code == 410
    assert Client().get(link(STOP)).status_code == 410


def test_second_change_replaces_first_and_restarts_waiting_period(
    clock: time_machine.Traveller, asked: PayoutEmailChange, alice: Affiliate, browser: Client
) -> None:
    clock.shift(timedelta(hours=71))
    browser.post(CHANGE, {**NEW, "email": "newer@paypal.example"})
    clock.shift(timedelta(hours=1))
    assert apply_payout_email_changes(now=timezone.now()) == 0
    clock.shift(timedelta(hours=71))
    assert apply_payout_email_changes(now=timezone.now()) == 1
    assert payout_email_of(alice) == "newer@paypal.example"


def test_affiliate_can_withdraw_payout_address_change(
    clock: time_machine.Traveller, asked: PayoutEmailChange, alice: Affiliate, browser: Client
) -> None:
    assert browser.get(KEEP).status_code == 405
    browser.post(KEEP)
    clock.shift(timedelta(hours=72))
    assert apply_payout_email_changes(now=timezone.now()) == 0
    assert payout_email_of(alice) == "alice@example.com"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"email": "nonsense"}, "Enter a valid email address"),
        ({"email": "ALICE@example.com"}, "Your payouts already go to this address"),
        ({"email": "josé@example.com"}, "PayPal can&#x27;t pay to this address"),
        ({"email": "a\x00@example.com"}, "Null characters"),
    ],
)
def test_invalid_payout_address_is_rejected(browser: Client, answer: dict[str, str], message: str) -> None:
    assert message in browser.post(CHANGE, {**NEW, **answer}).content.decode()
    assert not PayoutEmailChange.objects.exists()


def test_payout_address_change_requires_password_again(
    browser: Client, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.REAUTHENTICATION_MINUTES = 15
    browser.post("/accounts/login/", {"email": "alice@example.com", "password": PASSWORD})
    clock.shift(timedelta(minutes=15))
    assert "Confirm your identity" in browser.post(CHANGE, NEW).content.decode()
    assert not PayoutEmailChange.objects.exists()
    again = {"again-method": "POST", "again-password": PASSWORD}
    assert browser.post(CHANGE, {**NEW, **again}).status_code == 302
    assert PayoutEmailChange.objects.get().email == NEW["email"]


def test_effective_change_is_emailed_and_audited(
    clock: time_machine.Traveller, asked: PayoutEmailChange, alice: Affiliate, work: Work
) -> None:
    clock.shift(timedelta(hours=72))
    apply_payout_email_changes(now=timezone.now())
    assert apply_payout_email_changes(now=timezone.now()) == 0
    work()
    assert mail.outbox[-1].subject == "Your payouts now go to your new address"
    [entry] = AuditEntry.objects.filter(action="affiliates.payout_address.changed")
    assert entry.object_id == str(alice.pk)


def test_all_addresses_of_last_90_days_are_warned_and_can_stop_change(
    clock: time_machine.Traveller, browser: Client, alice: Affiliate, link: Link, work: Work
) -> None:
    """Whoever got in moves the address twice, so that its owner's own is not even the one before."""
    for number in (1, 2):
        browser.post(CHANGE, {**NEW, "email": f"mallory{number}@paypal.example"})
        clock.shift(timedelta(hours=72))
        assert apply_payout_email_changes(now=timezone.now()) == 1
    alice.user.email = "mallory@example.net"  # and the address of the account with it
    alice.user.save()
    work()
    mail.outbox.clear()
    browser.post(CHANGE, {**NEW, "email": "mallory3@paypal.example"})
    work()
    warned = {message.to[0] for message in mail.outbox}
    used = {"alice@example.com", "mallory1@paypal.example", "mallory2@paypal.example"}
    assert warned == used | {"mallory@example.net"}
    assert Client().post(link(STOP, to="alice@example.com")).status_code == 200
    assert payout_email_of(alice) == "mallory2@paypal.example"


@pytest.mark.parametrize(("age", "warned"), [(timedelta(days=90, seconds=-1), True), (timedelta(days=90), False)])
def test_replaced_address_is_warned_for_90_days_then_deleted(
    clock: time_machine.Traveller, asked: PayoutEmailChange, browser: Client, work: Work, age: timedelta, warned: bool
) -> None:
    clock.shift(timedelta(hours=72))
    apply_payout_email_changes(now=timezone.now())
    asked.affiliate.user.email = "elsewhere@example.com"
    asked.affiliate.user.save()
    work()
    mail.outbox.clear()
    clock.shift(age)
    purge_expired(now=timezone.now())
    browser.force_login(asked.affiliate.user)
    browser.post(CHANGE, {**NEW, "email": "newer@paypal.example"})
    work()
    assert ("alice@example.com" in [message.to[0] for message in mail.outbox]) == warned
    assert "elsewhere@example.com" in [message.to[0] for message in mail.outbox]
    assert PayoutEmailChange.objects.filter(email_index="alice@example.com").exists() == warned


def test_payout_address_change_is_deleted_after_90_days(
    clock: time_machine.Traveller, asked: PayoutEmailChange
) -> None:
    clock.shift(timedelta(days=90) - timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert PayoutEmailChange.objects.exists()
    clock.shift(timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert not PayoutEmailChange.objects.exists()
