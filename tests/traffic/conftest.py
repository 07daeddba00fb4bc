from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from aitpro.traffic.counter import TrafficCounter, traffic_counter

from .name_server import Names, name_server


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[Names, tuple[str, int]]]:
    with name_server() as running:
        yield running


@pytest.fixture
def names(_server: tuple[Names, tuple[str, int]], settings: Settings) -> Names:
    """The names that the network's name server knows: none, until a test adds them."""
    names, settings.TRAFFIC_NAMESERVER = _server
    names.names, names.asked = {}, []
    return names


@pytest.fixture
def counter(settings: Settings, names: Names, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrafficCounter]:
    """Enables traffic counting without the thread, so that tests control lookups and writes."""
    settings.TRAFFIC_COUNTED = True
    traffic_counter.cache_clear()
    counter = traffic_counter()
    monkeypatch.setattr(counter, "run_in_background", lambda: None)
    yield counter
    traffic_counter.cache_clear()


@pytest.fixture
def visitor(counter: TrafficCounter) -> Client:
    """A direct visitor whose address has a host name."""
    return Client(REMOTE_ADDR="8.20.30.40")
