"""One running shop for all tests of this folder: each test has buyers of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.paypal_standin.receiver import Receiver
from tests.shop.processes.shop_site import ShopSite, running_shop


@pytest.fixture(scope="session")
def whole_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopSite]:
    with running_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture(scope="session")
def paypal_messages() -> Iterator[Receiver]:
    """Where PayPal's messages go, so that a test decides when and how often the shop gets them."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def shop(whole_shop: ShopSite, paypal_messages: Receiver) -> Iterator[ShopSite]:
    whole_shop.paypal("POST", "webhook-url", url=paypal_messages.url)
    yield whole_shop
    whole_shop.paypal("DELETE", "faults")
