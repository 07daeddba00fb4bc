"""One stand-in for all tests; a test that restarts or breaks one gets its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .api import Api
from .receiver import Receiver
from .standin_program import Standin


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """The shop's webhook address."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Standin]:
    """The running stand-in, sending its webhooks to `receiver`."""
    standin = Standin(tmp_path_factory.mktemp("standin") / "data", receiver.url).start()
    yield standin
    standin.stop()


@pytest.fixture
def api(standin: Standin) -> Iterator[Api]:
    """A signed-in client of it."""
    api = Api(standin)
    yield api
    api.tidy()


@pytest.fixture
def own_standin(tmp_path: Path) -> Iterator[Standin]:
    """One that is not started yet."""
    standin = Standin(tmp_path / "data")
    yield standin
    standin.stop()
