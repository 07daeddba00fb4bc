"""A limit has its slots for each network, address or account, shared by all processes, and forgets whose they were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from privacy.models.limit_slot import LimitSlot
from privacy.web import rate_limits
from privacy.web.rate_limits import DAY, Limit, delete_expired_slots, first_full, has_room, network_of

pytestmark = pytest.mark.django_db


def take(who: str = "203.0.113.0/24", limit: str = "test network") -> bool:
    return has_room(limit, who, slots=3, now=timezone.now())


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM privacy_limits ORDER BY cache_key")
        return str(cursor.fetchall())


def slots_of(table: str) -> set[str]:
    return {part for part in table.split("'") if part.startswith(":1:limit-") and "key" not in part}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (None, "unknown"),
    ],
)
def test_a_network_is_what_one_household_has(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_a_limit_gives_its_slots_and_no_more(clock: time_machine.Traveller) -> None:
    assert [take() for _ in range(4)] == [True, True, True, False]


def test_limits_and_those_they_count_are_independent(clock: time_machine.Traveller) -> None:
    assert [take() for _ in range(4)][-1] is False
    assert take(who="198.51.100.0/24")
    assert take(limit="another limit")


def test_rate_limit_allows_requests_again_in_the_next_hour(clock: time_machine.Traveller) -> None:
    assert [take() for _ in range(4)][-1] is False
    clock.shift(timedelta(hours=1))
    assert take()


def test_the_same_network_has_another_name_in_the_next_hour(clock: time_machine.Traveller) -> None:
    take()
    before = slots_of(stored())
    clock.shift(timedelta(hours=1))
    take()
    after = slots_of(stored())
    assert len(before) == 1
    assert len(after - before) == 1


def test_the_key_of_a_past_hour_is_deleted(clock: time_machine.Traveller) -> None:
    take()
    assert "limit-key" in stored()
    clock.shift(timedelta(hours=1, seconds=1))
    assert delete_expired_slots(now=timezone.now()) == 2
    assert stored() == "[]"


def test_purge_keeps_unexpired_rate_limit_slots(clock: time_machine.Traveller) -> None:
    assert [take() for _ in range(3)] == [True, True, True]
    assert delete_expired_slots(now=timezone.now()) == 0
    assert not take()


def test_a_process_that_knows_the_key_looks_once(
    clock: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    take()
    with django_assert_num_queries(4):  # the look, and the slot in a savepoint
        assert take()


NETWORK, ADDRESS = Limit("test network", "203.0.113.0/24", 3), Limit("test address", "carol@example.org", 2, DAY)


def take_both() -> Limit | None:
    return first_full(NETWORK, ADDRESS, now=timezone.now())


def test_several_limits_each_give_a_slot_and_the_first_full_one_is_named(clock: time_machine.Traveller) -> None:
    assert [take_both() for _ in range(5)] == [None, None, ADDRESS, NETWORK, NETWORK]
    clock.shift(timedelta(hours=1))
    assert take_both() == ADDRESS
    clock.shift(timedelta(days=1))
    assert take_both() is None


def test_several_limits_cost_as_much_as_one(
    clock: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    take_both()
    with django_assert_num_queries(4):
        assert take_both() is None


def test_limit_without_slots_is_full_beside_others(clock: time_machine.Traveller) -> None:
    none = Limit("test nothing", "", 0)
    assert first_full(NETWORK, none, now=timezone.now()) == none


def test_slots_that_another_process_takes_meanwhile_are_not_given_twice(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the writing, another request takes the network's first slot."""
    take_both()
    LimitSlot.objects.exclude(cache_key__contains="key").delete()
    look = rate_limits._look

    def look_and_be_late(*asked: Any) -> Any:
        monkeypatch.setattr(rate_limits, "_look", look)
        found = look(*asked)
        assert take()
        return found

    monkeypatch.setattr(rate_limits, "_look", look_and_be_late)
    assert take_both() is None
    assert [take(), take()] == [True, False]


def test_several_limits_are_counted_by_another_cache_as_well(settings: Settings, clock: time_machine.Traveller) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "limits": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"},
    }
    caches["limits"].clear()
    assert [take_both() for _ in range(3)] == [None, None, ADDRESS]
    assert not LimitSlot.objects.exists()


def test_processes_count_together_after_the_cache_was_emptied(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    take()
    key_from_before = dict(rate_limits._known_keys)
    LimitSlot.objects.all().delete()
    monkeypatch.setattr(rate_limits, "_known_keys", {})  # another process
    assert [take(), take()] == [True, True]
    monkeypatch.setattr(rate_limits, "_known_keys", key_from_before)
    assert [take(), take()] == [True, False]


def test_a_cache_other_than_the_database_counts_as_well(settings: Settings, clock: time_machine.Traveller) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "limits": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"},
    }
    caches["limits"].clear()
    assert [take() for _ in range(4)] == [True, True, True, False]
    assert delete_expired_slots(now=timezone.now()) == 0
