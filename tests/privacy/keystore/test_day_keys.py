"""A day's key: made once, destroyed when its 30 days are over, and never made again."""

from __future__ import annotations

import gc
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connections, transaction
from django.test import Client
from pytest_django import Settings

from affiliates.models import Affiliate, Click
from privacy.encryption.keys import RootKey
from privacy.encryption.sealing import Place, SealBroken, fleeting_cipher
from privacy.keystore import fields
from privacy.keystore.day_keys import (
    DayKeyExpired,
    KeyDestroyed,
    check_key_store,
    destroy_due_keys,
    key_of,
    key_with_id,
    left_under_older_keys,
    one_use,
    rewrap,
)
from privacy.keystore.models import DayKey
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from tests import factories

TODAY = date(2026, 3, 2)  # the day of the frozen clock
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def click(alice: Affiliate) -> Click:
    return factories.click(alice)


def stored(click: Click) -> Click:
    """The row as the database has it, expired or not."""
    row: Click = Click._base_manager.get(pk=click.pk)
    return row


def address_of(click: Click) -> str | None:
    with acting_for(Purpose.REFERRAL_TRACKING):
        address: str | None = stored(click).address
    return address


def test_a_day_has_one_key() -> None:
    assert key_of(TODAY, now=now()) == key_of(TODAY, now=now())
    assert key_of(TODAY, now=now()).id == bytes(DayKey.objects.get().key_id)


def test_two_days_have_two_keys() -> None:
    assert key_of(TODAY, now=now()) != key_of(TODAY - timedelta(days=1), now=now())


def test_the_key_is_not_stored_in_clear() -> None:
    key = key_of(TODAY, now=now())
    assert key.secret not in bytes(DayKey.objects.get().wrapped or b"")


def test_the_address_of_a_click_is_sealed_with_the_key_of_its_day(click: Click) -> None:
    sealed = Click._base_manager.filter(pk=click.pk).values_list("address", flat=True).get()
    assert sealed is not None
    assert bytes(sealed)[1:5] == bytes(DayKey.objects.get(day=TODAY).key_id)
    assert address_of(click) == "203.0.113.77"


@pytest.mark.parametrize(
    ("after", "readable"),
    [
        (timedelta(days=29, hours=11, minutes=59), True),  # 1 April, 23:59
        (timedelta(days=29, hours=12), False),  # the 30th day after the click's has begun
        (timedelta(days=30, seconds=1), False),
    ],
)
def test_an_address_is_readable_until_the_thirtieth_day_begins(
    click: Click, clock: time_machine.Traveller, after: timedelta, readable: bool
) -> None:
    clock.shift(after)  # nothing else runs: no purge, no destruction
    with acting_for(Purpose.REFERRAL_TRACKING):
        assert (stored(click).readable_address() is not None) is readable


def test_a_destroyed_key_is_gone_from_the_store(click: Click, clock: time_machine.Traveller) -> None:
    key_id = bytes(DayKey.objects.get().key_id)
    clock.shift(timedelta(days=30))
    assert destroy_due_keys(now=now()) == 1
    row = DayKey.objects.get()
    assert (row.wrapped, row.destroyed_at) == (None, now())
    with pytest.raises(KeyDestroyed, match=key_id.hex()):
        key_with_id(key_id, now=now())


def test_value_of_a_destroyed_day_key_stays_unreadable_when_the_clock_is_set_back(
    click: Click, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=30))
    destroy_due_keys(now=now())
    clock.shift(timedelta(days=-30))
    with pytest.raises(KeyDestroyed):
        address_of(click)


def test_no_key_is_made_again_when_the_clock_is_set_back(click: Click, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=30))
    destroy_due_keys(now=now())
    clock.shift(timedelta(days=-30))
    for day in (TODAY, TODAY - timedelta(days=3)):  # the day itself, and one that never had a key
        with pytest.raises(DayKeyExpired):
            key_of(day, now=now())


def test_a_visitor_on_a_fenced_day_gets_the_cookie_and_leaves_no_row(
    client: Client, click: Click, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=30))
    destroy_due_keys(now=now())
    clock.shift(timedelta(days=-30))
    Click._base_manager.all().delete()
    client.get("/go/DEMO/")
    assert "aitpro_referral" in client.cookies
    assert not Click._base_manager.exists()
    assert client.get("/privacy/referral/").context["request"].referral.affiliate is not None


def test_destroying_leaves_the_other_days_alone(alice: Affiliate, clock: time_machine.Traveller) -> None:
    factories.click(alice)
    clock.shift(timedelta(days=1))
    later = factories.click(alice)
    clock.shift(timedelta(days=29))
    assert destroy_due_keys(now=now()) == 1
    assert address_of(later) == "203.0.113.77"


