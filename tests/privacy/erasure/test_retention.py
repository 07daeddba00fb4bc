"""Retention: at the end of its time, to the second, a row is purged as the registry says, once."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Affiliate, Click
from privacy.encryption.models import uuid7
from privacy.erasure import retention
from privacy.erasure.retention import purge_expired
from privacy.models import AccessArchive, OutgoingMail, PrivacyRequest, Suppression
from privacy.registry.declarations import Retention
from shop.models import Order, Product
from tests import factories
from tests.privacy.stored import anew

pytestmark = pytest.mark.django_db

MAIL = {"kind": "shop/receipt", "about_model": "shop.Order", "subject": "s", "text": "t", "html": "h"}
AGES = {
    "29 d 23 h 59 m": (timedelta(days=29, hours=23, minutes=59), False),
    "a second before": (timedelta(days=30) - timedelta(seconds=1), False),
    "exactly 30 d": (timedelta(days=30), True),
    "30 d 1 s": (timedelta(days=30, seconds=1), True),
}


def mail(**fields: object) -> OutgoingMail:
    values = {**MAIL, "about_id": uuid7(), "recipient": "erin@example.org", **fields}
    return OutgoingMail.objects.create(**values)


@pytest.mark.parametrize(("age", "gone"), AGES.values(), ids=AGES)
def test_a_mail_is_kept_for_30_days(clock: time_machine.Traveller, age: timedelta, gone: bool) -> None:
    mail()
    clock.shift(age)
    assert purge_expired(now=timezone.now()) == ({"Mail sent to you": 1} if gone else {})
    assert OutgoingMail.objects.exists() != gone


@pytest.mark.parametrize(("age", "gone"), AGES.values(), ids=AGES)
def test_a_click_is_kept_for_30_days(
    clock: time_machine.Traveller, alice: Affiliate, age: timedelta, gone: bool
) -> None:
    factories.click(alice)
    clock.shift(age)
    assert Click.objects.live(timezone.now()).exists() != gone  # unreadable from the same moment, purged or not
    purge_expired(now=timezone.now())
    assert Click.objects.exists() != gone


def test_a_purge_that_runs_again_finds_nothing(clock: time_machine.Traveller) -> None:
    mail()
    clock.shift(timedelta(days=31))
    assert purge_expired(now=timezone.now())
    assert purge_expired(now=timezone.now()) == {}


def test_a_stripped_row_is_stripped_once(clock: time_machine.Traveller, product: Product) -> None:
    order = factories.order(product)
    clock.shift(timedelta(days=7 * 365))
    assert purge_expired(now=timezone.now()) == {"Your orders": 1}
    assert anew(order).is_erased
    assert anew(order).amount_minor == 5995
    assert purge_expired(now=timezone.now()) == {}


def test_a_row_stripped_only_in_part_is_stripped_of_the_rest(clock: time_machine.Traveller, product: Product) -> None:
    order = factories.order(product, name=None)
    clock.shift(timedelta(days=7 * 365))
    purge_expired(now=timezone.now())
    assert anew(order).email is None


def test_more_rows_than_a_batch_are_purged(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(8):
        mail()
    clock.shift(timedelta(days=30))
    assert purge_expired(now=timezone.now()) == {"Mail sent to you": 8}


def test_purge_rests_after_each_full_batch(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, alice: Affiliate
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "SMALLEST_BATCH", 3)
    for _ in range(8):
        factories.click(alice)
    clock.shift(timedelta(days=30))
    assert purge_expired(now=timezone.now()) == {"Your visit through an affiliate's link": 8}
    assert len(rests) == 2
    assert min(rests) > 0


def test_purge_of_clicks_continues_where_it_was_without_sorting_the_rest(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, alice: Affiliate
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "SMALLEST_BATCH", 3)
    for _ in range(8):
        factories.click(alice)
        clock.shift(timedelta(minutes=1))
    clock.shift(timedelta(days=30))
    with CaptureQueriesContext(connection) as queries:
        purge_expired(now=timezone.now())
    reads = [each["sql"] for each in queries if '"affiliates_click"."expires_at" <=' in each["sql"]]
    assert [sql.count('"affiliates_click"."expires_at" >=') for sql in reads] == [0, 1, 1, 1]
    assert all('ORDER BY "affiliates_click"."expires_at" ASC' in sql for sql in reads)


def test_row_without_a_retention_date_is_kept(clock: time_machine.Traveller, alice: Affiliate) -> None:
    Suppression.objects.create(fingerprint="erin@example.org", channel="email")
    clock.shift(timedelta(days=36500))
    purge_expired(now=timezone.now())
    assert anew(alice).payout_email == "alice@example.com"
    assert Suppression.objects.exists()


def test_a_clock_moved_back_brings_nothing_back_and_purges_nothing(clock: time_machine.Traveller) -> None:
    row = mail()
    clock.shift(timedelta(days=-400))
    assert purge_expired(now=timezone.now()) == {}
    assert anew(row).text == "t"


def test_a_request_never_confirmed_is_forgotten_after_seven_days(clock: time_machine.Traveller) -> None:
    week = timezone.now() + timedelta(days=7)
    request = PrivacyRequest.objects.create(email="erin@example.org", kind="access", details="x", keep_until=week)
    clock.shift(timedelta(days=7, seconds=-1))
    assert purge_expired(now=timezone.now()) == {}
    clock.shift(timedelta(seconds=1))
    assert purge_expired(now=timezone.now()) == {"Your privacy requests": 1}
    assert not PrivacyRequest.objects.filter(pk=request.pk).exists()


def test_an_archive_is_gone_after_its_time(clock: time_machine.Traveller) -> None:
    now = timezone.now()
    request = PrivacyRequest.objects.create(email="e@example.org", kind="access", keep_until=now + timedelta(days=730))
    AccessArchive.objects.create(request=request, content=b"x", link_digest="d", expires_at=now + timedelta(days=7))
    clock.shift(timedelta(days=7))
    assert not AccessArchive.objects.live(timezone.now()).exists()
    assert purge_expired(now=timezone.now()) == {"Archives and reports ready for download": 1}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2028-02-29T12:00:00+00:00", "2028-03-30T12:00:00+00:00"),
        ("2027-12-31T23:59:59+00:00", "2028-01-30T23:59:59+00:00"),
    ],
)
def test_thirty_days_are_thirty_days_across_leap_days_and_years(start: str, end: str) -> None:
    row = mail(queued_at=datetime.fromisoformat(start))
    kept = OutgoingMail.objects.exclude(
        Retention(text="", since="queued_at", days=30).expired(datetime.fromisoformat(end))
    )
    assert row not in kept
    before = datetime.fromisoformat(end) - timedelta(microseconds=1)
    assert OutgoingMail.objects.exclude(Retention(text="", since="queued_at", days=30).expired(before)).get() == row


def test_seven_years_of_orders_do_not_take_the_next_ones_along(clock: time_machine.Traveller, product: Product) -> None:
    factories.order(product)
    clock.shift(timedelta(days=7 * 365))
    fresh = factories.order(product)
    purge_expired(now=timezone.now())
    assert Order.objects.get(email__isnull=False) == fresh
