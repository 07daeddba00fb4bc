"""An endpoint of Alice's, and the server that it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from affiliates.endpoints.managing import add_endpoint
from affiliates.models import CHOSEN, Affiliate, Endpoint
from tests.production.certificates import issue

from .receiver import NAME, Internet, Receiver, internet


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("receiver")
    issue(folder, NAME)
    return folder


@pytest.fixture
def net(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with internet(certificate, monkeypatch) as found:
        yield found


@pytest.fixture
def server(net: Internet) -> Receiver:
    return net.receiver


@pytest.fixture
def endpoint(alice: Affiliate) -> Endpoint:
    return add_endpoint(affiliate=alice, url=f"https://{NAME}/sales?from=site", kinds=CHOSEN)
