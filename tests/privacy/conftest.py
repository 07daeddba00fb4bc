"""Two people about whom everything is kept, and a registry that forgets what a test declares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from affiliates.models import Affiliate
from privacy.registry import declarations
from shop.models import Product

from .world import everything_about

ERIN, FRANK = "Erin@example.org", "frank@example.net"


@pytest.fixture
def erin_and_frank(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    everything_about(ERIN, name="erin", product=product, brought_by=alice)
    everything_about(FRANK, name="frank", product=product, brought_by=alice)


@pytest.fixture
def registry_of_its_own() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    personal, not_personal = dict(declarations._personal), dict(declarations._not_personal)
    yield
    for kept, before in ((declarations._personal, personal), (declarations._not_personal, not_personal)):
        kept.clear()
        kept.update(before)  # type: ignore[arg-type]
