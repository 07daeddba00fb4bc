"""A site that works: housekeeping ran a moment ago. Nothing that was known before a test counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from aitpro.health import parts
from privacy.erasure.heartbeat import record_purge
from privacy.keystore.clock import beat


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time stands still in these tests; a state would stay fresh for ever. A busy machine answers late."""
    for lookout in (parts.readiness, parts.shared_cache):
        lookout.forget()
        monkeypatch.setattr(lookout, "fresh", -1)
        monkeypatch.setattr(lookout._deadline, "seconds", 60)
    yield
    for lookout in (parts.readiness, parts.shared_cache):
        lookout.forget()


@pytest.fixture
def working(transactional_db: None, clock: time_machine.Traveller) -> None:
    beat(now=timezone.now())
    record_purge(now=timezone.now())
