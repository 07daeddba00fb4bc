"""What the process writes to its error output."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest


@pytest.fixture
def log() -> Iterator[StringIO]:
    """From now on."""
    handler = next(each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    stream = StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)
