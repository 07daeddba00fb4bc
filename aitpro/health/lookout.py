"""Asks whether parts of the site work: within a deadline, and seldom, however often somebody wants to know."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils import timezone

from .deadline import Deadline

logger = logging.getLogger(__name__)

OK, SILENT = "ok", "does not answer in time"


class Works(Protocol):
    def __call__(self, *, now: datetime) -> bool: ...


@dataclass(frozen=True)
class Part:
    """What has to work. Parts that need the same service are asked one after the other, in the same thread. `problem`
    is what is said if it doesn't work, or if asking fails: words for strangers, without values."""

    name: str
    service: str
    works: Works
    problem: str

    def state(self, now: datetime) -> str:
        try:
            return OK if self.works(now=now) else self.problem
        except Exception as error:
            logger.info("health: %s: %s", self.name, type(error).__name__)
            return self.problem


class Lookout:
    """The states of some parts, at most `fresh` seconds old, asked within `seconds`."""

    def __init__(self, parts: Iterable[Part], *, fresh: float = 10, seconds: float = 4) -> None:
        self.parts = tuple(parts)
        self.fresh = fresh
        self._deadline = Deadline(seconds)
        self._one_at_a_time = threading.Lock()
        self._asked_at = 0.0
        self._states: dict[str, str] = {}

    def states(self) -> dict[str, str]:
        """`ok` or a problem in words, by part. While one caller asks, the others get what was known before."""
        if self._states and time.monotonic() - self._asked_at < self.fresh:
            return self._states
        if self._one_at_a_time.acquire(blocking=not self._states):
            try:
                if not self._states or time.monotonic() - self._asked_at >= self.fresh:
                    self._ask()
            finally:
                self._one_at_a_time.release()
        return self._states

    def forget(self) -> None:
        self._states = {}

    def _ask(self) -> None:
        now, states = timezone.now(), {part.name: SILENT for part in self.parts}
        services = {part.service for part in self.parts}

        def ask(service: str) -> None:
            for part in self.parts:
                if part.service == service:
                    states[part.name] = part.state(now)

        self._deadline.run({service: lambda service=service: ask(service) for service in services})  # type: ignore[misc]
        found = dict(states)  # a thread that is late changes the other one
        self._log(found)
        self._states, self._asked_at = found, time.monotonic()

    def _log(self, found: dict[str, str]) -> None:
        """Each change, once."""
        for name, state in found.items():
            if state != self._states.get(name, OK):
                level = logging.INFO if state == OK else logging.WARNING
                logger.log(level, "health: %s: %s", name, state)
