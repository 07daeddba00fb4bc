"""What every test can use: the cast, a frozen clock, and a worker that does the due tasks."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from pytest_django import DjangoDbBlocker, Settings

from privacy.registry import policy_gate
from shop.models import Product

from . import factories
from .cast import alice, bob, erin, grace, staff, vera  # noqa: F401  (fixtures)
from .other_process import environment  # noqa: F401  (a fixture)
from .privacy.audit.guards import _flush_past_the_guards  # noqa: F401  (a fixture that every test uses)
from .worker import run_due_tasks

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that may use the database may use the key store too. Files that take long come first, so that none is left
    running alone at the end; the order is random otherwise."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("exhaustive")}
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None:
            item.add_marker(pytest.mark.django_db(**{"databases": "__all__", **marker.kwargs}), append=False)
        elif {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            transactional = "transactional_db" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.django_db(databases="__all__", transaction=transactional))


def pytest_collection_finish() -> None:
    """Python need not search seven thousand collected tests for garbage again and again."""
    gc.set_threshold(5000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """As in a process that has answered before: what the policy in effect covers is known, and costs no query."""
    with django_db_blocker.unblock():
        policy_gate.look()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Noon on Monday, 2 March 2026, standing still; `clock.shift(…)` and `clock.move_to(…)` move it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def product(db: None) -> Product:
    """BPS Pro at $59.95."""
    return factories.product()


@pytest.fixture
def attacked(db: None, request: pytest.FixtureRequest) -> None:
    """A moment ago the site attacked its promises, and none broke."""
    if "clock" in request.fixturenames:
        request.getfixturevalue("clock")
    factories.attempts()


@pytest.fixture
def work() -> Callable[[], int]:
    """Does every task that is due, as the worker would. Returns how many."""
    return run_due_tasks


@pytest.fixture(autouse=True)
def _mail_in_memory(settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
