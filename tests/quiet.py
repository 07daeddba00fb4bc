"""Silence for tests that cause thousands of log lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_logs(level: int = logging.CRITICAL) -> Iterator[None]:
    """Disables logging up to `level`. Enabled again also after an error, for the tests that read the log later."""
    logging.disable(level)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
