from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shop.paypal.client import PayPalClient
from shop.paypal.gateway import Gateway, gateway
from tests.shop.paypal.contract import checked_against_the_files
from tests.shop.paypal.loopback import Loopback, serve
from tests.standin_process import Standin, run_standin

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with serve() as server:
        yield server


@pytest.fixture
def paypal(loopback: Loopback, settings: Settings, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway to the loopback server."""
    settings.PAYPAL_MODE = "standin"
    settings.PAYPAL_BASE_URL = loopback.url
    settings.PAYPAL_CLIENT_ID = "the-client"
    settings.PAYPAL_CLIENT_SECRET = "the-secret"
    settings.PAYPAL_WEBHOOK_ID = "WH1"
    settings.PAYPAL_TRUST_ROOTS = tmp_path / "ca.pem"
    settings.BUSINESS = {"name": "AITpro"}
    found = gateway()
    yield found
    found.client.session.close()


@pytest.fixture
def api(paypal: Gateway) -> PayPalClient:
    return paypal.client


@pytest.fixture(scope="session")
def standin_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with run_standin(tmp_path_factory.mktemp("standin")) as process:
        yield process


@pytest.fixture
def standin(standin_process: Standin) -> Iterator[Standin]:
    yield standin_process
    standin_process.reset()


@pytest.fixture
def standin_gateway(standin: Standin, settings: Settings) -> Iterator[Gateway]:
    settings.PAYPAL_MODE = "standin"
    settings.PAYPAL_BASE_URL = standin.url
    settings.PAYPAL_CLIENT_ID = "standin-client"
    settings.PAYPAL_CLIENT_SECRET = "standin-secret"
    settings.PAYPAL_WEBHOOK_ID = "standin-webhook"
    settings.PAYPAL_TRUST_ROOTS = standin.ca
    settings.BUSINESS = {"name": "AITpro"}
    found = gateway()
    with checked_against_the_files(found.client.session, standin.url):
        yield found
    found.client.session.close()
