"""Each fault by itself, and then three minutes of kills at random. A full disk is in `tests/site/outages`."""

from __future__ import annotations

import os
import time
from random import Random

import pytest
import requests

from tests.production.site import Production
from tests.running_site import wait_for
from tests.site.outages.visitors import rows

from .aftermath import assert_everything_ended_right, let_an_hour_pass
from .faults import KILLS, KILLS_OF_POSTGRESQL, RESTARTS, RESTARTS_OF_POSTGRESQL, Faults, kills
from .people import People

pytestmark = pytest.mark.chaos
DAY = 86_400  # seconds
SECONDS = 180  # of kills at random


@pytest.mark.parametrize("fault", [*KILLS, *KILLS_OF_POSTGRESQL, *RESTARTS, *RESTARTS_OF_POSTGRESQL])
def test_everything_ends_right_after_one_fault_three_times(
    fault: str, production: Production, people: People, faults: Faults, database: str
) -> None:
    if "postgresql" in fault and database != "postgresql":
        pytest.skip("SQLite has no server")
    with people.busy():
        people.wait_for_more()
        for _ in range(3):
            faults.do(fault)
            time.sleep(2)  # seconds; it starts again after one
        people.wait_for_more()
    assert_everything_ended_right(production, people, faults)


def test_everything_ends_right_after_redis_was_away(production: Production, people: People, faults: Faults) -> None:
    with people.busy():
        production["redis"].stop()
        people.wait_for_more()
        production["redis"].start()
        people.wait_for_more()
    assert_everything_ended_right(production, people, faults)


def test_everything_ends_right_after_the_mail_server_was_away_for_an_hour(
    production: Production, people: People, faults: Faults
) -> None:
    """What is due within the hour is tried, in vain, as often as in a real one: the waits double."""
    production["smtp"].stop()
    with people.busy():
        people.wait_for_more()
    for attempts in range(1, 5):
        fewer = (
            f"SELECT 1 FROM privacy_outgoingmail WHERE state = 'sending' OR state = 'queued' AND attempts < {attempts}"
        )
        wait_for(lambda fewer=fewer: not rows(production, fewer), "an attempt to send each mail", 240)  # type: ignore[misc]
        let_an_hour_pass(production)
    assert rows(production, "SELECT 1 FROM privacy_outgoingmail WHERE state = 'queued'")
    production["smtp"].start()
    assert_everything_ended_right(production, people, faults)


def test_everything_ends_right_after_paypal_was_away_for_a_day(
    production: Production, people: People, faults: Faults
) -> None:
    """Buyers are away in the middle of paying, others order meanwhile. At PayPal, what was begun is over by then."""
    with people.busy():
        people.wait_for_more()
        production["paypal"].stop()
        thanked, unpaid = len(people.thanked), "SELECT 1 FROM shop_payment WHERE state = 'new'"
        wait_for(lambda: rows(production, unpaid), "an order without PayPal", 240)
        wait_for(lambda: len(people.thanked) > thanked + 2, "messages meanwhile", 240)
    production["paypal"].start()
    requests.post(f"{production.standin_url}/standin/clock", json={"seconds": DAY}, timeout=60).raise_for_status()
    assert_everything_ended_right(production, people, faults)


def test_everything_ends_right_after_three_minutes_of_kills(
    production: Production, people: People, faults: Faults, random: Random, database: str
) -> None:
    seconds = float(os.environ.get("CHAOS_SECONDS", SECONDS))
    with people.busy():
        people.wait_for_more()
        faults.at_random(random, kills(database), seconds)
        people.wait_for_more()
    assert_everything_ended_right(production, people, faults)
