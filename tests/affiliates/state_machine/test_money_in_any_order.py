"""Buyers, affiliates, staff, PayPal and time do whatever they do, at random: the money is right after each step.

A failure prints the steps that led to it. `make chaos` runs more and longer ones, as many as `MONEY_EXAMPLES` says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shop.paypal.gateway import gateway
from tests.samples import WHOLE
from tests.standin_process import Standin

from .rules import MoneyInAnyOrder
from .world import World

EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "200" if WHOLE else "8"))
STEPS = 50 if WHOLE else 20
REACHED = {
    "sent to PayPal",
    "paid manually",
    "left out at the approval",
    "left out at the first sending",
    "a paid payout taken back",
}


@pytest.mark.slow
@pytest.mark.django_db(databases="__all__")
def test_money_is_right_in_any_order_of_events(unchecked_paypal: Standin, limits: None) -> None:
    worlds: list[World] = []

    def make_world() -> World:
        unchecked_paypal.reset()
        travels.append(time_machine.travel(timezone.now(), tick=True))
        worlds.append(World(unchecked_paypal, travels[-1].start()))
        return worlds[-1]

    travels: list[Any] = []

    class Machine(MoneyInAnyOrder):
        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                travels.pop().stop()

    Machine.make_world = staticmethod(make_world)
    run_state_machine_as_test(Machine, settings=_bounded())
    _assert_useful(worlds)


def _assert_useful(worlds: list[World]) -> None:
    """At least half of the examples got as far as money that leaves, and the rest was there too."""
    assert 2 * sum("sent to PayPal" in world.seen for world in worlds) >= len(worlds)
    assert set().union(*(world.seen for world in worlds)) >= REACHED


def _bounded() -> settings:
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not WHOLE,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def unchecked_paypal(paypal_process: Standin, settings: Any) -> Iterator[Standin]:
    """What it answers is compared with PayPal's files in other tests: here that would take half of the time."""
    settings.PAYPAL_BASE_URL = settings.PAYPAL_APPROVE_ORIGIN = paypal_process.url
    settings.PAYPAL_TRUST_ROOTS = paypal_process.ca
    yield paypal_process
    gateway().client.session.close()
    paypal_process.reset()


@pytest.fixture
def limits(settings: Any) -> None:
    settings.AFFILIATE_MINIMUM_PAYOUT_CENTS = 1000
    settings.ORDER_LIMIT_PER_NETWORK = settings.ORDER_LIMIT_PER_ADDRESS = 10_000