def test_destroying_twice_changes_nothing_more(click: Click, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=31))
    assert destroy_due_keys(now=now()) == 1
    assert destroy_due_keys(now=now()) == 0


def test_housekeeping_destroys_keys_that_are_due(click: Click, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=30))
    call_command("housekeeping")
    assert DayKey.objects.get(day=TODAY).wrapped is None


def test_the_leap_day_counts(clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2028, 2, 1, 12, tzinfo=UTC))
    key = key_of(date(2028, 2, 1), now=now())
    clock.move_to(datetime(2028, 3, 1, 23, 59, tzinfo=UTC))  # 29 days on, across 29 February
    assert key_with_id(key.id, now=now()) == key
    clock.move_to(datetime(2028, 3, 2, 0, 0, tzinfo=UTC))
    with pytest.raises(KeyDestroyed):
        key_with_id(key.id, now=now())


@pytest.mark.parametrize("action", ["put back", "delete"])
def test_the_database_keeps_the_fence(click: Click, clock: time_machine.Traveller, action: str) -> None:
    clock.shift(timedelta(days=30))
    destroy_due_keys(now=now())
    with pytest.raises(IntegrityError), transaction.atomic(using="keystore"):
        if action == "delete":
            DayKey.objects.all().delete()
        else:
            DayKey.objects.update(wrapped=b"a copy", destroyed_at=None)


def test_a_damaged_store_says_which_day_is_damaged(click: Click) -> None:
    with connections["keystore"].cursor() as cursor:
        cursor.execute("UPDATE keystore_daykey SET wrapped = %s", [b"\x01damaged" + b"x" * 40])
    with pytest.raises((SealBroken, LookupError)) as caught:
        check_key_store()
    assert TODAY.isoformat().encode().hex() in str(caught.value) + "".join(getattr(caught.value, "__notes__", []))


def test_key_destroyed_by_another_process_opens_nothing_in_this_one(click: Click) -> None:
    """The clock stands still: nothing but the store says that it is gone."""
    assert address_of(click) == "203.0.113.77"
    DayKey.objects.update(wrapped=None, destroyed_at=now())
    with pytest.raises(KeyDestroyed):
        address_of(click)
    with pytest.raises(DayKeyExpired):
        key_of(TODAY, now=now())


def test_no_day_key_stays_in_the_memory_of_a_process(client: Client, click: Click) -> None:
    client.get("/go/DEMO/")
    assert address_of(click) == "203.0.113.77"
    key_id = bytes(DayKey.objects.get().key_id)
    gc.collect()
    kept = [thing for thing in gc.get_objects() if type(thing) is RootKey and thing.id == key_id]
    assert not [type(holder) for thing in kept for holder in gc.get_referrers(thing) if holder is not kept]


def test_day_keys_are_rewrapped_once_with_a_new_root_key(click: Click, settings: Settings) -> None:
    before = key_of(TODAY, now=now())
    assert (left_under_older_keys(), rewrap()) == (0, 0)
    settings.ENCRYPTION_KEYS = f"{RootKey(b'next', b'n' * 32).written_out()},{settings.ENCRYPTION_KEYS}"
    assert left_under_older_keys() == 1
    assert (rewrap(), rewrap(), left_under_older_keys()) == (1, 0, 0)
    settings.ENCRYPTION_KEYS = RootKey(b"next", b"n" * 32).written_out()
    assert key_of(TODAY, now=now()) == before
    assert address_of(click) == "203.0.113.77"


def test_many_rows_of_a_day_are_one_use_of_its_key(
    alice: Affiliate, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        factories.click(alice)
    clicks, derived = list(Click.objects.all()), []

    def deriving(root: RootKey, place: Place) -> Any:
        derived.append(root.id)
        return fleeting_cipher(root, place)

    monkeypatch.setattr(fields, "fleeting_cipher", deriving)
    one_query = django_assert_num_queries(1, connection=connections["keystore"])
    with acting_for(Purpose.REFERRAL_TRACKING), one_query, one_use():
        assert {click.readable_address() for click in clicks} == {"203.0.113.77"}
    assert len(derived) == 1


def test_key_destroyed_after_a_use_is_gone_for_the_next(alice: Affiliate, clock: time_machine.Traveller) -> None:
    click = Click.objects.get(pk=factories.click(alice).pk)
    with acting_for(Purpose.REFERRAL_TRACKING):
        with one_use():
            assert click.readable_address()
        clock.shift(timedelta(days=31))
        destroy_due_keys(now=now())
        with one_use():
            assert click.readable_address() is None
