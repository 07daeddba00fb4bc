"""The Profile tab: name, website, email notifications and sessions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.mails import ACCOUNT_SUSPENDED, SALE_MADE
from affiliates.membership.notifications import mail_monthly_summaries
from affiliates.models import Affiliate
from affiliates.payouts.item_states import apply_item_state
from affiliates.payouts.runs import prepare_payout
from privacy.consent.contact_permission import may_contact
from privacy.consent.opt_outs import suppress
from privacy.registry.checks import check_one_click_stops_no_more_than_it_says
from privacy.registry.purposes import Channel, Purpose
from shop.models import Product
from shop.paypal.types import PayoutItemState, PayoutItemStatus
from tests import factories
from tests.affiliates.sales import approved_sale, sale
from tests.cast import signed_in

from .conftest import PASSWORD

Work = Callable[[], int]

PROFILE = "/affiliates/portal/profile/"
PAGES = ["", "details/", "payouts/", "mail/", "close/"]


@pytest.mark.parametrize("page", PAGES)
def test_profile_pages_open_for_affiliates_only(browser: Client, page: str) -> None:
    content = browser.get(PROFILE + page).content.decode()
    assert content.count("<h1>") == 1
    assert 'aria-current="page">Profile</a>' in content
    assert Client().get(PROFILE + page).headers["Location"].startswith("/accounts/login/")
    stranger = signed_in(factories.user("charlie@example.com"))
    assert stranger.get(PROFILE + page).status_code == 403


def test_profile_form_changes_name_and_website(browser: Client, alice: Affiliate) -> None:
    browser.post(f"{PROFILE}details/", {"name": "Alice Anders", "website": "alice.example"})
    alice.refresh_from_db()
    assert (alice.user.name, alice.website) == ("Alice Anders", "https://alice.example")
    page = browser.get(PROFILE).content.decode()
    assert "Alice Anders" in page
    assert "https://alice.example" in page


@pytest.mark.parametrize(("field", "value"), [("website", "javascript://x"), ("name", ""), ("name", "a\x00b")])
def test_invalid_profile_form_names_the_error(browser: Client, alice: Affiliate, field: str, value: str) -> None:
    answer = {"name": "Alice Anders", "website": "https://alice.example", field: value}
    response = browser.post(f"{PROFILE}details/", answer)
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    alice.refresh_from_db()
    assert not alice.website


def test_signing_out_other_sessions_keeps_current_one(browser: Client) -> None:
    other = Client()
    other.login(email="alice@example.com", password=PASSWORD)
    assert other.get(PROFILE).status_code == 200
    assert "/accounts/security/" in browser.get(PROFILE).content.decode()
    browser.post("/accounts/security/sessions/end/")
    assert other.get(PROFILE).status_code == 302
    assert browser.get(PROFILE).status_code == 200
    assert Client().login(email="alice@example.com", password=PASSWORD)


def choose(browser: Client, **choices: str) -> None:
    assert browser.post(f"{PROFILE}mail/", choices).status_code == 302


@pytest.mark.parametrize("wanted", [True, False])
def test_sale_email_is_sent_to_subscribed_affiliate(
    browser: Client, alice: Affiliate, product: Product, work: Work, wanted: bool
) -> None:
    if wanted:
        choose(browser, mail_sales="on")
    sale(alice, product)
    work()
    told = [message for message in mail.outbox if message.subject == "A sale through your link"]
    assert bool(told) == wanted
    if told:
        assert "$17.99" in str(told[0].body)
        assert "Carol" not in str(told[0].body)
        assert "List-Unsubscribe-Post" in told[0].extra_headers


def test_opt_out_overrides_notification_choice(browser: Client, alice: Affiliate, product: Product, work: Work) -> None:
    choose(browser, mail_sales="on")
    assert "You opted out of emails" not in browser.get(PROFILE).content.decode()
    suppress("alice@example.com", Channel.EMAIL, purpose=Purpose.AFFILIATE_ACCOUNT)
    sale(alice, product)
    work()
    assert not [message for message in mail.outbox if message.subject == "A sale through your link"]
    assert "You opted out of emails" in browser.get(PROFILE).content.decode()


def test_monthly_summary_is_sent_once_to_subscribed_affiliate(
    clock: time_machine.Traveller, alice: Affiliate, product: Product, work: Work, erin: Affiliate
) -> None:
    alice.mail_monthly = True
    alice.save()
    sale(alice, product)
    assert mail_monthly_summaries(now=timezone.now()) == 0  # nothing happened in February
    clock.shift(timedelta(days=29))
    assert mail_monthly_summaries(now=timezone.now()) == 0  # 31 March
    clock.shift(timedelta(days=1))
    assert mail_monthly_summaries(now=timezone.now()) == 1
    assert mail_monthly_summaries(now=timezone.now()) == 0
    work()
    [message] = [message for message in mail.outbox if message.subject.startswith("Your March 2026")]
    assert message.to == ["alice@example.com"]
    assert "1 order, $17.99 earned" in str(message.body)


@pytest.mark.parametrize("wanted", [True, False])
def test_payout_email_is_sent_to_subscribed_affiliate(
    browser: Client, alice: Affiliate, bob: User, product: Product, work: Work, wanted: bool
) -> None:
    choose(browser, **({"mail_payouts": "on"} if wanted else {}))
    approved_sale(alice, product)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    paid = PayoutItemState("I-1", "B-1", str(item.pk), PayoutItemStatus.SUCCESS, item.total, None, "T-1", None)
    apply_item_state(run=item.run, remote=paid)
    work()
    item.refresh_from_db()
    assert item.state == "paid"
    assert bool([m for m in mail.outbox if m.subject.startswith("Your commission is paid")]) == wanted


def test_sale_email_receiver_is_connected_at_startup() -> None:
    """In a process that imports nothing else, such as a web worker."""
    script = "import sys, django; django.setup(); sys.exit('affiliates.membership.notifications' not in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0


def test_one_click_on_the_mail_about_a_sale_stops_those_and_no_mail_about_payouts(
    browser: Client, alice: Affiliate, product: Product, work: Work
) -> None:
    choose(browser, mail_sales="on", mail_payouts="on")
    sale(alice, product)
    work()
    [told] = [message for message in mail.outbox if message.subject == "A sale through your link"]
    link = str(told.extra_headers["List-Unsubscribe"]).strip("<>").removeprefix(settings.SITE_URL)
    assert Client().post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    mail.outbox.clear()
    sale(alice, product)
    work()
    assert not [message for message in mail.outbox if message.subject == "A sale through your link"]
    by_mail = {"channel": Channel.EMAIL, "email": alice.user.email, "about": alice}
    assert not may_contact(purpose=Purpose.AFFILIATE_NEWS, **by_mail)
    assert may_contact(purpose=Purpose.AFFILIATE_ACCOUNT, **by_mail)


def test_mail_whose_one_click_opt_out_would_stop_awaited_mail_is_refused_at_start_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert check_one_click_stops_no_more_than_it_says(None) == []
    shared = replace(SALE_MADE, purpose=Purpose.AFFILIATE_ACCOUNT)
    monkeypatch.setattr("privacy.registry.checks.all_kinds", lambda: iter([shared, ACCOUNT_SUSPENDED]))
    assert [problem.id for problem in check_one_click_stops_no_more_than_it_says(None)] == ["privacy.E062"]
