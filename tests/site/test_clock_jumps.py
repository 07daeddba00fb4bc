"""A clock that is wrong by more than a day destroys, approves and ends nothing, until it is right or confirmed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.models.session import Session
from affiliates.membership.payout_address import request_payout_email_change
from affiliates.models import Affiliate, Click, Commission
from contacts.inquiries.workflow import receive_inquiry
from contacts.models import Inquiry
from privacy.keystore.models import DayKey, HousekeepingTime
from privacy.models import ErasureMark, Heartbeat, OutgoingMail
from privacy.models.evidence import Measurement, PromiseState
from privacy.registry.promises import PROMISES
from shop.models import Dispute, Order, Payment, PayPalEvent, PayPalSnapshot, Product
from tests import factories
from tests.affiliates.sales import sale
from tests.affiliates.tracking.pages import referral_page
from tests.cast import signed_in
from tests.days import days_pass

YEARS = timedelta(days=8 * 365 + 2)
pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def lived_in(clock: time_machine.Traveller, alice: Affiliate, product: Product, client: Client) -> None:
    """Alice is signed in, changes her payout address and brought a sale; Dave asked; Erin was deleted; all is kept."""
    cache.clear()
    sale(alice, product)
    Payment.objects.update(created_at=timezone.now() - timedelta(days=200))  # PayPal is not asked about it any more
    Client().get("/go/DEMO/")
    client.force_login(alice.user)
    receive_inquiry(inquiry=Inquiry(name="Dave", email="dave@example.org", message="Hello?"), held=False)
    request_payout_email_change(affiliate=alice, email="alice@bank.example", actor=alice.user)
    factories.user("erin@example.org")
    call_command("erase_person", "erin@example.org", stdout=StringIO())
    factories.attempts()
    housekeeping()
    cache.clear()


def housekeeping(*arguments: str) -> str:
    out = StringIO()
    call_command("housekeeping", *arguments, stdout=out)
    return out.getvalue()


def what_is_there() -> dict[str, object]:
    """Whatever a clock could make away with."""
    return {
        "click": Click._base_manager.count(),
        "key of its day": DayKey.objects.filter(wrapped__isnull=False).count(),
        "buyer": [order.email for order in Order.objects.all()],
        "inquiry": [inquiry.email for inquiry in Inquiry._base_manager.all()],
        "commission": Commission.objects.get().state,
        "payout address": Affiliate.objects.get().payout_email,
        "session": Session.objects.exists(),
        "mail": OutgoingMail.objects.filter(recipient_index="dave@example.org").count(),
        "mark of the deletion": ErasureMark.objects.count(),
    }


def broken() -> dict[str, dict[str, object]]:
    """A moment after the site attacked its promises in vain, whatever the clock says."""
    cache.clear()
    factories.attempts()
    promises = Client().get("/privacy/evidence.json").json()["promises"]
    assert len(promises) == len(PROMISES)
    return {promise["id"]: promise["figures"] for promise in promises if not promise["kept"]}


@pytest.mark.parametrize("ahead", [timedelta(days=1, seconds=1), timedelta(days=31), YEARS])
def test_clock_ahead_destroys_approves_and_ends_nothing(clock: time_machine.Traveller, ahead: timedelta) -> None:
    before = what_is_there()
    assert all(before.values())
    clock.shift(ahead)
    for _ in range(2):
        with pytest.raises(CommandError, match=f" {ahead.days} days? ahead .* March 2, 2026, 12:00 .*--clock-is-right"):
            housekeeping()
    assert what_is_there() == before
    clock.shift(-ahead)
    assert "expired rows purged: 0" in housekeeping()
    assert what_is_there() == before


def test_clock_that_is_right_a_day_later_is_believed(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=1))
    assert "expired rows purged: " in housekeeping()


def test_person_who_says_that_the_clock_is_right_lets_it_go_on(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=31))
    with pytest.raises(CommandError):
        housekeeping()
    assert Click._base_manager.exists()
    assert "commissions past their hold: 1" in housekeeping("--clock-is-right")
    assert not Click._base_manager.exists()
    assert not DayKey.objects.filter(wrapped__isnull=False).exists()
    clock.shift(timedelta(minutes=1))
    housekeeping()  # and from then on by itself


def test_purge_by_command_waits_too(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=31))
    with pytest.raises(CommandError, match="Nothing is purged: the clock is 31 days ahead"):
        call_command("purge_expired")
    assert Click._base_manager.exists()


def test_staff_are_told_by_mail_once_a_day_and_on_their_first_page(
    clock: time_machine.Traveller, work: Callable[[], int], bob: User
) -> None:
    work()
    mail.outbox.clear()
    clock.shift(YEARS)
    for _ in range(2):
        with pytest.raises(CommandError):
            housekeeping()
        clock.shift(timedelta(minutes=1))
    work()
    told = [message for message in mail.outbox if message.subject == "The clock jumped: please check it"]
    assert len(told) == 1
    assert "the clock is 2922 days ahead of the last housekeeping, at March 2, 2026, 12:00 UTC" in told[0].body
    assert "alarm: the clock jumped" in todays_page(bob)
    clock.shift(-YEARS)
    assert "alarm: the clock jumped" not in todays_page(bob)


def todays_page(user: User) -> str:
    browser = signed_in(user)
    return browser.get("/admin/").content.decode()


def test_evidence_says_that_the_purge_waits_and_why_and_dates_nothing_by_a_wrong_clock(
    clock: time_machine.Traveller,
) -> None:
    assert "referral-30-days" not in broken()
    clock.shift(YEARS)
    waits = broken()["referral-30-days"]["the purge waits, because"]
    assert waits == "the clock is 2922 days ahead of the last housekeeping, at March 2, 2026, 12:00 UTC"
    with pytest.raises(CommandError, match="promises are broken"):
        call_command("check_promises", stdout=StringIO())
    clock.shift(timedelta(minutes=10) - YEARS)
    housekeeping()
    assert "referral-30-days" not in broken()
    [past] = PromiseState.objects.filter(promise="referral-30-days", kept=False)
    assert past.ended_at == timezone.now()
    assert not PromiseState.objects.filter(began_at__gt=timezone.now()).exists()


def test_machine_that_was_off_shows_no_referral_older_than_30_days_while_the_purge_waits(
    clock: time_machine.Traveller,
) -> None:
    visitor = Client()
    visitor.get("/go/DEMO/")
    assert "203.0.113" in address_shown(visitor) or "127.0.0.1" in address_shown(visitor)
    days_pass(clock, timedelta(days=28))
    housekeeping()
    stored = Click._base_manager.count()
    assert stored
    clock.shift(timedelta(days=5))  # switched off
    with pytest.raises(CommandError):
        housekeeping()
    assert Click._base_manager.count() == stored
    assert "127.0.0.1" not in address_shown(visitor)
    figures = broken()["referral-30-days"]
    assert figures["age of the oldest stored referral"] == "33 days"
    assert "5 days ahead" in str(figures["the purge waits, because"])
    housekeeping("--clock-is-right")
    assert not Click._base_manager.exists()
    assert "referral-30-days" not in broken()


def address_shown(visitor: Client) -> str:
    return referral_page(visitor)


def test_clock_behind_stores_no_visit_and_breaks_no_page(clock: time_machine.Traveller, product: Product) -> None:
    before = what_is_there()
    clock.shift(-YEARS)
    with pytest.raises(CommandError, match="2922 days behind the last housekeeping"):
        housekeeping()
    cache.clear()
    visitor = Client()
    assert visitor.get("/go/DEMO/").status_code == 302
    assert "aitpro_referral" in visitor.cookies
    assert visitor.get("/privacy/referral/").status_code == 200
    assert "referral-30-days" in broken()
    assert what_is_there() == before
    clock.shift(YEARS)
    housekeeping()
    Client().get("/go/DEMO/")
    assert Click._base_manager.count() == int(str(before["click"])) + 1


def test_visits_are_stored_again_once_the_clock_is_right(clock: time_machine.Traveller) -> None:
    """A clock ahead makes no key for a day to come, and so no fence that would shut out the days until then."""
    clicks, keys = Click._base_manager.count(), DayKey.objects.count()
    clock.shift(YEARS)
    with pytest.raises(CommandError):
        housekeeping()
    Client().get("/go/DEMO/")
    clock.shift(timedelta(days=40))
    with pytest.raises(CommandError):
        housekeeping()
    assert (Click._base_manager.count(), DayKey.objects.count()) == (clicks, keys)
    clock.shift(timedelta(minutes=1) - YEARS - timedelta(days=40))
    housekeeping()
    Client().get("/go/DEMO/")
    assert Click._base_manager.count() == clicks + 1


def test_session_begun_by_a_clock_ahead_does_not_last_for_years(clock: time_machine.Traveller, bob: User) -> None:
    browser = Client()
    clock.shift(YEARS)
    browser.force_login(bob)
    assert browser.get("/admin/").status_code == 200
    clock.shift(-YEARS)
    assert browser.get("/admin/").status_code == 302
    housekeeping()
    assert not Session.objects.filter(user=bob).exists()


def test_mail_put_off_by_a_clock_ahead_is_sent_once_the_clock_is_right(
    clock: time_machine.Traveller, work: Callable[[], int]
) -> None:
    work()
    mail.outbox.clear()
    receive_inquiry(inquiry=Inquiry(name="Frank", email="frank@example.org", message="Hello?"), held=False)
    OutgoingMail.objects.filter(recipient_index="frank@example.org").update(due_at=timezone.now() + YEARS)
    DBTaskResult.objects.all().delete()  # its first try, by a mail server that found the clock wrong
    housekeeping()
    work()
    assert "frank@example.org" in [message.to[0] for message in mail.outbox]


def test_mail_that_looks_too_old_by_a_wrong_clock_is_not_refused_for_good(
    clock: time_machine.Traveller, work: Callable[[], int]
) -> None:
    mail.outbox.clear()
    clock.shift(YEARS)
    work()  # the confirmation of Dave's inquiry waited for the worker
    assert "dave@example.org" not in [message.to[0] for message in mail.outbox]
    clock.shift(-YEARS)
    housekeeping()
    work()
    assert "dave@example.org" in [message.to[0] for message in mail.outbox]


def test_checks_dated_by_a_clock_ahead_are_repeated() -> None:
    """Or nobody would ask PayPal again before that time comes."""
    now, then = timezone.now(), timezone.now() + YEARS
    payment = Payment.objects.get()
    event = factories.paypal_event(payment, due_at=then)
    dispute = factories.dispute(payment, checked_at=then)
    PayPalSnapshot.objects.create(
        payment=payment, currency="USD", captured_minor=5995, returned_minor=0, checked_at=then
    )
    Measurement.objects.keep("opt-out", kept=True, figures={}, at=then)
    assert list(PayPalEvent.objects.due(now)) == [event]
    assert list(Dispute.objects.due(now)) == [dispute]
    assert not PayPalSnapshot.objects.fresh(now).exists()
    assert "opt-out" not in Measurement.objects.newer_than(now - timedelta(hours=1), now=now)
    assert PayPalSnapshot.objects.fresh(then).exists()
    assert "opt-out" in Measurement.objects.newer_than(now - timedelta(hours=1), now=then)


def test_restored_database_is_rightly_old(clock: time_machine.Traveller) -> None:
    """Its heartbeat is that of the backup; the key store's is fresh."""
    days_pass(clock, timedelta(days=3))
    Heartbeat.objects.filter(name="clock").update(at=timezone.now() - timedelta(days=3))
    assert "expired rows purged: " in housekeeping()


def test_key_store_that_was_lost_leaves_the_main_databases_heartbeat(clock: time_machine.Traveller) -> None:
    HousekeepingTime.objects.all().delete()
    clock.shift(timedelta(days=31))
    with pytest.raises(CommandError):
        housekeeping()
    assert Click._base_manager.exists()


def test_clock_wrongly_confirmed_is_put_right_the_same_way(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=10))
    with pytest.raises(CommandError, match="10 days ahead"):
        housekeeping()
    housekeeping("--clock-is-right")
    clock.shift(-timedelta(days=10))
    cache.clear()
    with pytest.raises(CommandError, match="10 days behind"):
        housekeeping()
    assert "referral-30-days" in broken()
    housekeeping("--clock-is-right")
    clock.shift(timedelta(minutes=1))
    housekeeping()
    assert "referral-30-days" not in broken()
    assert PromiseState.objects.current().get(promise="referral-30-days").kept
