"""A step that asks PayPal about many rows, one after the other: how long it goes on while PayPal is silent.

Each step takes the rows that were asked about longest ago first, and notes that it asked, so that the next step goes on
with the others, whatever became of these.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from privacy.web.bounded_sockets import deadline

from .errors import NotConfigured, PayPalError, Transient

logger = logging.getLogger(__name__)

T = TypeVar("T")

SILENCES = 3  # in a row: PayPal is down, and asking on would only take time
SECONDS = 60  # after which no other row is begun
ROW_SECONDS = 60  # for all calls about one row


class Turn:
    """One step's turn to ask. `was_cut` says whether rows were left for the next one."""

    def __init__(self) -> None:
        self._until = time.monotonic() + SECONDS
        self._silences = 0
        self.was_cut = False

    def take(self, rows: Iterable[T]) -> Iterator[T]:
        """The rows, as far as this turn goes."""
        for row in rows:
            if self._silences >= SILENCES or time.monotonic() >= self._until:
                self.was_cut = True
                logger.warning("PayPal is silent or slow: the rest is asked for in the next round")
                return
            yield row

    @contextmanager
    def ask(self, what: str, *also: type[Exception]) -> Iterator[None]:
        """Asks about one row. Logs a `PayPalError`, or one of the `also`, and goes on: the row is asked for again."""
        definite: tuple[type[Exception], ...] = (PayPalError, *also)
        try:
            with deadline(ROW_SECONDS):
                yield
        except (Transient, NotConfigured) as error:
            self._silences += 1
            logger.warning("%s is still unknown: %s", what, error)
            return
        except definite as error:
            logger.warning("%s is still open: %s", what, error)
        self._silences = 0
