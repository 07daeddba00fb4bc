"""Each kind of process is killed once, and each server restarted once, under people: half a minute of `make chaos`."""

from __future__ import annotations

from random import Random

import pytest

from tests.production.site import Production

from .aftermath import assert_everything_ended_right
from .faults import Faults, kills, restarts
from .people import People

pytestmark = pytest.mark.chaos


def test_everything_ends_right_after_each_process_was_killed_once(
    production: Production, people: People, faults: Faults, random: Random, database: str
) -> None:
    plan = [*kills(database), *restarts(database)]
    random.shuffle(plan)
    with people.busy():
        people.wait_for_more()
        for fault in plan:
            faults.do(fault)
        people.wait_for_more()
    assert_everything_ended_right(production, people, faults)
