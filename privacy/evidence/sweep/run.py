"""One sweep: what each part looks at, within its time, and what it found.

An app adds parts of its own in a module `sweeps`, found the way Django finds `admin.py`.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module

from django.db import connections
from django.utils.module_loading import autodiscover_modules

from privacy.encryption.validators import has_card_number
from privacy.evidence.rehearsal.report import FoundBreach, RehearsalReport
from privacy.registry.purpose_binding import acts_for

from .required_promises import SWEPT
from .samples import is_bound, sealed_fields, values_of, words_of
from .word_search import Word, Words

logger = logging.getLogger(__name__)

SECONDS = 240  # a limit for very large sites, not what a sweep takes (`make bench`)
STORES = ("columns", "caches", "files", "mails")  # the columns first: what everybody may read there tells of nobody


@dataclass(frozen=True)
class SweepPart:
    """`share` of the time, against those of the other parts. Red for `promises` if it fails."""

    name: str
    promises: tuple[str, ...]
    share: int
    run: Callable[[Sweep], None]


_parts: list[SweepPart] = []


def part(*promises: str, share: int = 1) -> Callable[[Callable[[Sweep], None]], Callable[[Sweep], None]]:
    """Declares a function as a part of every sweep. Raises `ValueError` for a promise that `covered` lacks."""
    if unknown := {*promises} - {*SWEPT}:
        raise ValueError(f"a sweep does not cover {', '.join(sorted(unknown))}")

    def declare(function: Callable[[Sweep], None]) -> Callable[[Sweep], None]:
        _parts.append(SweepPart(f"{function.__module__}.{function.__name__}", promises, share, function))
        return function

    return declare


class Sweep:
    """What a part is given: the words to look for, how long it may take, and where to say what it found."""

    def __init__(self) -> None:
        self.report, self.words = RehearsalReport(), Words([])
        self._part: SweepPart | None = None
        self._ends = 0.0

    @property
    def has_time(self) -> bool:
        """For the running part. One that has none left still looks a little at each thing, and says what it left."""
        return time.monotonic() < self._ends

    def searched(self, promise: str, count: int = 1) -> None:
        if self._part:
            self.report.count_searches(promise, self._part.name, count)

    def breach(self, promise: str, place: str) -> None:
        """Says that a promise is broken. `place` never holds a value."""
        self.report.breaches.add(FoundBreach(promise, place))

    def not_tried(self, place: str, *promises: str) -> None:
        """Says that something that should be there could not be searched."""
        for promise in promises or (self._part.promises if self._part else ()):
            self.report.breaches.add(FoundBreach(promise, place, tried=False))

    def left(self, place: str) -> None:
        """Says what was not reached, or is out of reach: not a breach, but nobody is to believe it was searched."""
        if place not in self.report.unreached:
            self.report.unreached.append(place)

    def run(self, each: SweepPart, *, seconds: float) -> None:
        """One that crashes is red for its promises, and the others go on."""
        self._part, self._ends = each, time.monotonic() + seconds
        try:
            each.run(self)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.not_tried(f"{each.name} failed: {type(error).__name__} in {where.name}")
            logger.exception("%s failed", each.name)
        finally:
            self._part = None


@part("encrypted", "paypal-only")
def sealed_values_open_here_alone(sweep: Sweep) -> None:
    """Takes the sample that the other parts look for. What is sealed holds no card's number either."""
    fields = sealed_fields()
    words: list[Word] = []
    for field in fields:
        if is_bound(field):
            sweep.left(f"{field.place}: it opens for its own purpose alone")
    for field, value in values_of(fields):
        sweep.searched("paypal-only")
        words += words_of(field, value)
        if isinstance(value, str) and has_card_number(value):
            sweep.breach("paypal-only", f"{field.place} holds what looks like the number of a card")
    sweep.words = Words(words)
    sweep.searched("encrypted", len(sweep.words))


def all_parts() -> list[SweepPart]:
    """In the order in which they run: the sample, the stores, and what the apps add."""
    for store in STORES:
        import_module(f"{__package__}.{store}")
    autodiscover_modules("sweeps")
    return _parts


@acts_for(upkeep=True)
def sweep(*, seconds: float = SECONDS) -> RehearsalReport:
    """Searches the live stores for as long as it may. Writes nothing, and never raises for what a part did."""
    found, parts = Sweep(), all_parts()
    end = time.monotonic() + seconds
    with read_only():
        for number, each in enumerate(parts):
            shares = sum(other.share for other in parts[number:])
            found.run(each, seconds=(end - time.monotonic()) * each.share / shares)
    return found.report


@contextmanager
def read_only() -> Iterator[None]:
    """Every database refuses what would write, whatever runs."""
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(_read_only(alias))
        yield


@contextmanager
def _read_only(alias: str) -> Iterator[None]:
    connection = connections[alias]
    begin, end = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)
