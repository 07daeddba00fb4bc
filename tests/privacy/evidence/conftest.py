"""A site on which every promise is kept: each kind of row exists, the purge ran a moment ago, and
outsiders tried in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from contacts.inquiries.workflow import receive_inquiry
from contacts.models import Inquiry
from privacy.erasure.heartbeat import record_purge
from privacy.evidence.measurement import findings
from shop.models import Product
from tests import factories

Broken = Callable[[], set[str]]


@pytest.fixture(autouse=True)
def _an_empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def kept(clock: time_machine.Traveller, product: Product, client: Client, work: Callable[[], int]) -> Inquiry:
    """Dave asked a question with his number and address, and got a confirmation; Carol bought; the purge ran; an attack
    found nothing."""
    record_purge(now=timezone.now())
    factories.attempts()
    factories.order(product)
    asked: Inquiry = receive_inquiry(
        inquiry=Inquiry(
            name="Dave", email="dave@example.org", message="Hello?", phone="+1 805 555 0100", address="1 Main St"
        ),
        held=False,
    )
    work()
    return asked


@pytest.fixture
def broken() -> Broken:
    """The ids of the promises that are broken now, all measured anew."""
    return lambda: {finding.promise.id for finding in findings(now=timezone.now()) if finding.is_broken}
