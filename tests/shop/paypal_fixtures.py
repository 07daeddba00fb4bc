"""Fixtures: a PayPal that answers (the stand-in over HTTP) and one that doesn't."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from shop.paypal.gateway import _gateway, gateway
from tests.running_site import free_port
from tests.shop.paypal.contract import checked_against_the_files
from tests.standin_process import Standin, run_standin


@pytest.fixture(scope="session")
def paypal_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with run_standin(tmp_path_factory.mktemp("paypal")) as process:
        yield process


@pytest.fixture
def paypal(paypal_process: Standin, settings: Settings) -> Iterator[Standin]:
    """PayPal's stand-in; the site talks to it, and it talks back only where a test asks for that."""
    settings.PAYPAL_BASE_URL = settings.PAYPAL_APPROVE_ORIGIN = paypal_process.url
    settings.PAYPAL_TRUST_ROOTS = paypal_process.ca
    with checked_against_the_files(gateway().client.session, paypal_process.url):
        yield paypal_process
    settings.PAYPAL_BASE_URL = paypal_process.url
    gateway().client.session.close()
    _gateway.cache_clear()  # with what it remembers of a silent PayPal
    paypal_process.reset()


@pytest.fixture
def paypal_down(settings: Settings) -> Iterator[None]:
    """No server listens at PayPal's address."""
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    yield
    gateway().client.session.close()
