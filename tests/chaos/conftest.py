"""The production set with its people, once for the tests of a module."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

import pytest

from tests.production.site import Production

from .faults import Faults
from .people import People

UNLIMITED = ("MAIL_LIMIT_PER_FORM", "MAIL_LIMIT_PER_NETWORK", "ORDER_LIMIT_PER_NETWORK", "HELD_LIMIT_PER_NETWORK")


@pytest.fixture(scope="module")
def database() -> str:
    return "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"


@pytest.fixture(scope="module")
def production(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """All of its people come from one network."""
    folder = tmp_path_factory.mktemp("production")
    it = Production(folder, database=database, housekeeping_every=3, requests_per_second=1000)
    for part in it.parts.values():
        part.environment |= dict.fromkeys(UNLIMITED, "100000")
    with it.running():
        yield it


@pytest.fixture(scope="module")
def random() -> Random:
    """The same plan again: `CHAOS_SEED=…`."""
    seed = os.environ.get("CHAOS_SEED") or str(Random().randrange(10**6))
    print(f"CHAOS_SEED={seed}")
    return Random(seed)


@pytest.fixture(scope="module")
def people(production: Production, random: Random) -> People:
    return People(production, random)


@pytest.fixture(scope="module")
def faults(production: Production) -> Faults:
    return Faults(production)
